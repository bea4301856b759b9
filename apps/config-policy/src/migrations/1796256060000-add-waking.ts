import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When phones are asked to come, what gateways were told of them, and the rate that all replicas share. */
export class AddWaking1796256060000 implements MigrationInterface {
  readonly name = 'AddWaking1796256060000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE device
      ADD COLUMN firmware_offered_at timestamptz,
      ADD COLUMN waking json,
      ADD COLUMN next_contact_at timestamptz,
      ADD COLUMN directive json`);
    await queryRunner.query(
      'CREATE INDEX device_next_contact_at ON device (next_contact_at) WHERE next_contact_at IS NOT NULL',
    );
    await queryRunner.query(`CREATE TABLE contact_rate (
      id smallint PRIMARY KEY CONSTRAINT contact_rate_one_row CHECK (id = 1),
      tokens double precision NOT NULL,
      refilled_at timestamptz NOT NULL
    )`);
    await queryRunner.query(`INSERT INTO contact_rate (id, tokens, refilled_at) VALUES (1, 0, now())`);
    // Phones with work from before are planned like all others, by the next comparison with the policies.
    await queryRunner.query('UPDATE device SET planned_version = 0');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE contact_rate');
    await queryRunner.query('DROP INDEX device_next_contact_at');
    await queryRunner.query(`ALTER TABLE device
      DROP COLUMN firmware_offered_at,
      DROP COLUMN waking,
      DROP COLUMN next_contact_at,
      DROP COLUMN directive`);
  }
}
