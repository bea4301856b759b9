import { isDeepStrictEqual } from 'node:util';
import type { Tx, UnitOfWork } from '@opendls/postgres';
import type { PolicyDocument } from './domain/policy-document.js';
import type { PolicyFinding } from './domain/policy-problem.js';
import { PolicyError } from './policies.errors.js';
import type { PoliciesStore } from './policies.store.js';
import type { PolicyEntity, PolicyOrigin } from './policy.entity.js';
import { readPolicyText, type PolicyTextFormat } from './read-policy-text.js';

export interface SavePolicyCommand {
  readonly name: string;
  readonly text: string;
  readonly format: PolicyTextFormat;
  /** Id of the API key. */
  readonly by: string;
  /** The revision the client believes to change; 0: it must not exist. */
  readonly expectedRevision?: number;
}

export interface SavedPolicy {
  readonly policy: PolicyEntity;
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly warnings: readonly PolicyFinding[];
}

/** What one change needs to know of how the policy stands. */
interface Owner {
  readonly origin: PolicyOrigin;
  readonly sourceFile: string | null;
  readonly by: string;
}

/** Stores and removes policies; every change is a new revision. */
export class ChangePolicies {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: PoliciesStore,
    private readonly clock: () => Date,
    /** Whether policies of origin `file` belong to a directory that is being watched. */
    private readonly hasDirectory: boolean,
  ) {}

  /** Checks a document and stores it as the newest revision, unless it says what the newest one says. */
  async save(command: SavePolicyCommand): Promise<SavedPolicy> {
    const read = readPolicyText(command.text, command.format);
    if (!read.ok) throw new PolicyError('policy-invalid', 'the document has problems', read);
    if (read.document.metadata.name !== command.name) throw nameMismatch();
    return this.unitOfWork.run(async (tx) => {
      await this.store.lock(tx);
      const known = await this.store.find(command.name, tx);
      this.requireChangeable(known, command.expectedRevision);
      const owner = { origin: 'api', sourceFile: null, by: command.by } as const;
      const { policy, outcome } = await this.put(tx, known, read.document, owner);
      return { policy, outcome, warnings: read.warnings };
    });
  }

  /** Removes a policy; its revisions stay. */
  async remove(name: string, by: string, expectedRevision?: number): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      await this.store.lock(tx);
      const known = await this.store.find(name, tx);
      if (known === null) throw new PolicyError('policy-not-found', 'there is no policy with this name');
      this.requireChangeable(known, expectedRevision);
      await this.delete(tx, known, by);
    });
  }

  /**
   * Makes the policies of origin `file` equal to the files. A name that exists through the API is left alone and returned
   * as a conflict. `keep` names files that cannot be read: what they last said stays.
   */
  async synchronizeFiles(
    files: readonly { readonly file: string; readonly document: PolicyDocument }[],
    keep: ReadonlySet<string>,
  ): Promise<{ readonly conflicts: readonly string[]; readonly changed: readonly string[] }> {
    return this.unitOfWork.run(async (tx) => {
      const changed: string[] = [];
      const conflicts: string[] = [];
      await this.store.lock(tx);
      const current = new Map((await this.store.all(tx)).map((policy) => [policy.name, policy]));
      const wanted = new Set(files.map(({ document }) => document.metadata.name));
      for (const { file, document } of files) {
        const { name } = document.metadata;
        const known = current.get(name) ?? null;
        if (known?.origin === 'api') {
          conflicts.push(file);
          continue;
        }
        const { outcome } = await this.put(tx, known, document, { origin: 'file', sourceFile: file, by: 'file' });
        if (outcome !== 'unchanged') changed.push(name);
      }
      for (const policy of current.values()) {
        if (policy.origin !== 'file' || wanted.has(policy.name) || keep.has(policy.sourceFile ?? '')) continue;
        await this.delete(tx, policy, 'file');
        changed.push(policy.name);
      }
      return { conflicts, changed };
    });
  }

  private requireChangeable(known: PolicyEntity | null, expectedRevision: number | undefined): void {
    if (expectedRevision !== undefined && expectedRevision !== (known?.revision ?? 0)) {
      throw new PolicyError('policy-changed-meanwhile', 'the policy has another revision');
    }
    if (this.hasDirectory && known?.origin === 'file') {
      throw new PolicyError('policy-from-file', `the policy comes from the file ${known.sourceFile ?? ''}`);
    }
  }

  private async put(
    tx: Tx,
    known: PolicyEntity | null,
    document: PolicyDocument,
    { origin, sourceFile, by }: Owner,
  ): Promise<Omit<SavedPolicy, 'warnings'>> {
    const { name } = document.metadata;
    if (known !== null && known.origin === origin && isDeepStrictEqual(known.document, document)) {
      if (known.sourceFile !== sourceFile) await this.store.renameSource(tx, name, sourceFile ?? '');
      return { policy: known, outcome: 'unchanged' };
    }
    const revision = (await this.store.lastRevision(tx, name)) + 1;
    const at = this.clock();
    await this.store.save(tx, { name, revision, origin, sourceFile, document, at, by });
    const policy = { name, revision, origin, sourceFile, document, updatedAt: at, updatedBy: by };
    return { policy, outcome: known === null ? 'created' : 'changed' };
  }

  private async delete(tx: Tx, { name, origin }: PolicyEntity, by: string): Promise<void> {
    const revision = (await this.store.lastRevision(tx, name)) + 1;
    const at = this.clock();
    await this.store.save(tx, { name, revision, origin, sourceFile: null, document: null, at, by });
  }
}

function nameMismatch(): PolicyError {
  const finding: PolicyFinding = {
    path: '$.metadata.name',
    code: 'name-mismatch',
    message: 'differs from the name in the URL',
  };
  return new PolicyError('policy-name-mismatch', 'metadata.name differs from the URL', {
    problems: [finding],
    warnings: [],
  });
}
