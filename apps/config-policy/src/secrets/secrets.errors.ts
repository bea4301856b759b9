import type { ProblemTable } from '@opendls/http';
import { AppError } from '@opendls/logging';

export type SecretErrorCode = 'secret-not-found' | 'secret-name-invalid';

/** A secret could not be stored or removed. */
export class SecretError extends AppError<SecretErrorCode> {
  constructor(code: SecretErrorCode, message: string) {
    super(code, message, { logLevel: 'info' });
  }
}

export const SECRET_PROBLEMS: ProblemTable<SecretErrorCode> = {
  'secret-not-found': { status: 404, title: 'There is no such secret' },
  'secret-name-invalid': { status: 400, title: 'This cannot be the name of a secret' },
};
