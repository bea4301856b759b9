import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@opendls/logging';
import { ApiKeyFile } from './api-key-file.js';
import { createApiKey, revokeApiKey } from './manage-api-keys.js';

const directory = mkdtempSync(join(tmpdir(), 'opendls-keyfile-'));
afterAll(() => rmSync(directory, { recursive: true }));

const lines: string[] = [];
const logger = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });

function load(file: string): ApiKeyFile {
  return new ApiKeyFile(file, { logger, checkEveryMs: 0 });
}

describe('ApiKeyFile', () => {
  it('starts without a file and takes the first key when it comes', async () => {
    const file = join(directory, 'late.json');
    const keys = load(file);
    const { text } = await createApiKey(file, { name: 'first', role: 'admin' });
    expect(keys.authenticate(text).ok).toBe(true);
  });

  it('forgets a revoked key, and every key when the file is gone', async () => {
    const file = join(directory, 'gone.json');
    const kept = await createApiKey(file, { name: 'kept', role: 'viewer' });
    const dropped = await createApiKey(file, { name: 'dropped', role: 'viewer' });
    const keys = load(file);
    expect(keys.authenticate(dropped.text).ok).toBe(true);
    await revokeApiKey(file, dropped.record.id);
    expect(keys.authenticate(dropped.text)).toEqual({ ok: false, code: 'api-key-revoked' });
    rmSync(file);
    expect(keys.authenticate(kept.text)).toEqual({ ok: false, code: 'api-key-invalid' });
  });

  it('keeps its keys and complains when the file becomes rubbish', async () => {
    const file = join(directory, 'rubbish.json');
    const { text } = await createApiKey(file, { name: 'x', role: 'viewer' });
    const keys = load(file);
    writeFileSync(file, '[{ half');
    expect(keys.authenticate(text).ok).toBe(true);
    expect(lines.join('')).toContain('API keys could not be loaded');
  });

  it('does not start with rubbish', () => {
    const file = join(directory, 'bad.json');
    writeFileSync(file, '{"id": "x"}');
    expect(() => load(file)).toThrow('is not a file of API keys');
  });
});
