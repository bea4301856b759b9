import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { jest } from '@jest/globals';
import forge from 'node-forge';
import {
  CertificateAuthority,
  createPkcs12,
  createSelfSignedCertificate,
  splitPem,
  type IssuedCertificate,
  type KeyAndCertificate,
  type Pkcs12Cipher,
} from './index.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;

let pair: KeyAndCertificate;
let authority: CertificateAuthority;
let client: IssuedCertificate;
let server: IssuedCertificate;

beforeAll(async () => {
  pair = await CertificateAuthority.create({ commonName: 'OpenDLS test CA', days: 3650, keyBits: 2048 });
  authority = await CertificateAuthority.open(pair);
  client = await authority.issueClientCertificate({ commonName: '001ae8005301', days: 730 });
  server = await authority.issueServerCertificate({
    commonName: 'dls',
    altNames: ['localhost', '127.0.0.1'],
    days: 90,
  });
});

describe('CertificateAuthority', () => {
  it('is a root that may sign end certificates only', () => {
    const root = new X509Certificate(pair.cert);
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(forgeExtension(pair.cert, 'basicConstraints')).toMatchObject({
      cA: true,
      pathLenConstraint: 0,
      critical: true,
    });
    expect(forgeExtension(pair.cert, 'keyUsage')).toMatchObject({
      keyCertSign: true,
      cRLSign: true,
      digitalSignature: false,
    });
  });

  it('issues a client certificate whose name is the device id', () => {
    const cert = new X509Certificate(client.cert);
    const root = new X509Certificate(pair.cert);
    expect(cert.subject).toBe('CN=001ae8005301');
    expect(cert.checkIssued(root)).toBe(true);
    expect(cert.verify(root.publicKey)).toBe(true);
    expect(cert.checkPrivateKey(createPrivateKey(client.key))).toBe(true);
    expect(cert.ca).toBe(false);
    expect(cert.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(cert.serialNumber.toLowerCase()).toBe(client.serialNumber);
    expect(client.serialNumber).toMatch(/^[4-7][0-9a-f]{31}$/);
    expect(Date.parse(cert.validTo)).toBe(Math.floor(client.notAfter.getTime() / 1000) * 1000);
    expect(Date.parse(cert.validFrom)).toBeLessThan(Date.now() - DAY_MS / 2);
    expect(Math.abs(client.notAfter.getTime() - Date.now() - 730 * DAY_MS)).toBeLessThan(DAY_MS);
    const keyId = forgeExtension(pair.cert, 'subjectKeyIdentifier')?.['subjectKeyIdentifier'];
    const authorityKey = forge.pki.certificateFromPem(client.cert).getExtension('authorityKeyIdentifier') as {
      value: string;
    };
    expect(forge.util.bytesToHex(authorityKey.value)).toContain(keyId);
  });

  it('issues a server certificate for names and addresses', () => {
    const cert = new X509Certificate(server.cert);
    expect(cert.checkHost('localhost')).toBe('localhost');
    expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(cert.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('signs nothing that lives longer than itself, and nothing once it is over', async () => {
    const short = await CertificateAuthority.open(
      await CertificateAuthority.create({ commonName: 'short', days: 10, keyBits: 2048 }),
    );
    const issued = await short.issueClientCertificate({ commonName: 'x', days: 1000 });
    expect(issued.notAfter).toEqual(short.notAfter);
    const later = new Date(Date.now() + 30 * DAY_MS);
    await expect(short.issueClientCertificate({ commonName: 'x', days: 1, now: later })).rejects.toMatchObject({
      code: 'certificate-input-invalid',
    });
  });

  it('keeps the certificates above it', async () => {
    const above = (await CertificateAuthority.create({ commonName: 'above', days: 10, keyBits: 2048 })).cert;
    const opened = await CertificateAuthority.open({ key: pair.key, cert: `comment\r\n${pair.cert}${above}` });
    expect(opened.chain).toEqual([pair.cert, above]);
    expect(splitPem('no certificate')).toEqual([]);
  });

  it('refuses what is no authority, without quoting it', async () => {
    const leaf = await createSelfSignedCertificate({ commonName: 'x', altNames: [], days: 1 });
    const other = await CertificateAuthority.create({ commonName: 'other', days: 10, keyBits: 2048 });
    const wrong = [
      leaf,
      { key: other.key, cert: pair.cert },
      { key: 'PRIVATE-TEXT', cert: pair.cert },
      { ...pair, cert: '' },
    ];
    for (const one of wrong) {
      const error: unknown = await CertificateAuthority.open(one).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'certificate-authority-invalid' });
      expect(JSON.stringify([error, String(error)])).not.toContain('PRIVATE');
    }
  });
});

describe.each<[Pkcs12Cipher, string]>([
  ['3des', ''],
  ['3des', 'pass phrase ä'],
  ['aes256', ''],
  ['aes256', 'geheim'],
])('createPkcs12 with %s and passphrase "%s"', (cipher, passphrase) => {
  let packed: string;
  beforeAll(() => {
    packed = createPkcs12({ ...client, chain: authority.chain, passphrase, cipher, friendlyName: '001ae8005301' });
  });

  it('is read by node-forge, and by nobody with another passphrase', () => {
    expect(packed).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const asn1 = forge.asn1.fromDer(forge.util.decode64(packed));
    const read = forge.pkcs12.pkcs12FromAsn1(asn1, passphrase);
    // The names of the bags are texts of forge, undefined only by its types.
    const certificates = read.getBags({ bagType: forge.pki.oids['certBag'] })[forge.pki.oids['certBag'] as string];
    expect(certificates?.map(({ cert }) => (cert?.subject.getField('CN') as { value: string }).value)).toEqual([
      '001ae8005301',
      'OpenDLS test CA',
    ]);
    const shrouded = forge.pki.oids['pkcs8ShroudedKeyBag'] as string;
    const [key] = read.getBags({ bagType: shrouded })[shrouded] ?? [];
    expect(forge.pki.privateKeyToPem(key?.key as forge.pki.PrivateKey).replaceAll('\r', '')).toBe(
      createPrivateKey(client.key).export({ format: 'pem', type: 'pkcs1' }),
    );
    expect(() => forge.pkcs12.pkcs12FromAsn1(asn1, 'another')).toThrow();
  });

  it('lets a phone into a listener that asks for certificates', async () => {
    const options = { key: server.key, cert: server.cert, ca: pair.cert, requestCert: true, rejectUnauthorized: true };
    const listener = createServer({ ...options, maxVersion: 'TLSv1.2' }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    // A listening TCP server has an AddressInfo.
    const { port } = listener.address() as AddressInfo;
    const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
    const pfx = Buffer.from(packed, 'base64');
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pair.cert, pfx, passphrase });
    await once(socket, 'secureConnect');
    const [seen] = await accepted;
    expect(seen.authorized).toBe(true);
    expect(seen.getPeerCertificate().subject.CN).toBe('001ae8005301');
    expect(seen.getPeerCertificate().serialNumber.toLowerCase()).toBe(client.serialNumber);
    socket.destroy();
    seen.destroy();
    listener.close();
  });
});

function forgeExtension(cert: string, name: string): Record<string, unknown> | undefined {
  return forge.pki.certificateFromPem(cert).getExtension(name);
}
