import type { MobileUser, UserDataValue } from './mobile-user.js';
import type { Refusal } from './mobility-state.js';

export type LogonOutcome = 'accepted' | Refusal;
export type LogoffKind = 'by-user' | 'missed' | 'forced';

/** Where and who, for the log; never a password. */
export interface Occasion {
  readonly deviceId: string;
  readonly e164: string;
}

/** A file of a user in chunks, all of them. */
export interface SavedUserData {
  readonly e164: string;
  readonly name: string;
  readonly values: readonly UserDataValue[];
}

/** User data of one item: more is no phone's. */
const MAX_ITEM_CHARACTERS = 500_000;
const MAX_CHUNKS = 1_000;

/** What decisions of one transaction changed, to be stored, counted and told once they hold. */
export class MobilityChanges {
  readonly users = new Set<MobileUser>();
  /** Phones whose user has gone to another one. */
  readonly displaced = new Set<string>();
  readonly saved: SavedUserData[] = [];
  readonly logons: (Occasion & { readonly outcome: LogonOutcome })[] = [];
  readonly logoffs: (Occasion & { readonly kind: LogoffKind })[] = [];
  dropped = 0;

  change(user: MobileUser, change: Partial<MobileUser>): void {
    Object.assign(user, change);
    this.users.add(user);
  }

  /** Replaces all of an item, or nothing: half a file is worse than an old one. */
  saveUserData(e164: string, name: string, values: readonly (UserDataValue | undefined)[]): void {
    if (values.length === 0) return;
    const chunks = new Map(values.flatMap((one) => (one === undefined ? [] : [[one.index ?? null, one] as const])));
    const characters = [...chunks.values()].reduce((sum, { value }) => sum + value.length, 0);
    if (chunks.size < values.length || chunks.size > MAX_CHUNKS || characters > MAX_ITEM_CHARACTERS) {
      this.dropped += 1;
      return;
    }
    this.saved.push({ e164, name, values: [...chunks.values()] });
  }

  countLogon(outcome: LogonOutcome, occasion: Occasion): void {
    this.logons.push({ ...occasion, outcome });
  }

  countLogoff(kind: LogoffKind, occasion: Occasion): void {
    this.logoffs.push({ ...occasion, kind });
  }
}
