import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@opendls/logging';
import { ApiKeyFile } from '../auth/api-key-file.js';
import { runApiKeyCommand } from './api-key-command.js';

const directory = mkdtempSync(join(tmpdir(), 'opendls-keys-'));
const file = join(directory, 'new', 'api-keys.json');
afterAll(() => rmSync(directory, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runApiKeyCommand(args, { out: (text) => void (out += text), err: (text) => void (err += text) });
  return { code, out, err };
}

describe('api-key', () => {
  it('creates a key that works, in a file only its owner can read, and prints it alone on stdout', async () => {
    const { code, out, err } = await run(
      'create',
      '--name',
      'grafana',
      '--role',
      'viewer',
      '--expires',
      '90d',
      '--file',
      file,
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^odls_v_[0-9a-f]{12}_[\w-]{43}\n$/);
    expect(err).not.toContain(out.trim());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const keys = new ApiKeyFile(file, { logger: silentLogger() });
    expect(keys.authenticate(out.trim())).toMatchObject({ ok: true, key: { name: 'grafana', role: 'viewer' } });
    const later = new ApiKeyFile(file, { logger: silentLogger(), now: () => new Date(Date.now() + 91 * 86_400_000) });
    expect(later.authenticate(out.trim())).toEqual({ ok: false, code: 'api-key-expired' });
  });

  it('lists and revokes, and never shows hashes or keys', async () => {
    const { out: text } = await run('create', '--name', 'ci', '--role', 'admin', '--file', file);
    const id = text.split('_')[2] ?? '';
    expect((await run('revoke', id, '--file', file)).code).toBe(0);
    const { out } = await run('list', '--file', file);
    expect(out).toMatch(new RegExp(`${id} +admin +revoked .* ci`));
    expect(out).toMatch(/viewer +until /);
    expect(out).not.toMatch(/[0-9a-f]{64}|odls_/);
    const keys = new ApiKeyFile(file, { logger: silentLogger() });
    expect(keys.authenticate(text.trim())).toEqual({ ok: false, code: 'api-key-revoked' });
  });

  it('loses no key when several are made at the same time', async () => {
    const shared = join(directory, 'shared.json');
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => run('create', '--name', `n${i}`, '--role', 'viewer', '--file', shared)),
    );
    expect((await run('list', '--file', shared)).out.match(/ n\d$/gm)).toHaveLength(8);
  });

  it.each([
    [['create', '--nam', 'x'], '--nam'],
    [['create', '--role', 'viewer'], '--name'],
    [['create', '--name', 'x', '--role', 'root'], '--role takes one of viewer, operator, admin'],
    [['create', '--name', 'x', '--role', 'viewer', '--expires', 'never'], '--expires'],
    [['create', '--name', 'x', '--role', 'viewer', '--expires', '2001-01-01'], '--expires'],
    [['list', '--file', 'a', '--data-dir', 'b'], 'exclude each other'],
    [['revoke'], 'id of a key'],
    [['destroy'], "no command 'destroy'"],
  ])('refuses %j and says what is wrong', async (args, words) => {
    const { code, err, out } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(out).toBe('');
  });

  it('says when there is no such key', async () => {
    expect(await run('revoke', '000000000000', '--file', file)).toMatchObject({
      code: 1,
      err: 'there is no API key with this id\n',
    });
  });

  it('explains itself', async () => {
    expect((await run('--help')).out).toContain('npm run api-key -- create');
    expect((await run('create', '--help')).code).toBe(0);
  });
});
