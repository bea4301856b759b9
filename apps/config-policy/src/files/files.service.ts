import type { UnitOfWork } from '@opendls/postgres';
import type { FileLookup, StoredFile } from '../work-orders/order-kinds/order-kind.js';
import { holds, type Precondition } from './digests.js';
import type { FileType } from './domain/file-type.js';
import type { FileEntity } from './file.entity.js';
import { FileError } from './files.errors.js';
import type { FilesStore } from './files.store.js';
import { openContent, type OpenContent, type StoredContents } from './read-content.js';
import type { StreamSlots } from './stream-slots.js';

/** How long a content outlives the last file that had it: longer than links to it live. */
const RELEASED_FOR_MS = 24 * 3_600_000;

/** The file store, but for storing: lists, gives out and removes files, and finds them for orders. */
export class FilesService implements FileLookup, StoredContents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: FilesStore,
    private readonly downloads: StreamSlots,
    private readonly clock: () => Date,
  ) {}

  async list(after: string | undefined, limit: number, type: FileType | undefined): Promise<FileEntity[]> {
    return this.store.list(after, limit, type);
  }

  /** @throws {FileError} `file-not-found` */
  async get(name: string): Promise<FileEntity> {
    const file = await this.store.find(name);
    if (file === null) throw notFound();
    return file;
  }

  /** The file of a name, as orders refer to it. */
  async find(name: string): Promise<StoredFile | undefined> {
    const file = await this.store.find(name);
    if (file === null) return undefined;
    const { sha256, sizeBytes, type, version, softwareType } = file;
    return {
      ...{ name, sha256, sizeBytes, type },
      ...(version === null ? {} : { softwareVersion: version }),
      ...(softwareType === null ? {} : { softwareType }),
    };
  }

  /** Several files; names that do not exist are missing. */
  async resolve(names: readonly string[]): Promise<ReadonlyMap<string, StoredFile>> {
    const found = await Promise.all([...new Set(names)].map((name) => this.find(name)));
    return new Map(found.flatMap((file) => (file === undefined ? [] : [[file.name, file]])));
  }

  /** For a gateway in the same process, which has limits of its own. */
  async open(sha256: string): Promise<OpenContent | undefined> {
    return openContent(this.store, sha256);
  }

  /** For a client of the API. @throws {FileError} `file-streams-busy`, `file-not-found` */
  async download(sha256: string): Promise<OpenContent> {
    const release = this.downloads.take();
    const content = await openContent(this.store, sha256, release).catch((error: unknown) => {
      release();
      throw error;
    });
    if (content === undefined) throw notFound();
    return content;
  }

  /** @throws {FileError} `file-not-found`, `file-changed-meanwhile`, `file-in-use` */
  async remove(name: string, precondition: Precondition | undefined): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      const file = await this.store.lock(tx, name);
      if (file === null) throw notFound();
      if (!holds(precondition, file.sha256)) {
        throw new FileError('file-changed-meanwhile', 'the file is not as the precondition says');
      }
      const orders = await this.store.countOpenOrders(file.sha256, tx);
      if (orders > 0) throw new FileError('file-in-use', `${orders} open order(s) need it`);
      await this.store.remove(tx, name);
      await this.store.release(tx, file.sha256, this.clock());
    });
  }

  /** Removes contents that nothing has needed for a while, and uploads that never ended. */
  async removeUnused(): Promise<number> {
    const before = new Date(this.clock().getTime() - RELEASED_FOR_MS);
    return this.unitOfWork.run((tx) => this.store.removeUnused(tx, before));
  }
}

function notFound(): FileError {
  return new FileError('file-not-found', 'there is no such file');
}
