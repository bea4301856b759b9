import { generateKeyPairSync } from 'node:crypto';
import { jest } from '@jest/globals';
import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { MAX_NONCE_LENGTH } from '@opendls/dls-interaction';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import { VirtualPhone } from '@opendls/virtual-phone';
import { OrderDesk } from '../test/order-desk.js';
import { message, send } from '../test/raw-phone.js';
import { startTestGateway, testCertificate, type TestGateway } from '../test/test-gateway.js';
import { signatureProblem } from '../test/verify-signature.js';

const MAC = '00:1A:E8:00:53:01';
const DEVICE = '001ae8005301';
const UNSIGNED = /^<\?xml[^>]*><DLSMessage /;
const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const VALUE = '"<>&\'x'.repeat(400);
const ITEMS = Array.from({ length: 30 }, (_, n) => ({
  name: 'Canonical-lookup-local-code',
  index: n + 1,
  value: VALUE,
}));

jest.setTimeout(30_000);

let bus: InMemoryEventBus;
let gateway: TestGateway;
let desk: OrderDesk;

beforeEach(async () => {
  bus = new InMemoryEventBus();
  desk = await new OrderDesk(bus, () => [{ kind: 'read-all-items' }, { kind: 'write-items', items: ITEMS }]).start();
});

afterEach(async () => {
  await gateway.close();
  await desk.close();
  await bus.close();
});

async function answerTo(url: string | null, body: string): Promise<string> {
  return (await send(url ?? '', body)).text;
}

describe('signed answers', () => {
  it('are taken by a phone that boots, is read and written, none longer than a message may be', async () => {
    gateway = await startTestGateway(bus, { signing: { key, listeners: ['default'] } });
    const phone = new VirtualPhone({ url: gateway.phonesUrl, macAddress: MAC, fragmentBytes: 12_000 });
    const [contact] = await phone.boot();
    expect(contact).toMatchObject({ end: 'CleanUp', violations: [] });
    expect(contact?.failure).toBeUndefined();
    expect(phone.value('Canonical-lookup-local-code', 30)).toBe(VALUE);
    expect(desk.isDone(DEVICE)).toBe(true);
    await phone.close();
  });

  it('leave room for the signature: the whole document keeps to the limit', async () => {
    const maxMessageBytes = 10_000;
    gateway = await startTestGateway(bus, { signing: { key, listeners: ['default'] }, maxMessageBytes });
    const values = Array.from({ length: 200 }, (_, n) => ({ name: `item-${n}`, value: 'x'.repeat(100) }));
    await desk.close();
    desk = await new OrderDesk(bus, () => [{ kind: 'write-items', items: values }]).start();
    // Nothing that a message is sized for is left over.
    const nonce = '"'.repeat(MAX_NONCE_LENGTH);
    const opened = await send(gateway.phonesUrl, encodeWorkpointMessage(message({ nonce })));
    expect(signatureProblem(opened.text, publicKey)).toBeUndefined();
    expect(opened.text.length).toBeLessThanOrEqual(maxMessageBytes);
    expect(opened.text.length).toBeGreaterThan(maxMessageBytes - 2_000);
  });

  it('verify at the listeners that sign, also to what is broken, and only there', async () => {
    const tls = await testCertificate();
    gateway = await startTestGateway(bus, {
      signing: { key, listeners: ['default'] },
      legacyPhones: { host: '127.0.0.1', port: 0, tls },
    });
    const broken = '<WorkpointMessage><Message nonce="A1B2C3"><Reason';
    for (const body of [encodeWorkpointMessage(message()), broken]) {
      const text = await answerTo(gateway.phonesUrl, body);
      expect(signatureProblem(text, publicKey)).toBeUndefined();
      const unsigned = await answerTo(gateway.legacyPhonesUrl, body);
      expect(unsigned).toMatch(UNSIGNED);
    }
  });

  it('are sent unsigned, which is logged, when they cannot be signed', async () => {
    const noRsaKey = generateKeyPairSync('ed25519').privateKey;
    gateway = await startTestGateway(bus, { signing: { key: noRsaKey, listeners: ['default'] } });
    expect(await answerTo(gateway.phonesUrl, encodeWorkpointMessage(message()))).toMatch(UNSIGNED);
    expect(gateway.logLines.some((line) => line.includes('message not signed'))).toBe(true);
  });
});
