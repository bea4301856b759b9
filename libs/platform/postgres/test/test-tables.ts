import { silentLogger } from '@opendls/logging';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrateDatabase } from '../src/migrations.js';
import { createOutboxTable, dropOutboxTable } from '../src/outbox.js';
import { createProcessedEventTable, dropProcessedEventTable } from '../src/processed-events.js';

export class CreateOutbox1700000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await createOutboxTable(queryRunner);
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await dropOutboxTable(queryRunner);
  }
}

export class CreateProcessedEvent1700000000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await createProcessedEventTable(queryRunner);
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await dropProcessedEventTable(queryRunner);
  }
}

/** A table with rules to break. */
export class CreateThing1700000000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE thing (
        id int CONSTRAINT thing_pkey PRIMARY KEY,
        parent int CONSTRAINT thing_parent REFERENCES thing (id),
        size int NOT NULL DEFAULT 1 CONSTRAINT thing_size_positive CHECK (size > 0)
      )`);
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE thing');
  }
}

export const migrations = [CreateOutbox1700000000000, CreateProcessedEvent1700000000001, CreateThing1700000000002];

export async function migrateTestTables(url: string): Promise<void> {
  await migrateDatabase({ url, name: 'test', migrations, logger: silentLogger() });
}
