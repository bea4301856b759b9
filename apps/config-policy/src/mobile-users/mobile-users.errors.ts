import type { ProblemTable } from '@opendls/http';
import { AppError } from '@opendls/logging';
import type { ProfileProblem } from './domain/check-profile.js';

export type MobileUserErrorCode =
  | 'mobile-user-not-found'
  | 'mobile-user-invalid'
  | 'mobile-user-changed-meanwhile'
  | 'mobile-user-password-missing'
  | 'mobile-user-not-logged-on';

/** A mobile user could not be stored, found, removed or logged off. */
export class MobileUserError extends AppError<MobileUserErrorCode> {
  constructor(
    code: MobileUserErrorCode,
    message: string,
    readonly problems: readonly ProfileProblem[] = [],
  ) {
    super(code, message, { logLevel: 'info' });
  }
}

export const MOBILE_USER_PROBLEMS: ProblemTable<MobileUserErrorCode> = {
  'mobile-user-not-found': { status: 404, title: 'There is no mobile user with this number' },
  'mobile-user-invalid': { status: 400, title: 'The profile of the mobile user is not valid' },
  'mobile-user-changed-meanwhile': { status: 412, title: 'The mobile user is not the revision that If-Match names' },
  'mobile-user-password-missing': { status: 400, title: 'A new mobile user needs a password' },
  'mobile-user-not-logged-on': { status: 409, title: 'The mobile user is logged on at no phone' },
};
