import { open, type PasswordHasher, type SealingKeys } from '@opendls/crypto';
import { sealContext, type AnyEvent, type ContactOpened } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import type { PasswordCheck } from './domain/mobile-user.js';
import type { MobileUserEntity } from './mobile-user.entity.js';
import type { MobileUsersStore } from './mobile-users.store.js';
import { passwordBinding } from './sealed-parts.js';

/** Checks that were made and not used: of events that were handled before. */
const MAX_KEPT = 5_000;

interface Check {
  /** The stored password it was made with. */
  readonly stored: string | undefined;
  readonly isRight: boolean;
}

/**
 * Checks the passwords of logons before the transaction that decides about them: a check takes long on purpose, and no row shall
 * be locked meanwhile. Which checks count (time-outs after wrong passwords) is decided in the transaction.
 */
export class LogonChecks {
  private readonly checks = new Map<string, Check>();

  constructor(
    private readonly store: MobileUsersStore,
    private readonly hasher: PasswordHasher,
    private readonly keys: SealingKeys,
    private readonly clock: () => Date,
    private readonly logger: Logger,
  ) {}

  async prepare(events: readonly AnyEvent[]): Promise<void> {
    const logons = logonsOf(events);
    if (logons.length === 0) return;
    const numbers = [...new Set(logons.flatMap(({ device }) => device.e164 ?? []))];
    const users = new Map((await this.store.findAll(numbers)).map((user) => [user.e164, user]));
    await Promise.all(logons.map((logon) => this.check(logon, users.get(logon.device.e164 ?? ''))));
  }

  /** A check holds for the password it was made with; one changed in between is for the next attempt. */
  take(opening: ContactOpened, user: MobileUserEntity | undefined): PasswordCheck {
    const check = this.checks.get(keyOf(opening));
    if (check === undefined || check.stored !== user?.password) return 'not-checked';
    return check.isRight ? 'right' : 'wrong';
  }

  /** After the transaction: the same event comes no more. */
  forget(events: readonly AnyEvent[]): void {
    for (const opening of logonsOf(events)) this.checks.delete(keyOf(opening));
  }

  private async check(opening: ContactOpened, user: MobileUserEntity | undefined): Promise<void> {
    const isLocked = user?.lockedUntil != null && user.lockedUntil > this.clock();
    // Nothing that is typed now counts: it is not worth the work.
    if (isLocked) return;
    try {
      const isRight = await this.isRight(opening, user);
      const oldest = this.checks.keys().next();
      if (this.checks.size >= MAX_KEPT && oldest.done !== true) this.checks.delete(oldest.value);
      this.checks.set(keyOf(opening), { stored: user?.password, isRight });
    } catch (error) {
      // Sealed for somebody else, damaged, or too many at once: refused as not checked, and said here.
      this.logger.warn({ err: error, deviceId: opening.deviceId }, 'password of a logon cannot be checked');
    }
  }

  private async isRight(opening: ContactOpened, user: MobileUserEntity | undefined): Promise<boolean> {
    const typed = open(this.keys, opening.userPassword ?? '', sealContext(opening.deviceId, 'user-pwd'));
    if (user === undefined) return this.hasher.verifyNothing(typed);
    return this.hasher.verify(typed, open(this.keys, user.password, passwordBinding(user.e164)));
  }
}

function logonsOf(events: readonly AnyEvent[]): ContactOpened[] {
  return events.flatMap(({ type, data }) =>
    type === 'opendls.gateway.inventory-changed' && data.userPassword !== undefined ? [data] : [],
  );
}

/** A sealed text is never made twice. */
function keyOf({ deviceId, userPassword = '' }: ContactOpened): string {
  return `${deviceId}|${userPassword}`;
}
