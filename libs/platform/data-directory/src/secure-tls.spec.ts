import { CertificateAuthority, createSelfSignedCertificate } from '@opendls/crypto';
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { readOrCreateSecureTls } from './secure-tls.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
let directory: string;

beforeEach(async () => {
  directory = path.join(await mkdtemp(path.join(tmpdir(), 'opendls-secure-')), 'tls');
});

afterEach(async () => {
  await rm(path.dirname(directory), { recursive: true, force: true });
});

async function certificateOf({ certificateFile }: { readonly certificateFile: string }): Promise<X509Certificate> {
  return new X509Certificate(await readFile(certificateFile));
}

async function put(name: string, { key, cert }: { readonly key: string; readonly cert: string }): Promise<void> {
  await mkdir(directory, { recursive: true });
  const files = name === 'ca' ? ['ca-key.pem', 'ca.pem'] : [`${name}-key.pem`, `${name}-cert.pem`];
  await writeFile(path.join(directory, files[0] ?? ''), key);
  await writeFile(path.join(directory, files[1] ?? ''), cert);
}

describe('readOrCreateSecureTls', () => {
  it('makes an authority and a certificate of this machine signed by it, once, with private keys', async () => {
    const made = await readOrCreateSecureTls(directory);
    const authority = await certificateOf(made.certificateAuthority);
    const server = await certificateOf(made.secureTls);
    expect(authority.ca).toBe(true);
    expect(server.checkIssued(authority)).toBe(true);
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkHost(hostname())).toBe(hostname());
    for (const { keyFile } of [made.certificateAuthority, made.secureTls]) {
      expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    }
    expect(made.warnings).toEqual([]);
    const again = await readOrCreateSecureTls(directory);
    expect((await certificateOf(again.secureTls)).fingerprint256).toBe(server.fingerprint256);
    expect((await certificateOf(again.certificateAuthority)).fingerprint256).toBe(authority.fingerprint256);
  });

  it('signs with the authority that the user put there', async () => {
    const own = await CertificateAuthority.create({ commonName: 'corporate', days: 4000, keyBits: 2048 });
    await put('ca', own);
    const { secureTls } = await readOrCreateSecureTls(directory);
    expect((await certificateOf(secureTls)).issuer).toBe('CN=corporate');
  });

  it("keeps the user's own certificate, and says when phones are not given its issuer", async () => {
    const issuer = await CertificateAuthority.create({ commonName: 'corporate', days: 4000, keyBits: 2048 });
    const authority = await CertificateAuthority.open(issuer);
    const own = await authority.issueServerCertificate({ commonName: 'dls', altNames: ['dls'], days: 3000 });
    await put('secure', own);
    const first = await readOrCreateSecureTls(directory);
    expect(await readFile(first.secureTls.certificateFile, 'utf8')).toBe(own.cert);
    expect(first.serverCaFile).toBeUndefined();
    expect(first.warnings).toEqual([expect.stringContaining('server-ca.pem')]);
    await writeFile(path.join(directory, 'server-ca.pem'), issuer.cert);
    const second = await readOrCreateSecureTls(directory);
    expect(second.serverCaFile).toBe(path.join(directory, 'server-ca.pem'));
    expect(second.warnings).toEqual([]);
  });

  it('warns before a certificate expires, and after', async () => {
    await put('secure', await createSelfSignedCertificate({ commonName: 'dls', altNames: ['dls'], days: 100 }));
    const about = async (days: number): Promise<string> => {
      const { warnings } = await readOrCreateSecureTls(directory, new Date(Date.now() + days * DAY_MS));
      return warnings.filter((text) => text.includes('expire')).join();
    };
    expect(await about(30)).toBe('');
    expect(await about(50)).toContain('expires in 4');
    expect(await about(120)).toContain('has expired');
  });

  it.each(['ca-key.pem', 'ca.pem', 'secure-key.pem', 'secure-cert.pem'])(
    'says so when only %s is gone',
    async (file) => {
      await readOrCreateSecureTls(directory);
      await rm(path.join(directory, file));
      await expect(readOrCreateSecureTls(directory)).rejects.toMatchObject({
        code: 'damaged',
        message: expect.stringContaining(file) as string,
      });
    },
  );
});
