import { PolicyError } from './policies.errors.js';
import type { PoliciesStore } from './policies.store.js';
import type { PolicyDirectory, PolicyFileState } from './policy-directory.js';
import type { PolicyEntity, PolicyRevisionEntity } from './policy.entity.js';

/** Reads policies. */
export class PoliciesService {
  constructor(
    private readonly store: PoliciesStore,
    private readonly directory: PolicyDirectory | undefined,
  ) {}

  async get(name: string): Promise<PolicyEntity> {
    const policy = await this.store.find(name);
    if (policy === null) throw new PolicyError('policy-not-found', 'there is no policy with this name');
    return policy;
  }

  /** In the order of their names. One more than `limit` shows that there are more. */
  async list(after: string | undefined, limit: number): Promise<PolicyEntity[]> {
    return this.store.list(after, limit + 1);
  }

  /** Newest first, also of policies that were deleted. */
  async listRevisions(name: string, before: number | undefined, limit: number): Promise<PolicyRevisionEntity[]> {
    const revisions = await this.store.listRevisions(name, before, limit + 1);
    if (revisions.length === 0 && before === undefined) {
      throw new PolicyError('policy-not-found', 'there was never a policy with this name');
    }
    return revisions;
  }

  /** The files of the policy directory, as this replica last read them. */
  files(): readonly PolicyFileState[] {
    return this.directory?.files() ?? [];
  }
}
