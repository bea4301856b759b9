import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { jest } from '@jest/globals';
import { stringify } from 'yaml';
import { aDocument } from '../test/builders.js';
import { eventually } from '../test/harness.js';
import { PhoneDouble } from '../test/phone-double.js';
import { serveConfigPolicy, type ServedConfigPolicy } from '../test/served-config-policy.js';

jest.setTimeout(30_000);

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // What an API answers is looked at with matchers only.
  readonly body: Record<string, unknown> & { readonly items?: readonly Record<string, unknown>[] };
}

let served: ServedConfigPolicy;
let policyDir: string;

beforeAll(async () => {
  served = await serveConfigPolicy((folder) => {
    policyDir = mkdtempSync(path.join(folder, 'policies-'));
    return { policyDir };
  });
}, 30_000);
afterAll(async () => {
  await served.close();
});

async function call(
  method: string,
  url: string,
  options: {
    readonly role?: keyof ServedConfigPolicy['keys'] | null;
    readonly json?: unknown;
    readonly yaml?: string;
    readonly text?: string;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Reply> {
  const { role = 'operator', json, yaml } = options;
  const headers: Record<string, string> = {};
  if (role !== null) headers['authorization'] = `Bearer ${served.keys[role]}`;
  if (json !== undefined) headers['content-type'] = 'application/json';
  if (yaml !== undefined) headers['content-type'] = 'application/yaml';
  Object.assign(headers, options.headers);
  const body = options.text ?? yaml ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(`${served.base}${url}`, { method, headers, body });
  const answer = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (answer === '' ? {} : JSON.parse(answer)) as Reply['body'],
  };
}

const lobby = aDocument({ name: 'lobby', items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] });

describe('policies', () => {
  it('are created, read, changed with their ETag, listed and deleted', async () => {
    const created = await call('PUT', 'policies/lobby', { json: lobby });
    expect(created).toMatchObject({
      status: 201,
      body: { ...lobby, status: { revision: 1, origin: 'api' }, warnings: [] },
    });
    expect(created.headers.get('etag')).toBe('"1"');
    const read = await call('GET', 'policies/lobby', { role: 'viewer' });
    expect(read).toMatchObject({ status: 200, body: { kind: 'Policy', metadata: { name: 'lobby' } } });

    // What was read can be sent back as it is.
    const unchanged = await call('PUT', 'policies/lobby', { json: read.body });
    expect(unchanged).toMatchObject({ status: 200, body: { status: { revision: 1 } } });
    const yaml = stringify({ ...lobby, spec: { layer: 'site', priority: 5, items: [] } });
    const changed = await call('PUT', 'policies/lobby', { yaml, headers: { 'if-match': '"1"' } });
    expect(changed).toMatchObject({ status: 200, body: { status: { revision: 2 }, spec: { layer: 'site' } } });
    const stale = await call('PUT', 'policies/lobby', { json: lobby, headers: { 'if-match': '"1"' } });
    expect(stale).toMatchObject({ status: 412, body: { code: 'policy-changed-meanwhile' } });
    const exists = await call('PUT', 'policies/lobby', { json: lobby, headers: { 'if-none-match': '*' } });
    expect(exists.status).toBe(412);

    await call('PUT', 'policies/second', { json: aDocument({ name: 'second' }) });
    const first = await call('GET', 'policies?limit=1', { role: 'viewer' });
    expect(first.body).toMatchObject({
      items: [{ name: 'lobby', layer: 'site', priority: 5, itemCount: 0, revision: 2 }],
    });
    const next = await call('GET', `policies?limit=1&cursor=${String(first.body['nextCursor'])}`);
    expect(next.body).toMatchObject({ items: [{ name: 'second' }], nextCursor: null });

    expect((await call('DELETE', 'policies/lobby')).status).toBe(204);
    expect(await call('GET', 'policies/lobby')).toMatchObject({ status: 404, body: { code: 'policy-not-found' } });
    expect(await call('DELETE', 'policies/lobby')).toMatchObject({ status: 404 });
    const revisions = await call('GET', 'policies/lobby/revisions');
    expect(revisions.body).toMatchObject({
      items: [
        { revision: 3, isDeletion: true },
        { revision: 2 },
        { revision: 1, createdBy: served.keys.operator.split('_')[2] },
      ],
    });
    await call('DELETE', 'policies/second');
  });

  it('are refused with every problem, its place, and what is allowed', async () => {
    const yaml = `apiVersion: opendls/v1
kind: Policy
metadata: { name: wrong }
spec:
  layer: building
  items:
    - { name: sip-transport-user, value: udp }
    - { name: sip-pwd, value: geheim4711 }
    - { name: function-key-def, index: 9999, value: "1" }
`;
    const reply = await call('PUT', 'policies/wrong', { yaml });
    expect(reply).toMatchObject({
      status: 400,
      body: {
        code: 'policy-invalid',
        errors: [
          { path: '$.spec.layer', line: 5, allowed: 'defaults, model, site, group, device' },
          { path: '$.spec.items[0].value', line: 7, item: { name: 'sip-transport-user' }, code: 'not-allowed-value' },
          { path: '$.spec.items[1].value', line: 8, code: 'secret-in-clear', allowed: 'secretRef' },
          { path: '$.spec.items[2].index', line: 9, item: { name: 'function-key-def', index: 9999 } },
        ],
      },
    });
    expect(JSON.stringify(reply.body)).not.toContain('geheim4711');
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
  });

  it('are accepted with warnings for unknown items', async () => {
    const items = [{ name: 'no-such-item', value: 'x' }];
    const reply = await call('PUT', 'policies/odd', { json: aDocument({ name: 'odd', items }) });
    expect(reply).toMatchObject({
      status: 201,
      body: { warnings: [{ code: 'unknown-item', path: '$.spec.items[0].name' }] },
    });
    await call('DELETE', 'policies/odd');
  });

  it('are refused when the body is no document of this policy', async () => {
    const json = { 'content-type': 'application/json' };
    const cases = [
      [{ headers: json }, 400, 'body-missing'],
      [{ headers: json, yaml: '{' }, 400, 'policy-invalid'],
      [{ yaml: '{' }, 400, 'policy-invalid'],
      [{ json: aDocument({ name: 'other' }) }, 400, 'policy-name-mismatch'],
      [{ headers: { 'content-type': 'text/csv' }, text: 'a,b' }, 415, 'unsupported-media-type'],
    ] as const;
    for (const [options, status, code] of cases) {
      expect(await call('PUT', 'policies/lobby', options)).toMatchObject({ status, body: { code } });
    }
  });

  it('of files are shown and not changed', async () => {
    writeFileSync(path.join(policyDir, 'site.yaml'), stringify(aDocument({ name: 'from-file' })));
    writeFileSync(path.join(policyDir, 'broken.yaml'), 'kind: Nothing');
    await eventually('the file', async () =>
      (await call('GET', 'policies/from-file')).status === 200 ? true : undefined,
    );
    const reply = await call('PUT', 'policies/from-file', { json: aDocument({ name: 'from-file', priority: 7 }) });
    expect(reply).toMatchObject({ status: 409, body: { code: 'policy-from-file' } });
    expect(reply.body['detail']).toContain('site.yaml');
    expect((await call('DELETE', 'policies/from-file')).status).toBe(409);
    expect((await call('GET', 'policy-files')).body.items).toMatchObject([
      { file: 'broken.yaml', problems: expect.arrayContaining([]) as unknown[] },
      { file: 'site.yaml', policy: 'from-file', problems: [] },
    ]);
    const metrics = await fetch(`${served.apiUrl}/metrics`, {
      headers: { authorization: `Bearer ${served.keys.viewer}` },
    });
    expect(await metrics.text()).toContain('opendls_config_policy_policy_load_errors 1');
  });
});

describe('access', () => {
  it.each([
    ['GET', 'policies', null, 401],
    ['GET', 'policies', 'viewer', 200],
    ['PUT', 'policies/x', 'viewer', 403],
    ['DELETE', 'policies/x', 'viewer', 403],
    ['PUT', 'secrets/x', 'viewer', 403],
    ['DELETE', 'secrets/x', 'viewer', 403],
    ['GET', 'secrets', 'viewer', 200],
    ['DELETE', 'secrets/x', 'operator', 404],
    ['DELETE', 'policies/x', 'admin', 404],
  ] as const)('%s %s as %s is answered %i', async (method, url, role, status) => {
    expect((await call(method, url, { role })).status).toBe(status);
  });
});

describe('secrets', () => {
  it('are stored and listed, and never given out', async () => {
    const created = await call('PUT', 'secrets/sip/4989100231', { json: { value: 'geheim4711' } });
    expect(created).toMatchObject({ status: 201, body: { ref: 'sip/4989100231' } });
    expect(await call('PUT', 'secrets/sip/4989100231', { json: { value: 'geheim4712' } })).toMatchObject({
      status: 200,
    });
    const list = await call('GET', 'secrets');
    expect(list.body.items).toEqual([
      { ref: 'sip/4989100231', updatedAt: expect.any(String) as string, updatedBy: expect.any(String) as string },
    ]);
    expect((await call('DELETE', 'secrets/sip/4989100231')).status).toBe(204);
    expect(await call('DELETE', 'secrets/sip/4989100231')).toMatchObject({ body: { code: 'secret-not-found' } });
    expect(JSON.stringify([created, list])).not.toContain('geheim');
    expect(served.lines.join('')).not.toContain('geheim');
  });

  it.each([
    ['secrets/a b', { value: 'x' }, 'secret-name-invalid'],
    ['secrets/x', { value: '' }, 'validation-failed'],
    ['secrets/x', { wrong: 'geheim' }, 'validation-failed'],
  ])('PUT %s with %j is refused: %s', async (url, json, code) => {
    const reply = await call('PUT', url, { json });
    expect(reply).toMatchObject({ status: 400, body: { code } });
    expect(JSON.stringify(reply.body)).not.toContain('geheim');
  });
});

describe('phones', () => {
  it('are shown with what they shall have, what differs, and their orders', async () => {
    const items = [
      { name: 'sntp-addr', value: 'ntp.example.org' },
      { name: 'sip-pwd', secretRef: 'sip/{{e164}}' },
    ];
    await call('PUT', 'policies/lobby', { json: aDocument({ name: 'lobby', layer: 'site', items }) });
    const phone = new PhoneDouble(served.gateway);
    expect(await call('GET', `devices/${phone.deviceId}`)).toMatchObject({
      status: 404,
      body: { code: 'device-not-found' },
    });
    expect(await phone.contact({ configurationChanged: true })).toEqual(['read-all', 'configure']);
    await served.gateway.settled();

    const waiting = await call('GET', 'devices/00:1A:E8:00:53:01', { role: 'viewer' });
    expect(waiting).toMatchObject({
      status: 200,
      body: {
        deviceId: phone.deviceId,
        state: 'pending',
        deviceType: 'OpenStage 60',
        desiredItems: [
          { name: 'sntp-addr', value: 'ntp.example.org', policy: 'lobby', layer: 'site' },
          { name: 'sip-pwd', secret: true, unresolved: 'secret-missing', policy: 'lobby' },
        ],
        differences: [{ name: 'sip-pwd', reason: 'secret-missing', secret: true, desired: null, reported: null }],
      },
    });

    await call('PUT', 'secrets/sip/4989100231', { json: { value: 'geheim4711' } });
    expect((await call('GET', `devices/${phone.deviceId}`)).body['differences']).toMatchObject([
      { reason: 'not-reported' },
    ]);
    expect(await phone.contact()).toEqual(['configure']);
    expect(phone.valueOf('sip-pwd')).toBe('geheim4711');
    await served.gateway.settled();
    const done = await call('GET', `devices/${phone.deviceId}`);
    expect(done.body).toMatchObject({ state: 'compliant', differences: [] });
    expect(done.body['lastReportAt']).toEqual(expect.any(String));

    const orders = await call('GET', `devices/${phone.deviceId}/orders?limit=2`);
    expect(orders.body.items).toMatchObject([
      {
        kind: 'configure',
        state: 'done',
        steps: [
          {
            kind: 'write-items',
            items: [{ name: 'sip-pwd', secret: true, policy: 'lobby' }],
            results: [{ outcome: 'accepted' }],
          },
        ],
      },
      { kind: 'configure', state: 'done', steps: [{ items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] }, {}] },
    ]);
    const rest = await call(
      'GET',
      `devices/${phone.deviceId}/orders?limit=2&cursor=${String(orders.body['nextCursor'])}`,
    );
    expect(rest.body).toMatchObject({ items: [{ kind: 'read-all', state: 'done' }], nextCursor: null });
    expect(JSON.stringify([waiting, done, orders])).not.toMatch(/geheim|v1\./);

    const list = await call('GET', 'devices?state=compliant');
    expect(list.body.items).toMatchObject([{ deviceId: phone.deviceId, state: 'compliant', openItems: 0 }]);
    expect((await call('GET', 'devices?state=failed')).body.items).toEqual([]);
    expect(await call('GET', 'devices?state=odd')).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    expect(await call('GET', 'devices/not..an..id')).toMatchObject({
      status: 400,
      body: { code: 'device-id-invalid' },
    });
    await call('DELETE', 'policies/lobby');
    await eventually('the list to follow', async () =>
      (await call('GET', 'devices?state=unmanaged')).body.items?.length === 1 ? true : undefined,
    );
  });
});

describe('the server', () => {
  it('documents its paths with examples', async () => {
    const document = (await (await fetch(`${served.apiUrl}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    expect(Object.keys(document.paths).sort()).toEqual([
      '/config-policy/v1/devices',
      '/config-policy/v1/devices/{deviceId}',
      '/config-policy/v1/devices/{deviceId}/certificates',
      '/config-policy/v1/devices/{deviceId}/certificates/{serialNumber}/revoke',
      '/config-policy/v1/devices/{deviceId}/orders',
      '/config-policy/v1/devices/{deviceId}/orders/{orderId}',
      '/config-policy/v1/devices/{deviceId}/secure-mode',
      '/config-policy/v1/devices/{deviceId}/secure-mode/reset',
      '/config-policy/v1/file-contents/{path}',
      '/config-policy/v1/files',
      '/config-policy/v1/files/{name}',
      '/config-policy/v1/files/{name}/content',
      '/config-policy/v1/mobile-users',
      '/config-policy/v1/mobile-users/{e164}',
      '/config-policy/v1/mobile-users/{e164}/log-off',
      '/config-policy/v1/mobile-users/{e164}/user-data',
      '/config-policy/v1/policies',
      '/config-policy/v1/policies/{name}',
      '/config-policy/v1/policies/{name}/revisions',
      '/config-policy/v1/policy-files',
      '/config-policy/v1/secrets',
      '/config-policy/v1/secrets/{path}',
      '/config-policy/v1/security/ca.pem',
      '/config-policy/v1/security/report',
      '/config-policy/v1/security/roll-outs',
      '/config-policy/v1/security/roll-outs/{rollOutId}',
    ]);
    expect(JSON.stringify(document)).toContain('berlin-lobby');
  });

  it('is ready', async () => {
    const response = await fetch(`${served.apiUrl}/health/ready`);
    expect(await response.json()).toMatchObject({ status: 'ok' });
  });
});
