import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `CREATE TABLE file_content (
    content_id uuid PRIMARY KEY,
    sha256 text COLLATE "C",
    size_bytes integer NOT NULL,
    chunk_bytes integer NOT NULL,
    released_at timestamptz
  )`,
  `CREATE UNIQUE INDEX file_content_sha256 ON file_content (sha256)`,
  `CREATE INDEX file_content_released_at ON file_content (released_at) WHERE released_at IS NOT NULL`,
  `CREATE TABLE file_chunk (
    content_id uuid NOT NULL CONSTRAINT file_chunk_content_fkey
      REFERENCES file_content (content_id) ON DELETE CASCADE,
    position integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (content_id, position)
  )`,
  // Pictures, sounds and firmware are compressed already.
  `ALTER TABLE file_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL`,
  `CREATE TABLE file (
    name text COLLATE "C" PRIMARY KEY,
    type text NOT NULL CONSTRAINT file_type
      CHECK (type IN ('APP', 'LOGO', 'RINGTONE', 'MOH', 'PIC', 'SCREENSAVER', 'LDAP', 'DONGLE')),
    sha256 text COLLATE "C" NOT NULL CONSTRAINT file_content_fkey REFERENCES file_content (sha256),
    size_bytes integer NOT NULL,
    format text,
    content_type text NOT NULL,
    version text,
    software_type text,
    facts json NOT NULL,
    warnings json NOT NULL,
    uploaded_at timestamptz NOT NULL,
    uploaded_by text NOT NULL
  )`,
  `CREATE INDEX file_sha256 ON file (sha256)`,
];

/** Files and firmware for phones: names, contents, and the contents' bytes in chunks. */
export class AddFiles1796256100000 implements MigrationInterface {
  readonly name = 'AddFiles1796256100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['file', 'file_chunk', 'file_content']) await queryRunner.query(`DROP TABLE ${table}`);
  }
}
