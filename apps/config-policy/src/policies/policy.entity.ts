import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { PolicyDocument } from './domain/policy-document.js';

export type PolicyOrigin = 'api' | 'file';

/** The current revision of a policy. */
@Entity({ name: 'policy' })
@Check('policy_origin', `origin IN ('api', 'file')`)
export class PolicyEntity {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'integer' })
  revision!: number;

  @Column({ type: 'text' })
  origin!: PolicyOrigin;

  /** File name within the policy directory, for policies that come from there. */
  @Column({ name: 'source_file', type: 'text', nullable: true })
  sourceFile!: string | null;

  @Column({ type: 'json' })
  document!: PolicyDocument;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  /** Id of the API key, or `file`. */
  @Column({ name: 'updated_by', type: 'text' })
  updatedBy!: string;
}

/** What a policy once was. Never changed after it was written. */
@Entity({ name: 'policy_revision' })
@Check('policy_revision_origin', `origin IN ('api', 'file')`)
export class PolicyRevisionEntity {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  @PrimaryColumn({ type: 'integer' })
  revision!: number;

  @Column({ type: 'text' })
  origin!: PolicyOrigin;

  /** null: the policy was deleted with this revision. */
  @Column({ type: 'json', nullable: true })
  document!: PolicyDocument | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'created_by', type: 'text' })
  createdBy!: string;
}

/** Counts the changes of all policies; its one row also puts them into one order. */
@Entity({ name: 'policy_version' })
@Check('policy_version_one_row', `id = 1`)
export class PolicyVersionEntity {
  @PrimaryColumn({ type: 'smallint' })
  id!: number;

  @Column({ type: 'bigint' })
  version!: string;
}
