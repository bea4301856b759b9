import { jest } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CertificateAuthority,
  createSelfSignedCertificate,
  generateSealingKey,
  parseSealingKeys,
  type KeyAndCertificate,
} from '@opendls/crypto';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { basicItems, message } from '../test/raw-phone.js';
import { startTestGateway, testCertificate, type TestGateway } from '../test/test-gateway.js';
import { talk, type Talk } from '../test/tls-phone.js';

jest.setTimeout(60_000);

let bus: InMemoryEventBus;
const started: TestGateway[] = [];
let directory: string;
const short = { deadlineMs: 300, publishDeadlineMs: 200 };

beforeAll(async () => {
  bus = new InMemoryEventBus();
  directory = await mkdtemp(join(tmpdir(), 'opendls-tls-'));
});

afterAll(async () => {
  await Promise.all(started.map((gateway) => gateway.close()));
  await bus.close();
  await rm(directory, { recursive: true });
});

const TLS_1_0 = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' } as const;

async function start(...[config, options]: [object?, object?]): Promise<TestGateway> {
  const gateway = await startTestGateway(bus, { ...short, ...config }, options);
  started.push(gateway);
  return gateway;
}

const call = (url: string, options = {}): Promise<Talk> => talk(url, message({ items: basicItems() }), options);

describe('session tickets', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'are good at every gateway with the same keys, and at no other (%s)',
    async (v) => {
      const [one, two] = [await start(), await start()];
      const stranger = await start({}, { sealingKeys: parseSealingKeys(generateSealingKey('k1')) });
      const tls = { minVersion: v, maxVersion: v };
      const { session, isReused } = await call(one.phonesUrl, tls);
      expect([isReused, session === undefined]).toEqual([false, false]);
      expect((await call(two.phonesUrl, { ...tls, session })).isReused).toBe(true);
      expect((await call(stranger.phonesUrl, { ...tls, session })).isReused).toBe(false);
    },
  );
});

describe('certificates', () => {
  const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
  const newCertificate = (commonName: string): Promise<KeyAndCertificate> =>
    createSelfSignedCertificate({ commonName, altNames: ['127.0.0.1'], days: 1 });

  it('are replaced without a restart when their files are, and sessions go on', async () => {
    const [old, young] = [await newCertificate('old'), await newCertificate('young')];
    await write('key.pem', old.key);
    await write('cert.pem', old.cert);
    const files = { key: join(directory, 'key.pem'), cert: join(directory, 'cert.pem') };
    const legacyPhones = { host: '127.0.0.1', port: 0, tls: old };
    const gateway = await start(
      { phones: { tls: old }, legacyPhones },
      { tlsFiles: { default: files, legacy: files } },
    );
    const metrics = (): Promise<string> => gateway.metrics.metrics();
    const { server, session } = await call(gateway.phonesUrl);
    expect(server).toBe('old');

    await gateway.reloadCertificates();
    expect(await metrics()).not.toMatch(/tls_reloads_total\{/);

    // The key is there, its certificate not yet: the old ones stay, which is told once.
    await write('key.pem', young.key);
    await gateway.reloadCertificates();
    await gateway.reloadCertificates();
    expect((await call(gateway.phonesUrl)).server).toBe('old');
    expect(await metrics()).toContain('tls_reloads_total{listener="default",outcome="failed"} 1');
    const told = gateway.logLines.filter((line) => line.includes('new certificate cannot be used'));
    expect(told).toHaveLength(2);
    expect(told.join()).not.toContain('PRIVATE KEY');

    await write('cert.pem', young.cert);
    await gateway.reloadCertificates();
    for (const url of [gateway.phonesUrl, gateway.legacyPhonesUrl ?? ''])
      expect((await call(url)).server).toBe('young');
    expect((await call(gateway.phonesUrl, { session })).isReused).toBe(true);
    // The legacy listener is still the legacy listener.
    expect((await call(gateway.legacyPhonesUrl ?? '', TLS_1_0)).answer.action).toBe('CleanUp');
    expect(await metrics()).toContain('tls_reloads_total{listener="default",outcome="loaded"} 1');

    await rm(join(directory, 'cert.pem'));
    await gateway.reloadCertificates();
    expect((await call(gateway.phonesUrl)).server).toBe('young');
    expect(await metrics()).toContain('tls_reloads_total{listener="default",outcome="failed"} 2');
  });

  it('of phones do not outlive the authority that they were checked against', async () => {
    const authorities = await Promise.all(
      ['old', 'young'].map(async (name) =>
        CertificateAuthority.open(await CertificateAuthority.create({ commonName: name, days: 2, keyBits: 2048 })),
      ),
    );
    const [old, young] = authorities as [CertificateAuthority, CertificateAuthority];
    const issue = (authority: CertificateAuthority): Promise<KeyAndCertificate> =>
      authority.issueClientCertificate({ commonName: '001ae8005301', days: 1 });
    await write('ca.pem', old.certificate);
    const tls = await testCertificate();
    const gateway = await start(
      { securePhones: { host: '127.0.0.1', port: 0, tls, clientCa: old.certificate } },
      { tlsFiles: { secure: { clientCa: join(directory, 'ca.pem') } } },
    );
    const url = gateway.securePhonesUrl ?? '';
    const versions = ['TLSv1.2', 'TLSv1.3'] as const;
    const options = await issue(old);
    const sessions = await Promise.all(
      versions.map(async (v) => (await call(url, { ...options, minVersion: v, maxVersion: v })).session),
    );
    await write('ca.pem', young.certificate);
    await gateway.reloadCertificates();
    for (const [at, v] of versions.entries()) {
      await expect(call(url, { session: sessions[at], minVersion: v, maxVersion: v })).rejects.toThrow();
    }
    expect((await call(url, await issue(young))).isReused).toBe(false);
  });

  it('are looked at again and again', async () => {
    const [old, young] = [await newCertificate('old'), await newCertificate('young')];
    await write('key2.pem', young.key);
    await write('cert2.pem', young.cert);
    const files = { key: join(directory, 'key2.pem'), cert: join(directory, 'cert2.pem') };
    const config = { phones: { tls: old }, tlsReloadIntervalMs: 10 };
    const gateway = await start(config, { tlsFiles: { default: files } });
    let server = '';
    const deadline = performance.now() + 10_000;
    while (server !== 'young' && performance.now() < deadline) ({ server } = await call(gateway.phonesUrl));
    expect(server).toBe('young');
  });
});

describe('how phones speak TLS', () => {
  it('is counted by version and cipher, for each contact', async () => {
    const gateway = await start({ legacyPhones: { host: '127.0.0.1', port: 0, tls: await testCertificate() } });
    await call(gateway.legacyPhonesUrl ?? '', TLS_1_0);
    await call(gateway.phonesUrl, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    const text = await gateway.metrics.metrics();
    expect(text).toContain('tls_contacts_total{listener="legacy",version="TLSv1",cipher="AES128-SHA"} 1');
    expect(text).toContain(
      'tls_contacts_total{listener="default",version="TLSv1.2",cipher="ECDHE-RSA-AES128-GCM-SHA256"} 1',
    );
  });
});
