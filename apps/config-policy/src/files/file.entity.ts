import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { FileFormat } from './domain/file-format.js';
import type { FileType } from './domain/file-type.js';
import type { FileFacts, FileWarning } from './domain/inspect-file.js';

/** The types as the constraint writes them. */
const TYPES = `type IN ('APP', 'LOGO', 'RINGTONE', 'MOH', 'PIC', 'SCREENSAVER', 'LDAP', 'DONGLE')`;

/** A file by name; its bytes are a {@link FileContentEntity}. */
@Entity({ name: 'file' })
@Check('file_type', TYPES)
@Index('file_sha256', ['sha256'])
export class FileEntity {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'text' })
  type!: FileType;

  /** Refers to a content; the content stays as long as a file names it. */
  @ForeignKey(() => FileContentEntity, 'sha256', { name: 'file_content_fkey' })
  @Column({ type: 'text', collation: 'C' })
  sha256!: string;

  @Column({ name: 'size_bytes', type: 'integer' })
  sizeBytes!: number;

  @Column({ type: 'text', nullable: true })
  format!: FileFormat | null;

  @Column({ name: 'content_type', type: 'text' })
  contentType!: string;

  /** Of a firmware image. */
  @Column({ type: 'text', nullable: true })
  version!: string | null;

  @Column({ name: 'software_type', type: 'text', nullable: true })
  softwareType!: string | null;

  /** What a firmware image or a picture says of itself. */
  @Column({ type: 'json' })
  facts!: Pick<FileFacts, 'image' | 'picture'>;

  @Column({ type: 'json' })
  warnings!: readonly FileWarning[];

  @Column({ name: 'uploaded_at', type: 'timestamptz' })
  uploadedAt!: Date;

  /** Id of the API key. */
  @Column({ name: 'uploaded_by', type: 'text' })
  uploadedBy!: string;
}

/** Bytes that were uploaded once, whatever files have them. */
@Entity({ name: 'file_content' })
@Index('file_content_sha256', ['sha256'], { unique: true })
@Index('file_content_released_at', ['releasedAt'], { where: 'released_at IS NOT NULL' })
export class FileContentEntity {
  @PrimaryColumn({ name: 'content_id', type: 'uuid' })
  contentId!: string;

  /** null: the upload is not finished. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  sha256!: string | null;

  @Column({ name: 'size_bytes', type: 'integer' })
  sizeBytes!: number;

  @Column({ name: 'chunk_bytes', type: 'integer' })
  chunkBytes!: number;

  /** Since when no file needs it: the time of the upload for one that is not finished. */
  @Column({ name: 'released_at', type: 'timestamptz', nullable: true })
  releasedAt!: Date | null;
}

/** A part of a content. */
@Entity({ name: 'file_chunk' })
export class FileChunkEntity {
  @ForeignKey(() => FileContentEntity, { name: 'file_chunk_content_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn({ name: 'content_id', type: 'uuid' })
  contentId!: string;

  @PrimaryColumn({ type: 'integer' })
  position!: number;

  @Column({ type: 'bytea' })
  bytes!: Buffer;
}
