import { jest } from '@jest/globals';
import { MobilePhone } from '../test/mobile-phone.js';
import { serveConfigPolicy, type ServedConfigPolicy } from '../test/served-config-policy.js';

jest.setTimeout(30_000);

const answers: string[] = [];
let served: ServedConfigPolicy;

beforeAll(async () => {
  served = await serveConfigPolicy();
}, 30_000);
afterAll(async () => {
  await served.close();
});

async function call(
  method: string,
  route: string,
  {
    body,
    as = 'operator',
    headers = {},
  }: { body?: unknown; as?: keyof ServedConfigPolicy['keys']; headers?: Record<string, string> } = {},
): Promise<{ status: number; etag: string | null; body: Record<string, unknown> }> {
  const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(`${served.base}${route}`, {
    method,
    headers: { authorization: `Bearer ${served.keys[as]}`, ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push(text);
  // What an API answers is looked at with matchers only.
  const parsed = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { status: response.status, etag: response.headers.get('etag'), body: parsed };
}

const USER = 'mobile-users/4989100777';
const ITEMS = [
  { name: 'sip-user-id', value: '4989100777' },
  { name: 'sip-pwd', value: 'sehr-geheim' },
];

describe('the API of mobile users', () => {
  it('creates, shows, changes and lists them, and never shows a secret', async () => {
    expect((await call('PUT', USER, { body: { items: ITEMS } })).body).toMatchObject({
      code: 'mobile-user-password-missing',
    });
    const created = await call('PUT', USER, { body: { password: '735912', items: ITEMS } });
    expect(created).toMatchObject({ status: 201, etag: '"1"' });
    const shown = await call('GET', USER, { as: 'viewer' });
    expect(shown.body).toMatchObject({
      items: [ITEMS[0], { name: 'sip-pwd', secret: true }],
      loggedOn: null,
      userData: [],
    });
    // What is shown can be sent back: secret and password stay.
    const headers = { 'if-match': '"1"' };
    const again = await call('PUT', USER, { body: { items: shown.body['items'] }, headers });
    expect(again).toMatchObject({ status: 200, etag: '"2"' });
    expect(await call('PUT', USER, { body: { items: [] }, headers })).toMatchObject({ status: 412 });
    expect((await call('GET', 'mobile-users?loggedOn=true')).body).toMatchObject({ items: [] });
    expect((await call('GET', 'mobile-users?loggedOn=false')).body['items']).toHaveLength(1);
  });

  it('refuses what is no profile, with everything that is wrong', async () => {
    const items = [
      { name: 'sip-mobility-state', value: '0' },
      { name: 'dls-server-ca', index: 0, value: 'x' },
    ];
    const { status, body } = await call('PUT', USER, { body: { items } });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'mobile-user-invalid' });
    expect(body['errors']).toHaveLength(2);
    expect((await call('PUT', USER, { body: { items: [] }, as: 'viewer' })).status).toBe(403);
    expect((await call('GET', 'mobile-users/0815')).body).toMatchObject({ code: 'mobile-user-not-found' });
  });

  it('shows who is where and what was refused, and logs off', async () => {
    const phone = new MobilePhone(served.gateway, '001ae8005301', '4989100231');
    await phone.contact({ ...phone.said('1', phone.number), configurationChanged: true });
    expect((await call('POST', `${USER}/log-off`)).body).toMatchObject({ code: 'mobile-user-not-logged-on' });
    await phone.logOn('4989100777', '111111');
    expect(await phone.wholeLogOn('4989100777', '735912')).toEqual(['mobility-logon']);
    await served.gateway.settled();
    const device = await call('GET', 'devices/001ae8005301', { as: 'viewer' });
    expect(device.body).toMatchObject({
      mobility: { user: '4989100777', phase: 'logged-on', lastRefusal: { reason: 'wrong-password' } },
    });
    expect(device.body['desiredItems']).toContainEqual(
      expect.objectContaining({ name: 'sip-user-id', policy: 'mobile-user/4989100777', layer: 'user' }),
    );
    expect(await call('POST', `${USER}/log-off`)).toMatchObject({ status: 202, body: { deviceId: '001ae8005301' } });
    expect(await phone.startWith('4989100777')).toEqual(['mobility-logoff']);
    await call('GET', 'devices/001ae8005301/orders');
    expect((await call('DELETE', `${USER}/user-data`)).status).toBe(204);
    expect((await call('DELETE', USER)).status).toBe(204);
    const seen = [...answers, ...served.lines].join('\n');
    for (const secret of ['735912', '111111', 'sehr-geheim', 'scrypt$']) expect(seen).not.toContain(secret);
  });
});
