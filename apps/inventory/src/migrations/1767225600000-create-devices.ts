import {
  createOutboxTable,
  createProcessedEventTable,
  dropOutboxTable,
  dropProcessedEventTable,
} from '@opendls/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Phones, their reported items, their contacts; events taken in and events to publish. */
export class CreateDevices1767225600000 implements MigrationInterface {
  readonly name = 'CreateDevices1767225600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createDevice(queryRunner);
    await createReportedItem(queryRunner);
    await createItemDocument(queryRunner);
    await createContact(queryRunner);
    await createItemFragment(queryRunner);
    await createProcessedEventTable(queryRunner);
    await createOutboxTable(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropOutboxTable(queryRunner);
    await dropProcessedEventTable(queryRunner);
    await queryRunner.query(`DROP TABLE item_fragment, contact, item_document, reported_item, device`);
  }
}

async function createDevice(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE device (
      device_id text COLLATE "C" NOT NULL CONSTRAINT device_pkey PRIMARY KEY,
      device_type text COLLATE "C",
      software_type text,
      software_version text COLLATE "C",
      software_version_sort text COLLATE "C" NOT NULL,
      e164 text COLLATE "C",
      basic_e164 text,
      contact_me_uri text,
      part_number text,
      fact_times jsonb NOT NULL,
      remote_address text,
      listener text CONSTRAINT device_listener_known CHECK (listener IN ('default', 'secure', 'legacy')),
      first_seen_at timestamptz,
      last_seen_at timestamptz,
      last_reason text CONSTRAINT device_last_reason_known
        CHECK (last_reason IN ('start-up', 'solicited', 'local-changes', 'inventory-changes', 'status')),
      start_up_count integer NOT NULL,
      items_reported_at timestamptz,
      opening_digest text,
      opening_confirmed_at timestamptz,
      search_text text NOT NULL,
      version integer NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT device_sighting_whole
        CHECK (num_nulls(first_seen_at, last_seen_at, last_reason, listener, remote_address) IN (0, 5)),
      CONSTRAINT device_opening_whole CHECK (num_nulls(opening_digest, opening_confirmed_at) IN (0, 2))
    ) WITH (fillfactor = 80)`);
  // One index per sort order of the list; phones without an opening message are not in it.
  const sorts = [
    ['device_by_last_seen', 'last_seen_at'],
    ['device_by_e164', `(coalesce(e164, ''))`],
    ['device_by_type', `(coalesce(device_type, ''))`],
    ['device_by_software_version', 'software_version_sort'],
  ];
  for (const [name, column] of sorts) {
    await queryRunner.query(`CREATE INDEX ${name} ON device (${column}, device_id) WHERE last_seen_at IS NOT NULL`);
  }
}

async function createReportedItem(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE reported_item (
      device_id text COLLATE "C" NOT NULL
        CONSTRAINT reported_item_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
      name text COLLATE "C" NOT NULL,
      item_index integer NOT NULL CONSTRAINT reported_item_index_known CHECK (item_index >= -1),
      value text,
      is_secret boolean NOT NULL,
      reported_at timestamptz NOT NULL,
      CONSTRAINT reported_item_pkey PRIMARY KEY (device_id, name, item_index),
      CONSTRAINT reported_item_secret_hidden CHECK (NOT is_secret OR value IS NULL)
    ) WITH (fillfactor = 90)`);
}

async function createItemDocument(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE item_document (
      device_id text COLLATE "C" NOT NULL
        CONSTRAINT item_document_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
      kind text NOT NULL CONSTRAINT item_document_kind_known CHECK (kind IN ('opening', 'complete')),
      items jsonb NOT NULL,
      CONSTRAINT item_document_pkey PRIMARY KEY (device_id, kind)
    ) WITH (fillfactor = 80)`);
}

async function createContact(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE contact (
      contact_no bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT contact_pkey PRIMARY KEY,
      device_id text COLLATE "C" NOT NULL
        CONSTRAINT contact_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
      contact_id text NOT NULL,
      reason text CONSTRAINT contact_reason_known
        CHECK (reason IN ('start-up', 'solicited', 'local-changes', 'inventory-changes', 'status')),
      opened_at timestamptz NOT NULL,
      closed_at timestamptz,
      outcome text,
      cleanup_reason text,
      is_solicited_requested boolean,
      exchanges integer,
      duration_ms double precision,
      timeline jsonb NOT NULL,
      CONSTRAINT contact_closing_whole CHECK ((closed_at IS NULL) = (outcome IS NULL))
    ) WITH (fillfactor = 80)`);
  await queryRunner.query(`CREATE INDEX contact_by_device ON contact (device_id, opened_at, contact_no)`);
  // Contacts are appended in about the order of time, and removed by age.
  await queryRunner.query(`CREATE INDEX contact_by_opened_at ON contact USING brin (opened_at)`);
}

async function createItemFragment(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE item_fragment (
      device_id text COLLATE "C" NOT NULL
        CONSTRAINT item_fragment_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
      contact_id text NOT NULL,
      order_id uuid NOT NULL,
      step_index integer NOT NULL,
      fragment integer NOT NULL,
      attempt integer NOT NULL,
      is_final boolean NOT NULL,
      reported_at timestamptz NOT NULL,
      items jsonb NOT NULL,
      unreadable_keys jsonb NOT NULL,
      CONSTRAINT item_fragment_pkey PRIMARY KEY (device_id, contact_id, order_id, step_index, fragment),
      CONSTRAINT item_fragment_position_known CHECK (step_index >= 0 AND fragment >= 0)
    )`);
}
