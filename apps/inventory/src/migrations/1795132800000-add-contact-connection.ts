import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How a phone reached its gateway: address, listener, TLS version and cipher, client certificate. */
export class AddContactConnection1795132800000 implements MigrationInterface {
  readonly name = 'AddContactConnection1795132800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE contact ADD COLUMN connection jsonb');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE contact DROP COLUMN connection');
  }
}
