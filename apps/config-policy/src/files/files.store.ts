import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { FileEntity } from './file.entity.js';

/** Size of the parts that contents are kept in. */
export const CHUNK_BYTES = 262_144;

/** Bytes that are there. */
export interface StoredContent {
  readonly contentId: string;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
}

/** Reads and writes files and their contents. */
export class FilesStore {
  constructor(private readonly dataSource: DataSource) {}

  async find(name: string, manager: EntityManager = this.dataSource.manager): Promise<FileEntity | null> {
    return manager.findOneBy(FileEntity, { name });
  }

  async list(after: string | undefined, limit: number, type: string | undefined): Promise<FileEntity[]> {
    const query = this.dataSource.manager.createQueryBuilder(FileEntity, 'file').orderBy('file.name').limit(limit);
    if (after !== undefined) query.andWhere('file.name > :after', { after });
    if (type !== undefined) query.andWhere('file.type = :type', { type });
    return query.getMany();
  }

  /** Makes room for bytes whose digest is not known yet. What is never finished is removed as if it were released now. */
  async beginContent(contentId: string, now: Date): Promise<void> {
    await this.dataSource.query(
      'INSERT INTO file_content (content_id, size_bytes, chunk_bytes, released_at) VALUES ($1, 0, $2, $3)',
      [contentId, CHUNK_BYTES, now],
    );
  }

  async addChunk(contentId: string, position: number, bytes: Buffer): Promise<void> {
    await this.dataSource.query('INSERT INTO file_chunk (content_id, position, bytes) VALUES ($1, $2, $3)', [
      contentId,
      position,
      bytes,
    ]);
  }

  /** Forgets an upload that came to nothing, or whose bytes are there already. */
  async dropContent(contentId: string, manager: EntityManager = this.dataSource.manager): Promise<void> {
    await manager.query('DELETE FROM file_content WHERE content_id = $1', [contentId]);
  }

  /** Gives an upload its digest; bytes that are there already are kept once. Afterwards the content is in use. */
  async finishContent(tx: Tx, contentId: string, sha256: string, sizeBytes: number): Promise<void> {
    // Two uploads of the same bytes: the second waits here for the first.
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [sha256]);
    const known: unknown[] = await tx.query(
      `WITH used AS (UPDATE file_content SET released_at = NULL WHERE sha256 = $1 RETURNING 1) SELECT * FROM used`,
      [sha256],
    );
    if (known.length > 0) {
      await this.dropContent(contentId, tx);
      return;
    }
    await tx.query('UPDATE file_content SET sha256 = $2, size_bytes = $3, released_at = NULL WHERE content_id = $1', [
      contentId,
      sha256,
      sizeBytes,
    ]);
  }

  /** The file of a name, until the transaction ends nobody else's; also a name that no file has yet. */
  async lock(tx: Tx, name: string): Promise<FileEntity | null> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('file ' || $1, 0))`, [name]);
    return this.find(name, tx);
  }

  async save(tx: Tx, file: FileEntity): Promise<void> {
    await tx.upsert(FileEntity, file, ['name']);
  }

  async remove(tx: Tx, name: string): Promise<void> {
    await tx.delete(FileEntity, { name });
  }

  /** Notes that a file does not need a content any more. Orders that are open, and links given out, may for a while. */
  async release(tx: Tx, sha256: string, now: Date): Promise<void> {
    await tx.query(
      `UPDATE file_content SET released_at = $2
       WHERE sha256 = $1 AND released_at IS NULL AND NOT EXISTS (SELECT FROM file WHERE file.sha256 = $1)`,
      [sha256, now],
    );
  }

  /** Open orders whose steps name a content. */
  async countOpenOrders(sha256: string, manager: EntityManager = this.dataSource.manager): Promise<number> {
    const rows: { count: number }[] = await manager.query(
      'SELECT count(*)::int AS count FROM work_order WHERE closed_at IS NULL AND strpos(steps::text, $1) > 0',
      [sha256],
    );
    return rows[0]?.count ?? 0;
  }

  /** Removes contents released before a time that no file and no open order names; their number. */
  async removeUnused(tx: Tx, releasedBefore: Date): Promise<number> {
    const removed: unknown[] = await tx.query(
      `WITH removed AS (
         DELETE FROM file_content content WHERE released_at < $1
           AND NOT EXISTS (SELECT FROM file WHERE file.sha256 = content.sha256)
           AND NOT EXISTS (
             SELECT FROM work_order WHERE closed_at IS NULL AND strpos(steps::text, content.sha256) > 0)
         RETURNING 1)
       SELECT * FROM removed`,
      [releasedBefore],
    );
    return removed.length;
  }

  async findContent(sha256: string): Promise<StoredContent | undefined> {
    const rows: StoredContent[] = await this.dataSource.query(
      `SELECT content_id AS "contentId", size_bytes AS "sizeBytes", chunk_bytes AS "chunkBytes"
       FROM file_content WHERE sha256 = $1`,
      [sha256],
    );
    return rows[0];
  }

  async readChunk(contentId: string, position: number): Promise<Buffer | undefined> {
    const rows: { bytes: Buffer }[] = await this.dataSource.query(
      'SELECT bytes FROM file_chunk WHERE content_id = $1 AND position = $2',
      [contentId, position],
    );
    return rows[0]?.bytes;
  }

  /** Files, and bytes of all contents, also of those not in use any more. */
  async sizes(): Promise<{ readonly files: number; readonly bytes: number }> {
    const rows: { files: string; bytes: string }[] = await this.dataSource.query(
      'SELECT (SELECT count(*) FROM file) AS files, (SELECT coalesce(sum(size_bytes), 0) FROM file_content) AS bytes',
    );
    return { files: Number(rows[0]?.files), bytes: Number(rows[0]?.bytes) };
  }
}
