import type { UnitOfWork } from '@opendls/postgres';
import { parseFirmwareVersion } from '@opendls/firmware';
import { holds, type Precondition } from './digests.js';
import { maxBytesOf, isStoreFileName, type FileType } from './domain/file-type.js';
import { formatProblemOf, inspectFile } from './domain/inspect-file.js';
import type { FileEntity } from './file.entity.js';
import { FileError } from './files.errors.js';
import type { FilesStore } from './files.store.js';
import { receiveContent } from './receive-content.js';
import type { StreamSlots } from './stream-slots.js';

/** A file on its way. */
export interface FileUpload {
  readonly name: string;
  readonly type: FileType;
  readonly bytes: AsyncIterable<Buffer>;
  readonly declaredBytes: number | undefined;
  readonly sha256: string | undefined;
  readonly precondition: Precondition | undefined;
  readonly version: string | undefined;
  readonly softwareType: string | undefined;
  /** Id of the API key. */
  readonly by: string;
}

/** Takes a file, checks that it is what its type wants, and puts it in the place of the file of the same name. */
export class StoreFile {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: FilesStore,
    private readonly slots: StreamSlots,
    private readonly clock: () => Date,
    private readonly maxFileBytes: number,
  ) {}

  /** @throws {FileError} with nothing stored */
  async execute(upload: FileUpload): Promise<{ readonly file: FileEntity; readonly created: boolean }> {
    const { name, type, declaredBytes } = upload;
    const maxBytes = maxBytesOf(type, this.maxFileBytes);
    this.checkRequest(upload);
    // What is said before the bytes come is refused before they come.
    if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(type, maxBytes);
    if (!holds(upload.precondition, (await this.store.find(name))?.sha256)) throw changedMeanwhile();
    const release = this.slots.take();
    try {
      return await this.receive(upload, maxBytes);
    } finally {
      release();
    }
  }

  private checkRequest({ name, type, version, softwareType }: FileUpload): void {
    if (!isStoreFileName(name)) {
      throw new FileError('file-name-invalid', 'letters, digits and . _ -, a letter or digit first, at most 64');
    }
    if (type !== 'APP' && (version !== undefined || softwareType !== undefined)) {
      throw new FileError('file-version-invalid', 'only firmware (type APP) has a version and a software type');
    }
    if (version !== undefined && parseFirmwareVersion(version) === undefined) {
      throw new FileError('file-version-invalid', 'a version is written as V3 R5.12.0 or 3.5.12.0');
    }
  }

  private async receive(
    upload: FileUpload,
    maxBytes: number,
  ): Promise<{ readonly file: FileEntity; readonly created: boolean }> {
    const { name, type } = upload;
    const now = this.clock();
    const received = await receiveContent(this.store, upload.bytes, {
      ...{ maxBytes, now },
      checkHead: (head) => {
        const problem = formatProblemOf(type, head);
        if (problem !== undefined) throw new FileError('file-format-wrong', problem);
      },
    }).catch((error: unknown) => {
      throw error instanceof FileError && error.code === 'file-too-large' ? tooLarge(type, maxBytes) : error;
    });
    const { contentId, sha256, sizeBytes, head, tail } = received;
    try {
      if (upload.sha256 !== undefined && upload.sha256 !== sha256) {
        throw new FileError('file-digest-mismatch', `${sizeBytes} bytes arrived, their SHA-256 is ${sha256}`);
      }
      const facts = inspectFile({
        ...{ name, type, head, tail, sizeBytes },
        statedVersion: upload.version,
        statedSoftwareType: upload.softwareType,
      });
      const { image, picture, ...others } = facts;
      const file = { name, type, sha256, sizeBytes, ...others, facts: { image, picture }, uploadedAt: now };
      return await this.commit({ ...file, uploadedBy: upload.by }, contentId, upload.precondition);
    } catch (error) {
      await this.store.dropContent(contentId).catch(() => undefined);
      throw error;
    }
  }

  private async commit(
    file: FileEntity,
    contentId: string,
    precondition: Precondition | undefined,
  ): Promise<{ readonly file: FileEntity; readonly created: boolean }> {
    return this.unitOfWork.run(async (tx) => {
      const before = await this.store.lock(tx, file.name);
      if (!holds(precondition, before?.sha256)) throw changedMeanwhile();
      await this.store.finishContent(tx, contentId, file.sha256, file.sizeBytes);
      await this.store.save(tx, file);
      if (before !== null && before.sha256 !== file.sha256)
        await this.store.release(tx, before.sha256, file.uploadedAt);
      return { file, created: before === null };
    });
  }
}

function tooLarge(type: FileType, maxBytes: number): FileError {
  return new FileError('file-too-large', `a file of type ${type} has at most ${maxBytes} bytes here`);
}

function changedMeanwhile(): FileError {
  return new FileError('file-changed-meanwhile', 'the file is not as the precondition says');
}
