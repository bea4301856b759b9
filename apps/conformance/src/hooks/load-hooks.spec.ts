import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { HooksError, loadHooks } from './load-hooks.js';
import { HOOK_NAMES } from './server-hooks.js';

const directory = mkdtempSync(path.join(tmpdir(), 'conformance-hooks-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function fileWith(name: string, text: string): string {
  const file = path.join(directory, `${name}.mjs`);
  writeFileSync(file, text);
  return file;
}

describe('loadHooks', () => {
  it('loads the hooks of OpenDLS itself', async () => {
    const hooks = await loadHooks(fileURLToPath(new URL('../../hooks/opendls.mjs', import.meta.url)));
    const expected = ['open', 'cleanup', ...HOOK_NAMES];
    expect(Object.keys(hooks).toSorted()).toEqual(expected.toSorted());
  });

  it.each([
    ['misspelt', 'export function wantWirte() {}', 'wantWirte'],
    ['no-function', 'export const wantWrite = 1;', 'wantWrite must be a function'],
    ['empty', 'const a = 1;', 'exports no hook'],
    ['broken', 'export function {', 'cannot be loaded'],
  ])('refuses a file that is %s', async (name, text, words) => {
    const loading = loadHooks(fileWith(name, text));
    await expect(loading).rejects.toThrow(HooksError);
    await expect(loading).rejects.toThrow(words);
  });
});
