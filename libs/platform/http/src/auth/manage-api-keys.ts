import { existsSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateApiKey, type ApiRole } from '@opendls/crypto/sealing';
import { AppError } from '@opendls/logging';
import { readApiKeys } from './api-key-file.js';
import { apiKeyRecordSchema, type ApiKeyRecord } from './api-key-record.js';

/** What a new key shall be. */
export interface NewApiKey {
  readonly name: string;
  readonly role: ApiRole;
  readonly expiresAt?: Date | null;
  readonly now?: Date;
}

const LOCK_RETRY_MS = 20;
const LOCK_STALE_MS = 10_000;

/** Adds a key to a file, which is made when it is not there. `text` is the key: it exists nowhere else. */
export async function createApiKey(
  file: string,
  wanted: NewApiKey,
): Promise<{ readonly text: string; readonly record: ApiKeyRecord }> {
  const { id, text, hash } = generateApiKey(wanted.role);
  const record = apiKeyRecordSchema.parse({
    id,
    name: wanted.name,
    role: wanted.role,
    hash,
    createdAt: (wanted.now ?? new Date()).toISOString(),
    expiresAt: wanted.expiresAt?.toISOString() ?? null,
  });
  await changeKeys(file, (records) => [...records, record]);
  return { text, record };
}

/** All keys of a file; none when the file is not there. */
export function listApiKeys(file: string): readonly ApiKeyRecord[] {
  return existsSync(file) ? readApiKeys(file) : [];
}

/** Makes a key invalid for ever. It stays in the file, so that the log entries with its id keep their meaning. */
export async function revokeApiKey(file: string, id: string, now: Date = new Date()): Promise<ApiKeyRecord> {
  let revoked: ApiKeyRecord | undefined;
  await changeKeys(file, (records) =>
    records.map((record) => {
      if (record.id !== id) return record;
      revoked = { ...record, revokedAt: record.revokedAt ?? now.toISOString() };
      return revoked;
    }),
  );
  if (revoked === undefined) throw new AppError('api-key-not-found', 'there is no API key with this id');
  return revoked;
}

/** One writer at a time; readers see the old file or the new one, never a part of it. */
async function changeKeys(
  file: string,
  change: (records: readonly ApiKeyRecord[]) => readonly ApiKeyRecord[],
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  await takeLock(lock);
  try {
    const records = change(listApiKeys(file));
    const temporary = `${file}.${process.pid}.tmp`;
    await writeFile(temporary, `${JSON.stringify(records, null, 2)}\n`, { mode: 0o600, flush: true });
    await chmod(temporary, 0o600);
    await keepOwner(file, temporary);
    await rename(temporary, file);
  } finally {
    await rm(lock, { force: true });
  }
}

/** A key made by root for a service that runs as somebody else must stay readable for that service. */
async function keepOwner(file: string, temporary: string): Promise<void> {
  const owner = await stat(existsSync(file) ? file : dirname(file));
  const handle = await open(temporary, 'r+');
  try {
    await handle.chown(owner.uid, owner.gid);
  } catch {
    // Only root may give files away; anybody else already owns what belongs to them.
  } finally {
    await handle.close();
  }
}

async function takeLock(lock: string): Promise<void> {
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (error) {
      const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
      if (code !== 'EEXIST') throw error;
    }
    const age =
      Date.now() -
      (await stat(lock).then(
        (stats) => stats.mtimeMs,
        () => Date.now(),
      ));
    // Left behind by a process that was killed.
    if (age > LOCK_STALE_MS) await rm(lock, { force: true });
    else await delay(LOCK_RETRY_MS);
  }
}
