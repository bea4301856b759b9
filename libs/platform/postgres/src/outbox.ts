import type { OutgoingRecord } from './outgoing-record.js';
import type { QueryRunner } from 'typeorm';
import { onCommit, type Tx } from './unit-of-work.js';

/** For migrations: the table of {@link Outbox}. */
export async function createOutboxTable(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
      topic text NOT NULL,
      key text NOT NULL,
      headers json NOT NULL,
      value text,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      sent_at timestamptz,
      parked_at timestamptz
    )`);
  await queryRunner.query('CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL AND parked_at IS NULL');
  await queryRunner.query('CREATE INDEX outbox_sent_at ON outbox (sent_at) WHERE sent_at IS NOT NULL');
  await queryRunner.query('CREATE INDEX outbox_parked ON outbox (id) WHERE parked_at IS NOT NULL');
  // Rows come and go all the time: the usual fraction of the table would let dead ones pile up at its front.
  await queryRunner.query(
    'ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)',
  );
}

export async function dropOutboxTable(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query('DROP TABLE outbox');
}

/**
 * What a service has to say, written in the transaction that makes it true. The relay publishes it after the commit.
 *
 * Order per key needs the row of the aggregate to be locked (written) before its records are appended: then ids of one key
 * are given in the order of the commits.
 */
export class Outbox {
  private readonly listeners: (() => void)[] = [];
  private readonly notify = (): void => this.listeners.forEach((listener) => listener());

  /** Appends records in their order, with one statement. */
  async append(tx: Tx, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    await tx.query(
      `INSERT INTO outbox (topic, key, headers, value)
       SELECT topic, key, headers::json, value
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS r (topic, key, headers, value, n)
       ORDER BY n`,
      [
        records.map(({ topic }) => topic),
        records.map(({ key }) => key),
        records.map(({ headers }) => JSON.stringify(headers)),
        records.map(({ value }) => value),
      ],
    );
    onCommit(tx, this.notify);
  }

  /** `listener` is called after each commit that appended something in this process. */
  onAppended(listener: () => void): void {
    this.listeners.push(listener);
  }
}
