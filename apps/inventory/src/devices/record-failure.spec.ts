import { classifyFailure } from './record-failure.js';

function queryFailed(code: string): Error {
  return Object.assign(new Error('query failed'), { driverError: Object.assign(new Error('inner'), { code }) });
}

describe('classifyFailure', () => {
  it.each([
    ['a text that PostgreSQL cannot hold', queryFailed('22021'), 'poison'],
    ['a violated check', queryFailed('23514'), 'poison'],
    ['a row that is too large', queryFailed('54000'), 'poison'],
    ['a defect of this program', new TypeError('x is undefined'), 'poison'],
    ['a deadlock', queryFailed('40P01'), 'conflict'],
    ['a row that another writer inserted', queryFailed('23505'), 'conflict'],
    ['a device that was removed in between', queryFailed('23503'), 'conflict'],
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'unavailable'],
    ['a broken pipe', Object.assign(new Error('x'), { code: 'EPIPE' }), 'unavailable'],
    ['a server that shuts down', queryFailed('57P01'), 'unavailable'],
    ['a full disk', queryFailed('53100'), 'unavailable'],
    ['a missing migration', queryFailed('42P01'), 'unavailable'],
    ['a lost connection without a code', new Error('Connection terminated unexpectedly'), 'unavailable'],
    ['a wrapped failure', new Error('outer', { cause: queryFailed('22P05') }), 'poison'],
  ])('calls %s by its name', (_title, error, failure) => {
    expect(classifyFailure(error)).toBe(failure);
  });
});
