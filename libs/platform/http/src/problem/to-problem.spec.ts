import { ConflictException, ImATeapotException } from '@nestjs/common';
import { HttpProblem } from './http-problem.js';
import { toProblem } from './to-problem.js';

describe('toProblem', () => {
  const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

  it.each([
    ['a problem', new HttpProblem(418, 'teapot', 'Teapot'), 418, 'teapot'],
    ['a refused connection', withCode('ECONNREFUSED'), 503, 'database-unavailable'],
    ['a stopping server', { driverError: withCode('57P01') }, 503, 'database-unavailable'],
    ['a lost connection', new Error('Connection terminated unexpectedly'), 503, 'database-unavailable'],
    ['a wrapped one', new Error('reading failed', { cause: withCode('08006') }), 503, 'database-unavailable'],
    ['a constraint', withCode('23505'), 500, 'internal-error'],
    ['something retriable', Object.assign(new Error('bus'), { retriable: true }), 503, 'temporarily-unavailable'],
    ['an exception of the framework', new ConflictException('taken'), 409, 'conflict'],
    ['one without a code of ours', new ImATeapotException(), 418, 'request-rejected'],
    ['a text', 'thrown text', 500, 'internal-error'],
    ['nothing', undefined, 500, 'internal-error'],
  ])('answers %s', (_title, error, status, code) => {
    expect(toProblem(error)).toMatchObject({ status, code });
  });

  it('prefers the tables of the services', () => {
    const table = { 'device-not-found': { status: 404, title: 'There is no such device' } };
    expect(toProblem(withCode('device-not-found'), table)).toMatchObject({ status: 404, code: 'device-not-found' });
    expect(toProblem(withCode('toString'), table).status).toBe(500);
  });
});
