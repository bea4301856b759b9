import { AppError } from '@opendls/logging';
import { asConstraintViolation, translateDatabaseError } from './database-errors.js';

function aDriverError(code: string | undefined, message = 'failed'): Error {
  return Object.assign(new Error(message), { code });
}

describe('translateDatabaseError', () => {
  it.each([
    ['40001', 'database-conflict', true],
    ['40P01', 'database-conflict', true],
    ['57014', 'database-timeout', true],
    ['55P03', 'database-timeout', true],
    ['57P01', 'database-unavailable', true],
    ['08006', 'database-unavailable', true],
    ['53300', 'database-unavailable', true],
    ['ECONNRESET', 'database-unavailable', true],
    ['25006', 'database-unavailable', true],
    ['58030', 'database-unavailable', true],
    ['42703', 'database-query-failed', false],
    ['22P02', 'database-query-failed', false],
  ])('takes %s for %s', (code, expected, retriable) => {
    const wrapped = Object.assign(new Error('wrapped'), { driverError: aDriverError(code) });
    expect(translateDatabaseError(wrapped)).toMatchObject({ code: expected, retriable, cause: wrapped });
  });

  it("knows the driver's own errors, which have no code", () => {
    expect(translateDatabaseError(aDriverError(undefined, 'Connection terminated unexpectedly'))).toMatchObject({
      code: 'database-unavailable',
    });
  });

  it('keeps the values of the statement out of its message', () => {
    const error = translateDatabaseError(aDriverError('22P02', 'invalid input syntax for type integer: "secret"'));
    expect((error as Error).message).not.toContain('secret');
  });

  it.each([new AppError('device-unknown', 'no such device'), new TypeError('a bug'), 'text', undefined])(
    'leaves %s alone',
    (error) => {
      expect(translateDatabaseError(error)).toBe(error);
    },
  );
});

describe('asConstraintViolation', () => {
  it('is undefined for everything that is no broken rule', () => {
    expect(asConstraintViolation(aDriverError('40001'))).toBeUndefined();
    expect(asConstraintViolation(undefined)).toBeUndefined();
  });
});
