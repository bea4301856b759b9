import type { MigrationInterface, QueryRunner } from 'typeorm';

// Written out, not taken from the sources: a migration does not change when they do.
const KINDS = `'read-all', 'configure', 'read', 'write', 'restart', 'factory-reset', 'file', 'firmware', 'certificate',
  'secure-mode', 'certificate-renewal', 'mobility-logon', 'mobility-logoff', 'user-data-restore', 'user-data-save'`;
const STATES = `'pending', 'offered', 'running', 'verifying', 'done', 'refused', 'failed', 'superseded', 'cancelled'`;
const OPEN_STATES = `'pending', 'offered', 'running', 'verifying'`;

const UP = [
  `ALTER TABLE device ADD COLUMN features json NOT NULL DEFAULT '{}'`,
  `ALTER TABLE work_order
    ADD COLUMN origin text NOT NULL DEFAULT 'policy',
    ADD COLUMN rank text NOT NULL DEFAULT 'policy',
    ADD COLUMN order_key text,
    ADD COLUMN requested_by text,
    ADD COLUMN idempotency_key text,
    ADD COLUMN request_hash text,
    ADD COLUMN parameters json NOT NULL DEFAULT '{}',
    ADD COLUMN wants_contact_now boolean NOT NULL DEFAULT false,
    ADD COLUMN is_contact_bound boolean NOT NULL DEFAULT false,
    ADD COLUMN verification json,
    ADD COLUMN answers json NOT NULL DEFAULT '[]',
    DROP CONSTRAINT work_order_kind,
    DROP CONSTRAINT work_order_state,
    DROP CONSTRAINT work_order_closed`,
  `ALTER TABLE work_order
    ADD CONSTRAINT work_order_kind CHECK (kind IN (${KINDS})),
    ADD CONSTRAINT work_order_origin CHECK (origin IN ('policy', 'request', 'system')),
    ADD CONSTRAINT work_order_rank CHECK (rank IN ('security', 'mobility', 'request', 'policy')),
    ADD CONSTRAINT work_order_state CHECK (state IN (${STATES})),
    ADD CONSTRAINT work_order_closed CHECK ((closed_at IS NULL) = (state IN (${OPEN_STATES})))`,
  `DROP INDEX work_order_one_open_per_kind`,
  `CREATE UNIQUE INDEX work_order_one_open_per_kind ON work_order (device_id, kind)
    WHERE closed_at IS NULL AND origin = 'policy'`,
  `CREATE UNIQUE INDEX work_order_one_open_per_key ON work_order (device_id, order_key)
    WHERE closed_at IS NULL AND order_key IS NOT NULL`,
  `CREATE UNIQUE INDEX work_order_idempotency_key ON work_order (device_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL`,
];

const DOWN = [
  `DELETE FROM work_order WHERE origin <> 'policy'`,
  `DROP INDEX work_order_idempotency_key`,
  `DROP INDEX work_order_one_open_per_key`,
  `DROP INDEX work_order_one_open_per_kind`,
  `CREATE UNIQUE INDEX work_order_one_open_per_kind ON work_order (device_id, kind) WHERE closed_at IS NULL`,
  `ALTER TABLE work_order
    DROP CONSTRAINT work_order_kind,
    DROP CONSTRAINT work_order_origin,
    DROP CONSTRAINT work_order_rank,
    DROP CONSTRAINT work_order_state,
    DROP CONSTRAINT work_order_closed,
    DROP COLUMN origin,
    DROP COLUMN rank,
    DROP COLUMN order_key,
    DROP COLUMN requested_by,
    DROP COLUMN idempotency_key,
    DROP COLUMN request_hash,
    DROP COLUMN parameters,
    DROP COLUMN wants_contact_now,
    DROP COLUMN is_contact_bound,
    DROP COLUMN verification,
    DROP COLUMN answers`,
  `ALTER TABLE work_order
    ADD CONSTRAINT work_order_kind CHECK (kind IN ('read-all', 'configure')),
    ADD CONSTRAINT work_order_state
      CHECK (state IN ('pending', 'offered', 'running', 'done', 'refused', 'failed', 'superseded')),
    ADD CONSTRAINT work_order_closed CHECK ((closed_at IS NULL) = (state IN ('pending', 'offered', 'running')))`,
  `ALTER TABLE device DROP COLUMN features`,
];

/** One-off orders and orders of features, besides those of policies. */
export class AddOrderKinds1796256000000 implements MigrationInterface {
  readonly name = 'AddOrderKinds1796256000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}
