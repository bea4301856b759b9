import { readFileSync, statSync } from 'node:fs';
import { apiKeyId, equalInConstantTime, hashApiKey } from '@opendls/crypto/sealing';
import { AppError, type Logger } from '@opendls/logging';
import { parseJson } from '../input/parse-json.js';
import { apiKeyFileSchema, type ApiKeyRecord } from './api-key-record.js';
import type { ApiKeySource, AuthResult } from './api-key-source.js';

/** What reading a key file needs besides its path. */
export interface ApiKeyFileOptions {
  readonly logger: Logger;
  readonly now?: () => Date;
  /** How long a change of the file may stay unnoticed. */
  readonly checkEveryMs?: number;
}

/** An unknown key makes the file be looked at again, but not more often than this: strangers could ask for it. */
const CHECK_ON_MISS_MS = 50;

/**
 * The API keys of an installation, kept in one file (`[{ id, name, role, hash, createdAt, expiresAt }]`).
 * Changes are noticed by looking at the file's state at most every `checkEveryMs` while requests come in: no watcher and
 * no timer that could be lost, and no limit on which file systems it works on. A file that became unreadable as JSON
 * keeps the keys of before (and is logged); a file that is gone means that no key is valid.
 */
export class ApiKeyFile implements ApiKeySource {
  private records: ReadonlyMap<string, ApiKeyRecord> = new Map();
  private state = '';
  private checkedAt = 0;
  private readonly now: () => Date;
  private readonly checkEveryMs: number;

  constructor(
    readonly path: string,
    private readonly options: ApiKeyFileOptions,
  ) {
    this.now = options.now ?? (() => new Date());
    this.checkEveryMs = options.checkEveryMs ?? 500;
    this.checkedAt = performance.now();
    this.state = this.fileState();
    this.records = this.state === '' ? new Map() : byId(readApiKeys(path));
    if (this.records.size === 0) options.logger.warn({ file: path }, 'there are no API keys yet');
  }

  authenticate(text: string): AuthResult {
    this.reloadWhenChanged(this.checkEveryMs);
    const id = apiKeyId(text);
    if (id === undefined) return { ok: false, code: 'api-key-invalid' };
    if (!this.records.has(id)) this.reloadWhenChanged(CHECK_ON_MISS_MS);
    const record = this.records.get(id);
    if (record === undefined || !equalInConstantTime(record.hash, hashApiKey(text))) {
      return { ok: false, code: 'api-key-invalid' };
    }
    if (record.revokedAt !== undefined) return { ok: false, code: 'api-key-revoked' };
    if (record.expiresAt !== null && Date.parse(record.expiresAt) <= this.now().getTime()) {
      return { ok: false, code: 'api-key-expired' };
    }
    return { ok: true, key: { id, name: record.name, role: record.role } };
  }

  private reloadWhenChanged(afterMs: number): void {
    const now = performance.now();
    if (now - this.checkedAt < afterMs) return;
    this.checkedAt = now;
    const state = this.fileState();
    if (state === this.state) return;
    this.state = state;
    try {
      this.records = state === '' ? new Map() : byId(readApiKeys(this.path));
      this.options.logger.info({ file: this.path, keys: this.records.size }, 'API keys loaded');
    } catch (error) {
      this.options.logger.error({ err: error, file: this.path }, 'API keys could not be loaded, the old ones stay');
    }
  }

  /** Changes whenever the file is replaced or written; empty when it is not there. */
  private fileState(): string {
    const stats = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? '' : `${stats.ino}/${stats.mtimeNs}/${stats.size}`;
  }
}

/** Reads and checks a key file. @throws AppError `api-key-file-invalid` */
export function readApiKeys(path: string): readonly ApiKeyRecord[] {
  const json = parseJson(readFileSync(path, 'utf8'));
  const parsed = json.ok ? apiKeyFileSchema.safeParse(json.value) : undefined;
  if (parsed?.success !== true) throw new AppError('api-key-file-invalid', `${path} is not a file of API keys`);
  return parsed.data;
}

function byId(records: readonly ApiKeyRecord[]): ReadonlyMap<string, ApiKeyRecord> {
  return new Map(records.map((record) => [record.id, record]));
}
