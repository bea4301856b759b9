import type { EntityManager } from 'typeorm';
import { PolicySet } from './domain/policy-set.js';
import type { PoliciesStore } from './policies.store.js';

/**
 * The policies in memory, compiled. Every user asks with the transaction it decides in: one look at the version tells
 * whether they changed since they were loaded, so that all replicas decide by what is stored, at once.
 */
export class PolicyRegistry {
  private policies = PolicySet.EMPTY;

  constructor(private readonly store: PoliciesStore) {}

  /** The policies as the transaction sees them. */
  async current(manager?: EntityManager): Promise<PolicySet> {
    const version = await this.store.version(manager);
    if (version === this.policies.version) return this.policies;
    // The version is read before the policies: a change in between makes them newer than it says, and the next look
    // loads them again.
    const loaded = PolicySet.of(version, await this.store.loadAll(manager), this.policies);
    if (version > this.policies.version) this.policies = loaded;
    return loaded;
  }

  /** Policies in force, as last seen. */
  get size(): number {
    return this.policies.size;
  }
}
