import type { FailedLogons } from './logon-limits.js';

/** An item of a profile, its secrets opened for the decision. */
export interface ProfileValue {
  readonly name: string;
  readonly index?: number;
  readonly value: string;
  readonly secret: boolean;
}

/** A mobile user as decisions need it. */
export interface MobileUser {
  readonly e164: string;
  readonly isEnabled: boolean;
  readonly revision: number;
  readonly profile: readonly ProfileValue[];
  /** Changed by decisions and stored afterwards. */
  loggedOnDeviceId: string | null;
  loggedOnAt: Date | null;
  isLogoffRequested: boolean;
  failures: FailedLogons;
}

/** One piece of user data; `value` is what the phone sent, unchanged. */
export interface UserDataValue {
  readonly name: string;
  /** Absent: the phone gave none. */
  readonly index?: number;
  readonly value: string;
}

/** How the password that came with a logon compares. */
export type PasswordCheck = 'right' | 'wrong' | 'not-checked';

/** Name of a profile where policies are named. */
export function profileName(e164: string): string {
  return `mobile-user/${e164}`;
}
