import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `CREATE TABLE mobile_user (
    e164 text COLLATE "C" PRIMARY KEY,
    display_name text,
    is_enabled boolean NOT NULL,
    password text NOT NULL,
    profile json NOT NULL,
    revision integer NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL,
    logged_on_device_id text COLLATE "C"
      CONSTRAINT mobile_user_device_fkey REFERENCES device (device_id) ON DELETE SET NULL,
    logged_on_at timestamptz,
    is_logoff_requested boolean NOT NULL,
    failed_logons integer NOT NULL,
    last_failed_at timestamptz,
    locked_until timestamptz
  )`,
  `CREATE INDEX mobile_user_logged_on_device ON mobile_user (logged_on_device_id) WHERE logged_on_device_id IS NOT NULL`,
  `CREATE TABLE mobile_user_data (
    e164 text COLLATE "C" NOT NULL
      CONSTRAINT mobile_user_data_user_fkey REFERENCES mobile_user (e164) ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    item_index integer NOT NULL,
    sealed text NOT NULL,
    size_characters integer NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (e164, name, item_index)
  )`,
];

/** Mobile users and their data. */
export class CreateMobileUsers1796428800000 implements MigrationInterface {
  readonly name = 'CreateMobileUsers1796428800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE mobile_user_data');
    await queryRunner.query('DROP TABLE mobile_user');
  }
}
