import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { silentLogger } from '@opendls/logging';
import { openDataSource, UnitOfWork } from '@opendls/postgres';
import type { TestDatabase } from '@opendls/testing-postgres';
import type { DataSource } from 'typeorm';
import { stringify } from 'yaml';
import { aDocument } from '../../test/builders.js';
import { aDatabase } from '../../test/harness.js';
import { databaseOptions } from '../data-source.js';
import { ChangePolicies } from './change-policies.use-case.js';
import { PoliciesStore } from './policies.store.js';
import { PolicyDirectory } from './policy-directory.js';

jest.setTimeout(30_000);

let database: TestDatabase;
let dataSource: DataSource;
let store: PoliciesStore;
let change: ChangePolicies;
let folder: string;
let directory: PolicyDirectory;

beforeEach(async () => {
  database = await aDatabase();
  dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
  store = new PoliciesStore(dataSource);
  change = new ChangePolicies(new UnitOfWork(dataSource), store, () => new Date(), true);
  folder = await mkdtemp(path.join(tmpdir(), 'opendls-policies-'));
  directory = new PolicyDirectory(folder, change, silentLogger());
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
  await rm(folder, { recursive: true });
});

let clock = 1_000_000;
/** As an editor saves: the new file takes the place of the old one at once. */
async function save(file: string, text: string): Promise<void> {
  const draft = path.join(folder, `.${file}`);
  await writeFile(draft, text);
  await utimes(draft, clock, clock++);
  await rename(draft, path.join(folder, file));
}

function policy(name: string, sntp = 'ntp.example.org'): string {
  return stringify(aDocument({ name, items: [{ name: 'sntp-addr', value: sntp }] }));
}

async function stored(): Promise<string[]> {
  return (await store.list(undefined, 100)).map(
    ({ name, revision, origin, document }) => `${name} ${revision} ${origin} ${document.spec.items[0]?.value}`,
  );
}

describe('the policy directory', () => {
  it('is loaded, followed, and takes policies away with their files', async () => {
    await save('a.yaml', policy('one'));
    await save('b.yml', policy('two'));
    await save(
      'c.json',
      JSON.stringify(aDocument({ name: 'three', items: [{ name: 'sntp-addr', value: 'x.example.org' }] })),
    );
    await save('notes.txt', 'not a policy');
    await directory.load();
    expect(await stored()).toEqual([
      'one 1 file ntp.example.org',
      'three 1 file x.example.org',
      'two 1 file ntp.example.org',
    ]);
    await directory.refresh();
    expect((await stored())[0]).toBe('one 1 file ntp.example.org');

    await save('a.yaml', policy('one', 'ntp2.example.org'));
    await rm(path.join(folder, 'b.yml'));
    await directory.refresh();
    expect(await stored()).toEqual(['one 2 file ntp2.example.org', 'three 1 file x.example.org']);
    expect((await store.listRevisions('two', undefined, 9)).map(({ document }) => document === null)).toEqual([
      true,
      false,
    ]);
  });

  it('keeps what a broken file last said, also over a restart, and tells what is wrong', async () => {
    await save('a.yaml', policy('one'));
    await directory.load();
    await save('a.yaml', policy('one').replace('sntp-addr', 'device-type'));
    await directory.refresh();
    expect(await stored()).toEqual(['one 1 file ntp.example.org']);
    expect(directory.errorCount()).toBe(1);
    expect(directory.files()).toMatchObject([
      { file: 'a.yaml', policy: null, problems: [{ code: 'read-only', line: expect.any(Number) as number }] },
    ]);
    const restarted = new PolicyDirectory(folder, change, silentLogger());
    await restarted.load();
    expect(await stored()).toEqual(['one 1 file ntp.example.org']);

    await save('a.yaml', policy('one', 'ntp3.example.org'));
    await restarted.refresh();
    expect(await stored()).toEqual(['one 2 file ntp3.example.org']);
    expect(restarted.errorCount()).toBe(0);
  });

  it('leaves policies of the API alone, and the API those of files', async () => {
    await change.save({ name: 'one', text: policy('one'), format: 'yaml', by: 'key' });
    await save('a.yaml', policy('one', 'other.example.org'));
    await save('b.yaml', policy('two'));
    await directory.load();
    expect(await stored()).toEqual(['one 1 api ntp.example.org', 'two 1 file ntp.example.org']);
    expect(directory.files()[0]?.problems).toMatchObject([{ code: 'policy-from-api' }]);
    const text = policy('two', 'x.example.org');
    await expect(change.save({ name: 'two', text, format: 'yaml', by: 'key' })).rejects.toMatchObject({
      code: 'policy-from-file',
    });
    await expect(change.remove('two', 'key')).rejects.toMatchObject({ code: 'policy-from-file' });
  });

  it('takes the first of two files with one policy', async () => {
    await save('a.yaml', policy('one', 'first.example.org'));
    await save('b.yaml', policy('one', 'second.example.org'));
    await directory.load();
    expect(await stored()).toEqual(['one 1 file first.example.org']);
    expect(directory.files()[1]?.problems).toMatchObject([{ code: 'duplicate-policy' }]);
  });

  it('keeps everything while the directory cannot be read', async () => {
    await save('a.yaml', policy('one'));
    await directory.load();
    await rename(folder, `${folder}-away`);
    await directory.refresh();
    expect(directory.errorCount()).toBe(1);
    expect(await stored()).toHaveLength(1);
    await rename(`${folder}-away`, folder);
    await directory.refresh();
    expect(directory.errorCount()).toBe(0);
  });

  it('says at the start when there is no such directory', async () => {
    const missing = new PolicyDirectory(path.join(folder, 'missing'), change, silentLogger());
    await expect(missing.load()).rejects.toThrow(/ENOENT/);
  });

  it('reads the sample policies without a problem', async () => {
    const sample = new PolicyDirectory(
      new URL('../../policies-sample', import.meta.url).pathname,
      change,
      silentLogger(),
    );
    await sample.load();
    expect(sample.files().flatMap(({ problems, warnings }) => [...problems, ...warnings])).toEqual([]);
    expect(sample.files().length).toBeGreaterThan(1);
  });
});

describe('revisions', () => {
  it('are made by changes only, and go on after a deletion', async () => {
    const save = async (sntp: string): Promise<string> => {
      const { outcome, policy: saved } = await change.save({
        name: 'one',
        text: policy('one', sntp),
        format: 'yaml',
        by: 'key',
      });
      return `${outcome} ${saved.revision}`;
    };
    expect(await save('a.example.org')).toBe('created 1');
    expect(await save('a.example.org')).toBe('unchanged 1');
    expect(await save('b.example.org')).toBe('changed 2');
    await change.remove('one', 'key');
    expect(await save('b.example.org')).toBe('created 4');
    const revisions = await store.listRevisions('one', undefined, 10);
    expect(revisions.map(({ revision, document }) => `${revision} ${document === null ? 'deleted' : 'set'}`)).toEqual([
      '4 set',
      '3 deleted',
      '2 set',
      '1 set',
    ]);
  });

  it('stay distinct when two change a policy at the same time', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        change.save({ name: 'one', text: policy('one', `n${i}.example.org`), format: 'yaml', by: 'key' }),
      ),
    );
    expect(results.map(({ policy: { revision } }) => revision).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await store.version()).toBe(9);
  });
});
