import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { openDataDirectory } from './index.js';

let directory: string;
/** Making keys takes seconds: most tests begin with a directory that was used before. */
let template: string;

beforeAll(async () => {
  template = await mkdtemp(path.join(tmpdir(), 'opendls-data-template-'));
  await (await openDataDirectory(template)).release();
}, 60_000);

afterAll(() => rm(template, { recursive: true, force: true }));

beforeEach(async () => {
  directory = path.join(await mkdtemp(path.join(tmpdir(), 'opendls-data-')), 'data');
});

afterEach(async () => {
  await rm(path.dirname(directory), { recursive: true, force: true });
});

async function useBefore(): Promise<void> {
  await cp(template, directory, { recursive: true });
}

async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o777).toString(8);
}

describe('openDataDirectory', () => {
  it('makes keys and an RSA-2048 certificate on first use and keeps them afterwards', async () => {
    const first = await openDataDirectory(directory);
    const certificate = new X509Certificate(await readFile(first.tls.certificateFile));
    expect(certificate.publicKey.asymmetricKeyType).toBe('rsa');
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    await first.release();

    const second = await openDataDirectory(directory);
    expect(second.sealingKeys).toBe(first.sealingKeys);
    expect(new X509Certificate(await readFile(second.tls.certificateFile)).fingerprint256).toBe(
      certificate.fingerprint256,
    );
    await second.release();
  }, 60_000);

  it('keeps private files private', async () => {
    await useBefore();
    const data = await openDataDirectory(directory);
    expect(await modeOf(data.sealingKeysFile)).toBe('600');
    expect(await modeOf(data.tls.keyFile)).toBe('600');
    await data.release();
  });

  it('refuses a directory that another running server uses, and says which', async () => {
    await useBefore();
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      const data = await openDataDirectory(directory);
      await data.release();
      await writeFile(path.join(directory, 'opendls.pid'), `${other.pid}\n`);
      await expect(openDataDirectory(directory)).rejects.toMatchObject({
        code: 'in-use',
        message: expect.stringContaining(String(other.pid)) as string,
      });
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
    const taken = await openDataDirectory(directory);
    await taken.release();
  });

  it('takes over a lock that a power cut left torn', async () => {
    await useBefore();
    await (await openDataDirectory(directory)).release();
    await writeFile(path.join(directory, 'opendls.pid'), '');
    const data = await openDataDirectory(directory);
    expect(await readFile(path.join(directory, 'opendls.pid'), 'utf8')).toBe(`${process.pid}\n`);
    await data.release();
  });

  it('never replaces sealing keys that are there but empty', async () => {
    await useBefore();
    const data = await openDataDirectory(directory);
    await data.release();
    await chmod(data.sealingKeysFile, 0o600);
    await writeFile(data.sealingKeysFile, '\n');
    await expect(openDataDirectory(directory)).rejects.toMatchObject({ code: 'damaged' });
  });

  it('says so when only one half of the certificate is there', async () => {
    await useBefore();
    const data = await openDataDirectory(directory);
    await data.release();
    await rm(data.tls.certificateFile);
    await expect(openDataDirectory(directory)).rejects.toMatchObject({ code: 'damaged' });
  });

  it('says so when the place is not a directory', async () => {
    await writeFile(directory, '');
    await expect(openDataDirectory(directory)).rejects.toMatchObject({ code: 'not-writable' });
  });

  it('writes endpoints.json while in use and removes it on release', async () => {
    await useBefore();
    const data = await openDataDirectory(directory);
    const endpoints = { phones: 'https://127.0.0.1:1', api: 'http://127.0.0.1:2', kafka: null, processes: [] };
    await data.writeEndpoints(endpoints);
    expect(JSON.parse(await readFile(data.resolve('endpoints.json'), 'utf8'))).toEqual(endpoints);
    await data.release();
    await expect(stat(path.join(directory, 'endpoints.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
