import type { PasswordHasher } from '@opendls/crypto';
import { seal, type SealingKeys } from '@opendls/crypto';
import { itemKey } from '@opendls/item-catalog';
import type { Tx, UnitOfWork } from '@opendls/postgres';
import { checkProfile, isSecretInput, type ProfileInput } from './domain/check-profile.js';
import type { MobileUserEntity, StoredProfileItem } from './mobile-user.entity.js';
import { MobileUserError } from './mobile-users.errors.js';
import type { MobileUsersStore, UserDataSummary } from './mobile-users.store.js';
import { passwordBinding, profileBinding } from './sealed-parts.js';

export interface SaveMobileUser {
  readonly e164: string;
  readonly displayName: string | null;
  readonly isEnabled: boolean;
  /** Absent: the one there is stays. */
  readonly password?: string;
  readonly items: readonly ProfileInput[];
  /** Id of the API key. */
  readonly by: string;
  /** The revision the client believes to change; 0: it must not exist. */
  readonly expectedRevision?: number;
}

/** A user with what is stored of their data. */
export interface MobileUserView {
  readonly user: MobileUserEntity;
  readonly userData: readonly UserDataSummary[];
}

/** How often a user may change phones while a change of the user waits for the phone's lock. */
const MAX_TRIES = 5;

/** Stores, shows and removes mobile users. */
export class MobileUsersService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: MobileUsersStore,
    private readonly hasher: PasswordHasher,
    private readonly keys: SealingKeys,
    private readonly clock: () => Date,
  ) {}

  async get(e164: string): Promise<MobileUserView> {
    const user = await this.store.find(e164);
    if (user === null) throw notFound();
    return { user, userData: await this.store.summarizeData([e164]) };
  }

  /** In the order of numbers. One more than `limit` shows that there are more. */
  async list(isLoggedOn: boolean | undefined, after: string | undefined, limit: number): Promise<MobileUserView[]> {
    const users = await this.store.list(isLoggedOn, after, limit + 1);
    const data = await this.store.summarizeData(users.map(({ e164 }) => e164));
    return users.map((user) => ({ user, userData: data.filter(({ e164 }) => e164 === user.e164) }));
  }

  /** A phone the user is on follows at its next contact. A new password is for the next logon, and ends time-outs. */
  async save(command: SaveMobileUser): Promise<MobileUserView & { readonly isNew: boolean }> {
    const { e164, password } = command;
    const hash = password === undefined ? undefined : await this.hasher.hash(password);
    const sealedHash = hash === undefined ? undefined : seal(this.keys, hash, passwordBinding(e164));
    const { user, isNew } = await this.change(e164, command.expectedRevision, async (tx, known) => {
      const changed = this.changed(known, command, sealedHash);
      await this.store.save(tx, changed);
      return { user: changed, isNew: known === null };
    });
    return { user, isNew, userData: await this.store.summarizeData([e164]) };
  }

  /** Removes the user and the data; a phone the user is on is told to log off. */
  async remove(e164: string, expectedRevision?: number): Promise<void> {
    await this.change(e164, expectedRevision, async (tx, known) => {
      if (known === null || !(await this.store.remove(tx, e164))) throw notFound();
    });
  }

  async removeUserData(e164: string): Promise<void> {
    await this.change(e164, undefined, async (tx, known) => {
      if (known === null) throw notFound();
      await this.store.removeData(tx, e164);
    });
  }

  /** Has the phone told to log off; it is woken. Returns the phone. */
  async logOff(e164: string): Promise<string> {
    return this.change(e164, undefined, async (tx, known) => {
      if (known === null) throw notFound();
      if (known.loggedOnDeviceId === null) throw new MobileUserError('mobile-user-not-logged-on', 'nothing to log off');
      await this.store.requestLogoff(tx, e164);
      return known.loggedOnDeviceId;
    });
  }

  /** Locks the phone, if there is one, then the user: the order in which decisions lock them. */
  private async change<Result>(
    e164: string,
    expectedRevision: number | undefined,
    work: (tx: Tx, known: MobileUserEntity | null) => Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const changed = await this.unitOfWork.run(async (tx) => {
        const deviceId = (await this.store.find(e164, tx))?.loggedOnDeviceId ?? null;
        if (deviceId !== null) await this.store.touchDevice(tx, deviceId);
        const known = await this.store.lock(tx, e164);
        // The user went to another phone meanwhile, whose lock would come too late.
        if ((known?.loggedOnDeviceId ?? null) !== deviceId && attempt < MAX_TRIES) return undefined;
        if (expectedRevision !== undefined && expectedRevision !== (known?.revision ?? 0)) {
          throw new MobileUserError('mobile-user-changed-meanwhile', 'the mobile user has another revision');
        }
        return { result: await work(tx, known) };
      });
      if (changed !== undefined) return changed.result;
    }
  }

  private changed(known: MobileUserEntity | null, command: SaveMobileUser, sealedHash?: string): MobileUserEntity {
    const { e164, displayName, isEnabled, items, by } = command;
    const kept = new Map(
      (known?.profile ?? []).flatMap((item) =>
        'sealed' in item ? [[itemKey(item.name, item.index), item] as const] : [],
      ),
    );
    const problems = checkProfile(items, new Set(kept.keys()));
    if (problems.length > 0) throw new MobileUserError('mobile-user-invalid', 'the profile has problems', problems);
    const password = sealedHash ?? known?.password;
    if (password === undefined)
      throw new MobileUserError('mobile-user-password-missing', 'a new user needs a password');
    const isUnlocked = sealedHash !== undefined || known === null;
    return {
      ...{ e164, displayName, isEnabled, password, updatedBy: by },
      profile: items.map((item) => this.stored(e164, item, kept)),
      revision: (known?.revision ?? 0) + 1,
      updatedAt: this.clock(),
      loggedOnDeviceId: known?.loggedOnDeviceId ?? null,
      loggedOnAt: known?.loggedOnAt ?? null,
      isLogoffRequested: known?.isLogoffRequested ?? false,
      failedLogons: isUnlocked ? 0 : known.failedLogons,
      lastFailedAt: isUnlocked ? null : known.lastFailedAt,
      lockedUntil: isUnlocked ? null : known.lockedUntil,
    };
  }

  private stored(e164: string, item: ProfileInput, kept: ReadonlyMap<string, StoredProfileItem>): StoredProfileItem {
    const { name, index, value, secretRef } = item;
    const key = itemKey(name, index);
    const ref = index === undefined ? { name } : { name, index };
    if (secretRef !== undefined) return { ...ref, secretRef };
    if (value === undefined) return kept.get(key) ?? { ...ref, value: '' };
    return isSecretInput(item)
      ? { ...ref, sealed: seal(this.keys, value, profileBinding(e164, key)) }
      : { ...ref, value };
  }
}

function notFound(): MobileUserError {
  return new MobileUserError('mobile-user-not-found', 'no mobile user has this number');
}
