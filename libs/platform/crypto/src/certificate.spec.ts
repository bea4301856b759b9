import { X509Certificate, createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { createSelfSignedCertificate, CryptoError, type KeyAndCertificate } from './index.js';

describe('createSelfSignedCertificate', () => {
  let made: KeyAndCertificate;
  beforeAll(async () => {
    made = await createSelfSignedCertificate({
      commonName: 'OpenDLS',
      altNames: ['localhost', 'dls.example.org', '127.0.0.1', '::1'],
      days: 3650,
    });
  });

  it('is an RSA-2048, SHA-256 server certificate for the given names', () => {
    const cert = new X509Certificate(made.cert);
    expect(cert.subject).toBe('CN=OpenDLS');
    expect(cert.checkHost('dls.example.org')).toBe('dls.example.org');
    expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(cert.checkIP('::1')).toBe('::1');
    expect(cert.ca).toBe(false);
    expect(cert.publicKey.asymmetricKeyType).toBe('rsa');
    expect(cert.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(cert.verify(cert.publicKey)).toBe(true);
    expect(cert.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
    expect(Date.parse(cert.validFrom)).toBeLessThan(Date.now() - 80_000_000);
    expect(Date.parse(cert.validTo)).toBeGreaterThan(Date.now() + 3_649 * 86_400_000);
  });

  it.each(['ECDHE-RSA-AES128-GCM-SHA256', 'AES128-SHA'])('serves a client that trusts it with %s', async (ciphers) => {
    const server = createServer({ ...made, ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1' }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A listening TCP server has an AddressInfo.
    const { port } = server.address() as AddressInfo;
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: made.cert,
      ciphers,
      maxVersion: 'TLSv1.2',
    });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    expect(socket.getCipher().name).toBe(ciphers);
    socket.destroy();
    server.close();
  });

  it.each([
    { commonName: '', altNames: [], days: 1 },
    { commonName: 'x', altNames: ['no name'], days: 1 },
    { commonName: 'x', altNames: [], days: 0 },
    { commonName: 'x', altNames: [], days: 1, keyBits: 512 },
  ])('refuses %j', async (options) => {
    await expect(createSelfSignedCertificate(options)).rejects.toBeInstanceOf(CryptoError);
  });
});
