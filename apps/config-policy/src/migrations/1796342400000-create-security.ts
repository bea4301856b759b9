import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = [
  `CREATE TABLE device_security (
    device_id text COLLATE "C" PRIMARY KEY
      CONSTRAINT device_security_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
    mode text NOT NULL CONSTRAINT device_security_mode
      CHECK (mode IN ('default', 'requested', 'bootstrapping', 'secure', 'failed')),
    mode_since timestamptz NOT NULL,
    requires_secure_mode boolean NOT NULL,
    failure_code text,
    pending_serial text,
    bootstrap_contact_id text,
    bootstrap_deadline timestamptz,
    renew_after timestamptz,
    listener text CONSTRAINT device_security_listener CHECK (listener IN ('default', 'secure', 'legacy')),
    refused_openings integer NOT NULL,
    last_refused_at timestamptz,
    requested_by text,
    wants_contact_now boolean NOT NULL,
    roll_out_id uuid
  )`,
  `CREATE INDEX device_security_by_mode ON device_security (mode, device_id)`,
  `CREATE INDEX device_security_roll_out ON device_security (roll_out_id, mode) WHERE roll_out_id IS NOT NULL`,
  `CREATE TABLE device_certificate (
    serial_number text COLLATE "C" PRIMARY KEY,
    device_id text COLLATE "C" NOT NULL
      CONSTRAINT device_certificate_device_fkey REFERENCES device (device_id) ON DELETE CASCADE,
    purpose text NOT NULL CONSTRAINT device_certificate_purpose
      CHECK (purpose IN ('secure-mode', 'certificate-renewal')),
    issued_at timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT device_certificate_state
      CHECK (state IN ('issued', 'active', 'superseded', 'revoked')),
    seen_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    revoked_reason text,
    sealed_package text
  )`,
  `CREATE INDEX device_certificate_of_device ON device_certificate (device_id, issued_at)`,
  `CREATE INDEX device_certificate_expiry ON device_certificate (state, not_after)`,
  `CREATE TABLE security_roll_out (
    roll_out_id uuid PRIMARY KEY,
    selection json NOT NULL,
    device_count integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
  )`,
];

/** Secure Mode: where each phone stands, and its certificates. */
export class CreateSecurity1796342400000 implements MigrationInterface {
  readonly name = 'CreateSecurity1796342400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['security_roll_out', 'device_certificate', 'device_security']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}
