import type { ProblemTable } from '@opendls/http';
import { AppError } from '@opendls/logging';

export type SecurityErrorCode =
  | 'secure-mode-not-configured'
  | 'secure-mode-under-way'
  | 'secure-mode-reached'
  | 'certificate-not-found'
  | 'roll-out-not-found';

/** Secure Mode cannot be asked for, or something of it is not there. */
export class SecurityError extends AppError<SecurityErrorCode> {
  constructor(code: SecurityErrorCode, message: string) {
    super(code, message, { logLevel: 'info' });
  }
}

export const SECURITY_PROBLEMS: ProblemTable<SecurityErrorCode> = {
  'secure-mode-not-configured': { status: 409, title: 'There is no certificate authority for phones' },
  'secure-mode-under-way': { status: 409, title: 'The phone is on its way to Secure Mode' },
  'secure-mode-reached': { status: 409, title: 'The phone is in Secure Mode' },
  'certificate-not-found': { status: 404, title: 'The phone has no such certificate' },
  'roll-out-not-found': { status: 404, title: 'There is no such roll-out' },
};
