import { createPkcs12, createSelfSignedCertificate } from '@opendls/crypto';
import { readUserDataChunk, type FileJob, type VirtualPhone } from '@opendls/virtual-phone';
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { ApiClient, until } from '../src/index.js';
import { deviceIdOf, type FlowStage, type Order } from './flow-stage.js';

/** Keeps what the API answers. */
export class RecordingApi extends ApiClient {
  constructor(
    url: string,
    key: string,
    private readonly answers: string[],
  ) {
    super(url, key);
  }

  override async request(...args: Parameters<ApiClient['request']>): ReturnType<ApiClient['request']> {
    const answer = await super.request(...args);
    this.answers.push(await answer.clone().text());
    return answer;
  }
}

/** Letters, digits and dashes: written alike in XML, JSON, YAML and URLs. */
export function secretsOfFlows(run: string): Record<FlowSecret, string> {
  return {
    'password of a mobile user': `Mobile-Gk4-${run}`,
    'wrong password of a mobile user': `Typo-Dx8-${run}`,
    'secret of a profile': `Profile-Ew5-${run}`,
    'secret of a refused profile': `Badprofile-Oj7-${run}`,
    'data of a mobile user': `Phonebook-Ft1-${run}`,
    'password of an FTP server': `Ftp-Zs6-${run}`,
    'password in a URL': `Urlpwd-Ck3-${run}`,
    'token in a URL': `Urltoken-Pq9-${run}`,
    'password of a reset': `Reset-Ih2-${run}`,
    'password in an order': `Order-Nv5-${run}`,
    'password in a malformed order': `Badorder-Xl0-${run}`,
    'password that was read': `Answer-Me8-${run}`,
    'user data in an order': `Written-Ta4-${run}`,
  };
}

export type FlowSecret =
  | 'password of a mobile user'
  | 'wrong password of a mobile user'
  | 'secret of a profile'
  | 'secret of a refused profile'
  | 'data of a mobile user'
  | 'password of an FTP server'
  | 'password in a URL'
  | 'token in a URL'
  | 'password of a reset'
  | 'password in an order'
  | 'password in a malformed order'
  | 'password that was read'
  | 'user data in an order';
export type FlowSecrets = Readonly<Record<FlowSecret, string>>;

/**
 * Sends every secret on its way: in at the API or at a phone, out at the phone that needs it. Each arrives.
 *
 * @returns what the service itself made and handed out
 */
export async function playSecretFlows(
  stage: FlowStage,
  secrets: FlowSecrets,
  apiUrl: string,
): Promise<Record<string, string>> {
  try {
    await mobility(stage, secrets);
    const certificates = await certificatesOf(stage);
    const token = await fileSources(stage, secrets, apiUrl);
    await orders(stage, secrets);
    return { ...certificates, 'token of a link': token };
  } finally {
    await stage.close();
  }
}

async function mobility(stage: FlowStage, secrets: FlowSecrets): Promise<void> {
  const user = '49891778899';
  const [password, data] = [secrets['password of a mobile user'], secrets['data of a mobile user']];
  await stage.mobileUser(user, password, [{ name: 'sip-pwd', value: secrets['secret of a profile'] }]);
  const refused = secrets['secret of a refused profile'];
  for (const body of [
    { password: refused.slice(0, 3), items: [{ name: 'sip-pwd', value: refused, secretRef: 'sip/x' }] },
    { password: [refused], items: [] },
    {
      password,
      items: [
        { name: 'sip-pwd', vlaue: refused },
        { name: 'admin-pwd', value: refused },
      ],
    },
    { password, items: [{ name: 'admin-pwd', value: refused }] },
  ])
    expect(await put(stage, `/config-policy/v1/mobile-users/${user}`, body)).toBe(400);

  const home = await stage.bootedPhone('openstage-60', { isMobilityEnabled: true });
  const desk = await stage.bootedPhone('openstage-60', { isMobilityEnabled: true });
  expect((await home.logOn(user, secrets['wrong password of a mobile user'])).outcome).toBe('refused');
  expect((await home.logOn(user, password)).outcome).toBe('logged-on');
  await until('the profile', 30_000, async () => home.value('sip-pwd') === secrets['secret of a profile']);
  home.changeUserData('userdata-phonebook', `${data},4989100111`);
  expect((await home.logOff()).outcome).toBe('logged-off');
  await until('logged off', 30_000, async () => (await stage.mobileUserState(user)).loggedOn === null);
  expect((await desk.logOn(user, password)).outcome).toBe('logged-on');
  const restored = desk.userData('userdata-phonebook').map(({ value }) => readUserDataChunk(value)?.text);
  expect(restored.join('')).toContain(data);
}

/** A piece from the middle of each PKCS#12: its beginning is alike in all. */
async function certificatesOf(stage: FlowStage): Promise<Record<string, string>> {
  const phone = await stage.bootedPhone('openstage-60');
  const identity = await createSelfSignedCertificate({ commonName: 'secrets', altNames: [], days: 1 });
  const pkcs12 = createPkcs12({ ...identity, chain: [], passphrase: '', cipher: '3des' });
  const item = 'wbm-server-certificate';
  expect((await done(stage, phone, { kind: 'certificate', item, pkcs12 })).state).toBe('done');
  const securePhone = await stage.bootedPhone('openstage-60');
  await stage.secureMode(securePhone);
  await until('secure', 60_000, async () => (await stage.secureModeState(securePhone)).state === 'secure');
  await securePhone.settled();
  const own = securePhone.value('dls-client-certificate') ?? '';
  return { 'PKCS#12 of an order': middleOf(pkcs12), 'PKCS#12 of Secure Mode': middleOf(own) };
}

function middleOf(base64: string): string {
  return base64.slice(400, 460);
}

async function fileSources(stage: FlowStage, secrets: FlowSecrets, apiUrl: string): Promise<string> {
  const jobs: FileJob[] = [];
  const phone = await stage.bootedPhone('openstage-60', {
    download: async (job) => {
      jobs.push(job);
      return true;
    },
  });
  const name = `secrets-${randomBytes(4).toString('hex')}.txt`;
  await stage.upload(name, 'LDAP', Buffer.from('template of secrets\n'.repeat(20)));
  const url = `https://files:${secrets['password in a URL']}@files.example.org/a/logo.png?token=${secrets['token in a URL']}`;
  const ftp = { server: '192.0.2.9', username: 'files', password: secrets['password of an FTP server'], name: 'a.png' };
  for (const source of [{ name }, { url, type: 'LOGO' }, { ftp, type: 'LOGO' }]) {
    await done(stage, phone, { kind: 'file', files: [source] });
  }
  const told = JSON.stringify(jobs);
  for (const secret of ['password in a URL', 'token in a URL'] as const) expect(told).toContain(secrets[secret]);

  const link = /https:[^"]*\/files\/[^"]*/.exec(told)?.[0] ?? '';
  const token = link.split('/').at(-2) ?? '';
  expect(await statusOf(link)).toBe(200);
  expect(await statusOf(link.replace(name, 'other'))).toBe(404);
  // Also sent where it does not belong, and in ways that are refused.
  for (const [method, path, status] of [
    ['GET', `/config-policy/v1/file-contents/${token}`, 200],
    ['POST', `/config-policy/v1/file-contents/${token}`, 404],
    ['GET', `/config-policy/v1/file-contents/${token}/more`, 404],
    ['GET', `/files/${token}/${name}`, 404],
  ] as const) {
    const answer = await fetch(`${apiUrl}${path}`, { method });
    expect([path.replace(token, '...'), answer.status]).toEqual([path.replace(token, '...'), status]);
  }
  return token;
}

/** What an HTTPS URL with a certificate nobody knows answers. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, rejectUnauthorized: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on('error', reject).end();
  });
}

async function orders(stage: FlowStage, secrets: FlowSecrets): Promise<void> {
  const read = { name: 'sip-pwd', value: secrets['password that was read'] };
  const phone = await stage.bootedPhone('openstage-60', { items: [read] });
  const path = `/config-policy/v1/devices/${deviceIdOf(phone)}/orders`;
  const bad = secrets['password in a malformed order'];
  for (const body of [
    { kind: 'write', items: [{ name: 'sip-pwd', valeu: bad }] },
    { kind: 'write', items: [{ name: 'sip-pwd', value: bad, secretRef: 'sip/x' }] },
    { kind: 'write', items: [{ name: 'sip-pwd', index: -1, value: bad }] },
    { kind: 'write', items: [{ name: 'userdata-phonebook', index: 1, value: `${bad}!` }] },
    { kind: 'write', items: [{ name: 'display-brightness', secretRef: 'sip/e2e' }] },
    { kind: 'write', items: [{ name: 'dls-client-certificate', value: bad }] },
    { kind: 'factory-reset', pasword: bad },
    { kind: 'factory-reset', password: [bad] },
    { kind: 'factory-reset', password: bad, secretRef: 'x' },
    { kind: 'certificate', item: 'wbm-server-certificate', pkcs12: bad },
    { kind: 'certificate', item: 'wbm-server-certificate', pem: `-----BEGIN PRIVATE KEY-----\n${bad}` },
    { kind: 'file', files: [{ type: 'LOGO', ftp: { server: 'a b', password: bad, name: 'x' } }] },
    { kind: 'file', files: [{ type: 'LOGO', url: `ftp://a:${bad}@b/c` }] },
    { kind: 'firmware', url: `https://a:${bad}@b/c`, version: 'none' },
    { kind: bad },
  ]) {
    const answer = await stage.api.request('POST', path, JSON.stringify(body));
    expect([body.kind, answer.status]).toEqual([body.kind, 400]);
  }
  await done(stage, phone, {
    kind: 'write',
    items: [
      { name: 'sip-pwd', value: secrets['password in an order'] },
      { name: 'userdata-phonebook', index: 1, value: Buffer.from(secrets['user data in an order']).toString('base64') },
    ],
  });
  await done(stage, phone, { kind: 'read', items: [{ name: 'sip-pwd' }, { name: 'sntp-addr' }] });
  expect(phone.value('sip-pwd')).toBe(secrets['password in an order']);
  await phone.settled();
  const password = secrets['password of a reset'];
  expect((await done(stage, phone, { kind: 'factory-reset', password })).state).toBe('done');
}

/** An order that the phone comes for of itself: being woken costs a minute from the second time on. */
async function done(stage: FlowStage, phone: VirtualPhone, body: Readonly<Record<string, unknown>>): Promise<Order> {
  const order = await stage.order(phone, body);
  await phone.contactMe();
  const closed = await stage.closed(phone, order);
  await phone.settled();
  return closed;
}

async function put(stage: FlowStage, path: string, body: unknown): Promise<number> {
  return (await stage.api.request('PUT', path, JSON.stringify(body))).status;
}
