import { open, seal, type SealingKeys } from '@opendls/crypto';
import type { UnitOfWork } from '@opendls/postgres';
import type { EntityManager } from 'typeorm';
import { MAX_SECRET_NAME_LENGTH, SECRET_NAME } from './domain/secret-ref.js';
import type { SecretEntity } from './secret.entity.js';
import { SecretError } from './secrets.errors.js';
import type { SecretsStore } from './secrets.store.js';

/** Name and time of a secret; its value is never given out. */
export type SecretSummary = Pick<SecretEntity, 'name' | 'updatedAt' | 'updatedBy'>;

/** Keeps secrets sealed in the database; opens them only for decisions about phones. */
export class SecretsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SecretsStore,
    private readonly keys: SealingKeys,
    private readonly clock: () => Date,
  ) {}

  /** Stores a value; phones that use it get it at their next contact. */
  async put(name: string, value: string, by: string): Promise<{ readonly created: boolean; readonly updatedAt: Date }> {
    requireName(name);
    const updatedAt = this.clock();
    const secret = { name, sealed: seal(this.keys, value, bindingOf(name)), updatedAt, updatedBy: by };
    const created = await this.unitOfWork.run(async (tx) => {
      const known = await this.store.find(name, tx);
      await this.store.save(tx, secret);
      await this.store.touchUsers(tx, name);
      return known === null;
    });
    return { created, updatedAt };
  }

  async remove(name: string): Promise<void> {
    requireName(name);
    await this.unitOfWork.run(async (tx) => {
      if (!(await this.store.remove(tx, name))) throw new SecretError('secret-not-found', 'no secret has this name');
      await this.store.touchUsers(tx, name);
    });
  }

  async list(after: string | undefined, limit: number): Promise<SecretSummary[]> {
    return this.store.list(after, limit);
  }

  /** The values of the secrets that exist, by name. */
  async openAll(names: readonly string[], manager?: EntityManager): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    for (const [name, sealed] of await this.store.findSealed(names, manager)) {
      values.set(name, open(this.keys, sealed, bindingOf(name)));
    }
    return values;
  }
}

function requireName(name: string): void {
  if (SECRET_NAME.test(name) && name.length <= MAX_SECRET_NAME_LENGTH) return;
  throw new SecretError('secret-name-invalid', 'segments of letters, digits and . _ @ + : - joined by /');
}

/** A sealed value that was moved to another name does not open. */
function bindingOf(name: string): string {
  return `secret|${name}`;
}
