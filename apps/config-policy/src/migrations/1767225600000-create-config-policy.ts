import {
  createOutboxTable,
  createProcessedEventTable,
  dropOutboxTable,
  dropProcessedEventTable,
} from '@opendls/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = [
  `CREATE TABLE policy (
    name text COLLATE "C" PRIMARY KEY,
    revision integer NOT NULL,
    origin text NOT NULL CONSTRAINT policy_origin CHECK (origin IN ('api', 'file')),
    source_file text,
    document json NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL
  )`,
  `CREATE TABLE policy_revision (
    name text COLLATE "C" NOT NULL,
    revision integer NOT NULL,
    origin text NOT NULL CONSTRAINT policy_revision_origin CHECK (origin IN ('api', 'file')),
    document json,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (name, revision)
  )`,
  `CREATE TABLE policy_version (
    id smallint PRIMARY KEY CONSTRAINT policy_version_one_row CHECK (id = 1),
    version bigint NOT NULL
  )`,
  `INSERT INTO policy_version (id, version) VALUES (1, 1)`,
  `CREATE TABLE secret (
    name text COLLATE "C" PRIMARY KEY,
    sealed text NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL
  )`,
  `CREATE TABLE device (
    device_id text COLLATE "C" PRIMARY KEY,
    mac_address text,
    device_type text,
    software_type text,
    software_version text,
    e164 text,
    basic_e164 text,
    contact_me_uri text,
    part_number text,
    max_items integer,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    contact_id text,
    contact_reason text,
    contact_opened_at timestamptz,
    last_report_at timestamptz,
    full_report_at timestamptz,
    is_report_stale boolean NOT NULL,
    given_up json,
    compliance text NOT NULL CONSTRAINT device_compliance_state
      CHECK (compliance IN ('compliant', 'drifted', 'pending', 'failed', 'unmanaged')),
    compliance_since timestamptz NOT NULL,
    open_items json NOT NULL,
    planned_version bigint NOT NULL,
    secret_refs text[] NOT NULL
  )`,
  `CREATE INDEX device_compliance ON device (compliance, device_id)`,
  `CREATE INDEX device_planned_version ON device (planned_version, device_id)`,
  `CREATE INDEX device_secret_refs ON device USING gin (secret_refs)`,
  `CREATE TABLE device_report (
    device_id text COLLATE "C" PRIMARY KEY CONSTRAINT device_report_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
    report json NOT NULL,
    applied json NOT NULL,
    blocked json NOT NULL
  )`,
  `CREATE TABLE report_fragment (
    device_id text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    order_id uuid NOT NULL,
    step_index integer NOT NULL,
    fragment integer NOT NULL,
    is_final boolean NOT NULL,
    items json NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, contact_id, order_id, step_index, fragment)
  )`,
  `CREATE INDEX report_fragment_received_at ON report_fragment (received_at)`,
  `CREATE TABLE work_order (
    order_id uuid PRIMARY KEY,
    device_id text COLLATE "C" NOT NULL CONSTRAINT work_order_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT work_order_kind CHECK (kind IN ('read-all', 'configure')),
    state text NOT NULL CONSTRAINT work_order_state
      CHECK (state IN ('pending', 'offered', 'running', 'done', 'refused', 'failed', 'superseded')),
    steps json NOT NULL,
    targets json NOT NULL,
    attempt integer NOT NULL,
    failed_attempts integer NOT NULL,
    last_attempt_end text,
    contact_id text,
    from_step integer NOT NULL,
    from_part integer NOT NULL,
    results json NOT NULL,
    failure_code text,
    created_at timestamptz NOT NULL,
    offered_at timestamptz,
    expires_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT work_order_closed CHECK ((closed_at IS NULL) = (state IN ('pending', 'offered', 'running')))
  )`,
  `CREATE UNIQUE INDEX work_order_one_open_per_kind ON work_order (device_id, kind) WHERE closed_at IS NULL`,
  `CREATE INDEX work_order_of_device ON work_order (device_id, created_at, order_id)`,
  `CREATE INDEX work_order_expires_at ON work_order (expires_at) WHERE expires_at IS NOT NULL`,
];

/** Policies, secrets, what is known of phones, and their work orders. */
export class CreateConfigPolicy1767225600000 implements MigrationInterface {
  readonly name = 'CreateConfigPolicy1767225600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await queryRunner.query(statement);
    await createOutboxTable(queryRunner);
    await createProcessedEventTable(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropProcessedEventTable(queryRunner);
    await dropOutboxTable(queryRunner);
    const tables = [
      'work_order',
      'report_fragment',
      'device_report',
      'device',
      'secret',
      'policy_version',
      'policy_revision',
      'policy',
    ];
    for (const table of tables) await queryRunner.query(`DROP TABLE ${table}`);
  }
}
