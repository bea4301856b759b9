import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { VirtualPhone } from '@opendls/virtual-phone';
import { ApiClient, RunningProgram, until, type Endpoints } from '../src/index.js';

const MAIN = 'apps/standalone/dist/main.js';
const PORTS = ['--host', '127.0.0.1', '--phone-port', '0', '--secure-phone-port', '0', '--api-port', '0'];
const TIMEOUT_MS = 180_000;

interface SecureMode {
  readonly state: string;
  readonly failureCode: string | null;
  readonly refusedOpenings: number;
  readonly certificates: readonly { readonly serialNumber: string; readonly state: string }[];
}

let directory: string;
let program: RunningProgram;
let endpoints: Endpoints;
let api: ApiClient;
let phones = 0;
const opened: VirtualPhone[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'opendls-secure-mode-'));
  program = RunningProgram.start(MAIN, path.join(directory, 'data'), PORTS);
  endpoints = await program.ready();
  api = new ApiClient(endpoints.api, await program.apiKey());
}, TIMEOUT_MS);

afterAll(async () => {
  for (const phone of opened) await phone.close();
  await program.stop();
  await rm(directory, { recursive: true, force: true });
}, TIMEOUT_MS);

function aPhone(macAddress?: string): VirtualPhone {
  phones += 1;
  const mac = macAddress ?? `02:5E:C0:DE:00:${String(phones).padStart(2, '0')}`;
  const phone = new VirtualPhone({ url: endpoints.phones, macAddress: mac, e164: `4989100${phones}`, contactGapMs: 0 });
  opened.push(phone);
  return phone;
}

function urlOf(phone: VirtualPhone, rest: string): string {
  return `/config-policy/v1/devices/${phone.macAddress.replaceAll(':', '').toLowerCase()}/${rest}`;
}

function secureMode(phone: VirtualPhone): Promise<SecureMode> {
  return api.get<SecureMode>(urlOf(phone, 'secure-mode'));
}

async function post(url: string, body: object = {}): Promise<void> {
  const answer = await api.request('POST', url, JSON.stringify(body));
  if (!answer.ok) throw new Error(`POST ${url}: ${answer.status} ${await answer.text()}`);
}

/** How many messages gateways refused for this reason. */
async function refusals(code: string): Promise<number> {
  const text = await (await api.request('GET', '/metrics')).text();
  const lines = text.split('\n').filter((line) => line.startsWith('opendls_gateway_refusals_total{'));
  const counted = lines.filter((line) => line.includes(`"${code}"`)).map((line) => Number(line.split(' ').at(-1)));
  return counted.reduce((sum, count) => sum + count, 0);
}

/** A phone that went the whole way; it keeps its key. */
async function aSecurePhone(): Promise<VirtualPhone> {
  const phone = aPhone();
  await phone.boot();
  await post(urlOf(phone, 'secure-mode'));
  await until('a certificate in an order', 30_000, async () => {
    const orders = await api.all<{ kind: string; state: string }>(urlOf(phone, 'orders'));
    return orders.some(({ kind }) => kind === 'secure-mode');
  });
  const contacts = await phone.contactMe();
  expect(contacts.flatMap(({ failure, violations }) => [failure ?? [], violations]).flat(2)).toEqual([]);
  await phone.settled();
  expect(phone.securePort).toBe(Number(new URL(endpoints.securePhones ?? '').port));
  await until('secure', 30_000, async () => (await secureMode(phone)).state === 'secure');
  return phone;
}

/** The certificate, its key and the authorities that the phone was given. */
function credentialsOf(phone: VirtualPhone): ConnectionOptions {
  return {
    pfx: Buffer.from(phone.value('dls-client-certificate') ?? '', 'base64'),
    passphrase: '',
    ca: phone.value('dls-server-ca', 0),
  };
}

/** One POST of a start-up over a connection of our own; the answer's text, or why there is none. */
async function startUp(url: string, macAddress: string, options: ConnectionOptions): Promise<string> {
  const { hostname, port } = new URL(url);
  const body = encodeWorkpointMessage({
    kind: 'workpoint',
    nonce: randomUUID(),
    fragment: 'final',
    reason: 'start-up',
    items: [{ name: 'mac-addr', value: macAddress }],
  });
  const head = [
    'POST /DeploymentService/LoginService HTTP/1.1',
    `Host: ${hostname}:${port}`,
    'Content-Type: text/xml',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  const socket = connect({ host: hostname, port: Number(port), maxVersion: 'TLSv1.2', ...options });
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', (error: Error) => resolve(`error ${error.message}`));
    socket.on('close', () => resolve(text));
    socket.once('secureConnect', () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`));
  });
}

it(
  'takes a phone over real TLS to the secure listener, which checks it and is checked by it',
  async () => {
    const phone = await aSecurePhone();
    const credentials = credentialsOf(phone);
    const [certificate] = (await secureMode(phone)).certificates;
    expect(certificate).toMatchObject({ state: 'active' });
    const authority = new X509Certificate(await readFile(path.join(program.dataDir, 'tls', 'ca.pem')));
    expect(new X509Certificate(String(credentials.ca)).fingerprint256).toBe(authority.fingerprint256);

    const secureUrl = endpoints.securePhones ?? '';
    const asPhone = await startUp(secureUrl, phone.macAddress, { ...credentials, rejectUnauthorized: true });
    expect(asPhone).toContain('200 OK');
    // With the certificate of this phone nobody is another one, and without one nobody is anybody.
    const asAnother = await startUp(secureUrl, '02:5E:C0:DE:FF:01', { ...credentials, rejectUnauthorized: true });
    expect(asAnother).toContain('CleanUp');
    expect(await refusals('certificate-mismatch')).toBe(1);
    const without = { ca: credentials.ca };
    expect(await startUp(secureUrl, phone.macAddress, without)).not.toContain('200 OK');
  },
  TIMEOUT_MS,
);

it(
  'refuses an impostor on the default listener, and a phone whose certificate was revoked, until it is reset',
  async () => {
    const phone = await aSecurePhone();
    const impostor = aPhone(phone.macAddress);
    const refused = await until('a refusal', 30_000, async () => {
      const [contact] = await impostor.boot();
      return (await refusals('secure-mode-required')) > 0 && contact;
    });
    expect(refused.actions).toEqual(['CleanUp']);
    expect(refused.itemsWritten).toBe(0);
    expect(impostor.value('dls-client-certificate')).toBeUndefined();

    const [certificate] = (await secureMode(phone)).certificates;
    await post(urlOf(phone, `certificates/${certificate?.serialNumber ?? ''}/revoke`), { reason: 'stolen' });
    const secureUrl = endpoints.securePhones ?? '';
    await until('refused', 30_000, async () => {
      await startUp(secureUrl, phone.macAddress, credentialsOf(phone));
      return (await refusals('certificate-revoked')) > 0;
    });

    await post(urlOf(phone, 'secure-mode/reset'));
    const renewed = aPhone(phone.macAddress);
    await until('read again', 30_000, async () => {
      const [contact] = await renewed.boot();
      return contact?.actions.includes('ReadAllItems');
    });
    expect(await secureMode(renewed)).toMatchObject({ state: 'default' });
  },
  TIMEOUT_MS,
);
