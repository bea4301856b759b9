import { FileLinks } from '@opendls/file-links';
import type { SealingKeys } from '@opendls/crypto';
import { UnitOfWork } from '@opendls/postgres';
import type { DynamicModule } from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { FilesModule } from './files.module.js';
import { FilesService } from './files.service.js';
import { FilesStore } from './files.store.js';
import { StoreFile } from './store-file.use-case.js';
import { StreamSlots } from './stream-slots.js';

/** Bounds of the file store. */
export interface FileSettings {
  /** Largest file of a type that has no smaller limit: firmware. */
  readonly maxFileBytes: number;
  /** Uploads at the same time, per process. Each holds a chunk or two in memory. */
  readonly maxUploads: number;
  /** Downloads at the same time, per process. */
  readonly maxDownloads: number;
}

export const DEFAULT_FILE_SETTINGS: FileSettings = {
  maxFileBytes: 128 * 1_024 * 1_024,
  maxUploads: 4,
  maxDownloads: 32,
};

export interface FileStoreOptions {
  readonly dataSource: DataSource;
  readonly sealingKeys: SealingKeys;
  readonly metrics: Registry;
  readonly clock: () => Date;
  readonly settings?: Partial<FileSettings> | undefined;
}

/** The file store as config-policy is made of it. */
export interface FileStore {
  readonly service: FilesService;
  readonly module: DynamicModule;
}

export function createFileStore({ dataSource, sealingKeys, metrics, clock, settings }: FileStoreOptions): FileStore {
  const { maxFileBytes, maxUploads, maxDownloads } = { ...DEFAULT_FILE_SETTINGS, ...settings };
  const unitOfWork = new UnitOfWork(dataSource);
  const store = new FilesStore(dataSource);
  const uploads = new StreamSlots(maxUploads);
  const downloads = new StreamSlots(maxDownloads);
  const service = new FilesService(unitOfWork, store, downloads, clock);
  const storeFile = new StoreFile(unitOfWork, store, uploads, clock, maxFileBytes);
  registerMetrics(metrics, store, { upload: uploads, download: downloads });
  return { service, module: FilesModule.register({ service, storeFile, links: new FileLinks(sealingKeys), clock }) };
}

function registerMetrics(
  registry: Registry,
  store: FilesStore,
  slots: Readonly<Record<'upload' | 'download', StreamSlots>>,
): void {
  const registers = [registry];
  new Gauge({
    name: 'opendls_config_policy_file_transfers',
    help: 'Files being uploaded and downloaded now',
    labelNames: ['direction'],
    registers,
    collect() {
      for (const [direction, { inUse }] of Object.entries(slots)) this.set({ direction }, inUse);
    },
  });
  new Gauge({
    name: 'opendls_config_policy_file_bytes',
    help: 'Bytes of all contents in the file store',
    registers,
    async collect() {
      // While the database is down, the last number stays.
      const sizes = await store.sizes().catch(() => undefined);
      if (sizes !== undefined) this.set(sizes.bytes);
    },
  });
}
