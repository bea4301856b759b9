import type { AnyEvent } from '@opendls/event-contracts';
import { aClosing, after, anItemsReport, anOpening, aStep, contactIdOf, deviceIdOf } from '../test/device-events.js';
import { deviceStory, HOUR, itemsOf } from '../test/device-story.js';
import { startTestService, until, type TestService } from '../test/test-service.js';

const LIST = '/inventory/v1/devices';
const A_TEXT: unknown = expect.any(String);
const A_NUMBER: unknown = expect.any(Number);
let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

/** Publishes and waits until everything is consumed. */
async function take(...events: readonly AnyEvent[]): Promise<void> {
  await service.publish(...events);
  await until(
    async () => (await service.get('/metrics')).text,
    (text) => /^opendls_inventory_consumer_lag 0$/m.test(text),
  );
}

async function pages(query: string, onPage?: (page: number) => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  let cursor = '';
  for (let page = 1; ; page += 1) {
    const { status, body } = await service.get(`${LIST}?${query}${cursor}`);
    expect(status).toBe(200);
    ids.push(...body.items.map(({ deviceId }) => deviceId));
    if (body.nextCursor === null) return ids;
    cursor = `&cursor=${body.nextCursor}`;
    await onPage?.(page);
  }
}

describe('a phone', () => {
  const deviceId = deviceIdOf(1);
  const where = `${LIST}/${deviceId}`;

  beforeAll(async () => {
    const story = deviceStory(deviceId);
    await take(...story, ...story);
  });

  it('is shown as it is, counted once although every event came twice', async () => {
    const answer = await service.get(where);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      deviceId,
      macAddress: '00:1A:E8:00:00:01',
      deviceType: 'OpenStage 60',
      softwareType: 'Siemens SIP',
      softwareVersion: 'V3 R4.11.0',
      e164: '4989100231',
      basicE164: '4989100231',
      contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
      partNumber: 'S30817-S7403-A101-022',
      remoteAddress: '192.0.2.31',
      listener: 'default',
      firstSeenAt: after(0).toISOString(),
      lastSeenAt: after(2 * HOUR + 30).toISOString(),
      lastReason: 'start-up',
      startUpCount: 2,
      itemsReportedAt: after(3).toISOString(),
      version: A_NUMBER,
    });
  });

  it.each(['001AE8000001', '00:1a:e8:00:00:01', '00-1A-E8-00-00-01'])('is found as %s', async (text) => {
    expect((await service.get(`${LIST}/${encodeURIComponent(text)}`)).body).toMatchObject({ deviceId });
  });

  it('has its items, page by page and by name', async () => {
    const first = await service.get(`${where}/items?limit=3`);
    expect(first.body.items).toEqual([
      { name: 'a', value: '2', reportedAt: after(2 * HOUR + 30).toISOString() },
      { name: 'b', value: '1', reportedAt: A_TEXT },
      { name: 'c', value: '1', reportedAt: after(3).toISOString() },
    ]);
    const second = await service.get(`${where}/items?limit=3&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ name: 'd', value: '2' }], nextCursor: null });
    expect((await service.get(`${where}/items?name=c`)).body.items).toMatchObject([{ name: 'c' }]);
    expect((await service.get(`${where}/items?name=*d`)).body.items).toMatchObject([{ name: 'd' }]);
  });

  it('shows that a secret item is set, and index 0', async () => {
    const other = deviceIdOf(2);
    const items = [
      { name: 'sip-pwd', secret: true as const },
      { name: 'feature-availability', index: 0, value: 'true' },
    ];
    await take(anOpening({ deviceId: other, items }));
    expect((await service.get(`${LIST}/${other}/items`)).body.items).toEqual([
      { name: 'feature-availability', index: 0, value: 'true', reportedAt: A_TEXT },
      { name: 'sip-pwd', secret: true, reportedAt: A_TEXT },
    ]);
  });

  it('has its contacts, newest first, with what was refused', async () => {
    const first = await service.get(`${where}/contacts?limit=2`);
    expect(first.body.items).toMatchObject([{ reason: 'start-up' }, { reason: 'local-changes', outcome: 'no-work' }]);
    const second = await service.get(`${where}/contacts?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({
      nextCursor: null,
      items: [
        {
          contactId: contactIdOf('1'),
          openedAt: after(0).toISOString(),
          closedAt: after(5).toISOString(),
          outcome: 'completed',
          timeline: [
            { kind: 'items-reported', scope: 'all', fragmentCount: 3, itemCount: 4 },
            { kind: 'step', step: 'write-items', refusedItems: [{ name: 'a', status: 'read only' }] },
          ],
        },
      ],
    });
  });

  it('is told to subscribers of the state topic, whole and last', async () => {
    const records = await until(
      async () => service.bus.records('inventory.device.v1').filter(({ key }) => key === deviceId),
      (found) => found.length > 0,
    );
    const newest: unknown = JSON.parse(new TextDecoder().decode(records.at(-1)?.value ?? undefined));
    expect(newest).toEqual((await service.get(where)).body);
  });

  it('goes with everything, for admins only, and subscribers get a tombstone', async () => {
    const gone = deviceIdOf(3);
    await take(anOpening({ deviceId: gone, items: itemsOf({ a: '1' }) }));
    for (const role of ['viewer', 'operator'] as const) {
      expect((await service.call('DELETE', `${LIST}/${gone}`, role)).body).toMatchObject({ code: 'forbidden' });
    }
    expect((await service.call('DELETE', `${LIST}/${gone}`, 'admin')).status).toBe(204);
    expect((await service.call('DELETE', `${LIST}/${gone}`, 'admin')).body).toMatchObject({ code: 'device-not-found' });
    expect((await service.get(`${LIST}/${gone}`)).status).toBe(404);
    await until(
      async () => service.bus.records('inventory.device.v1').filter(({ key }) => key === gone),
      (records) => records.at(-1)?.value === null,
    );
    // What still comes of its last contact does not bring it back, its next contact does.
    await take(aStep({ deviceId: gone, at: after(5) }), aClosing({ deviceId: gone, at: after(6) }));
    expect((await service.get(`${LIST}/${gone}`)).status).toBe(404);
    await take(anOpening({ deviceId: gone, contactId: contactIdOf('2'), at: after(HOUR) }));
    expect((await service.get(`${LIST}/${gone}`)).body).toMatchObject({ startUpCount: 1, version: 1 });
  });
});

describe('the list', () => {
  const first = 0x10000;
  const count = 60;
  const many = Array.from({ length: count }, (_, n) => deviceIdOf(first + 2 * n));

  beforeAll(async () => {
    await take(
      ...many.map((deviceId, n) => anOpening({ deviceId, at: after(n), device: { e164: n % 4 ? `49${n}` : null } })),
    );
  });

  it.each(['deviceId', '-deviceId', 'e164', '-e164', 'deviceType', '-softwareVersion', 'lastSeenAt', '-lastSeenAt'])(
    'sorted by %s shows every phone once, whatever arrives between the pages',
    async (sort) => {
      let next = first + 1;
      const ids = await pages(`sort=${sort}&limit=7&macAddress=001AE80100`, async () => {
        await service.publish(anOpening({ deviceId: deviceIdOf(next), device: { e164: `49${next}` } }));
        next += 12;
      });
      const seen = ids.filter((id) => many.includes(deviceIdOf(Number.parseInt(id.slice(6), 16))));
      expect(seen).toHaveLength(count);
      expect(new Set(ids).size).toBe(ids.length);
    },
  );

  it('combines filters', async () => {
    const query = 'e164=4911&lastReason=start-up&deviceType=openstage*&q=10:00&lastSeenAfter=2026-01-15T08:00:11Z';
    expect((await service.get(`${LIST}?${query}`)).body).toMatchObject({ items: [], nextCursor: null });
    const hit = await service.get(`${LIST}?${query.replace('q=10:00', 'q=01:00')}`);
    expect(hit.body.items).toMatchObject([{ e164: '4911' }]);
  });

  it.each([
    ['limit=0', 'validation-failed'],
    ['limit=501', 'validation-failed'],
    ['sort=name', 'validation-failed'],
    ['devicetype=x', 'validation-failed'],
    ['macAddress=xyz', 'validation-failed'],
    ['lastSeenAfter=yesterday', 'validation-failed'],
    ['lastReason=bored', 'validation-failed'],
    ['e164=', 'validation-failed'],
    ['e164=1&e164=2', 'validation-failed'],
    ['cursor=rubbish', 'cursor-invalid'],
    ['cursor=e30', 'cursor-invalid'],
  ])('refuses %s with %s', async (query, code) => {
    const answer = await service.get(`${LIST}?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { status: 400, code } });
    expect(answer.type).toContain('application/problem+json');
  });

  it.each(['sort=-deviceId&limit=2', 'sort=e164&limit=2', 'limit=2&e164=49'])(
    'refuses the cursor of another list for %s',
    async (query) => {
      const { nextCursor } = (await service.get(`${LIST}?limit=2`)).body;
      expect((await service.get(`${LIST}?${query}&cursor=${nextCursor}`)).body.code).toBe('cursor-invalid');
      expect((await service.get(`${LIST}?limit=5&cursor=${nextCursor}`)).status).toBe(200);
    },
  );

  it('refuses the cursor of another phone', async () => {
    const [one, other] = [many[0]!, many[1]!];
    await take(
      ...[one, other].map((deviceId) => anItemsReport({ deviceId, at: after(90), items: itemsOf({ a: '1', b: '1' }) })),
    );
    const { nextCursor } = (await service.get(`${LIST}/${one}/items?limit=1`)).body;
    expect((await service.get(`${LIST}/${other}/items?limit=1&cursor=${nextCursor}`)).body.code).toBe('cursor-invalid');
  });
});

describe('errors', () => {
  it.each([
    ['/not-a-mac', 400, 'device-id-invalid'],
    ['/001ae80000', 400, 'device-id-invalid'],
    ['/00000000ffff', 404, 'device-not-found'],
    ['/id-nobody', 404, 'device-not-found'],
    ['/00000000ffff/items', 404, 'device-not-found'],
    ['/00000000ffff/contacts', 404, 'device-not-found'],
    ['/001ae8000001/nothing', 404, 'not-found'],
  ])('%s is %i %s', async (path, status, code) => {
    expect(await service.get(`${LIST}${path}`)).toMatchObject({ status, body: { status, code } });
  });

  it('nothing is shown without a key', async () => {
    for (const path of ['', '/001ae8000001', '/001ae8000001/items', '/001ae8000001/contacts']) {
      expect(await service.call('GET', `${LIST}${path}`, null)).toMatchObject({
        status: 401,
        body: { code: 'api-key-missing' },
      });
    }
  });
});

it('describes itself with examples', async () => {
  const document = JSON.parse((await service.call('GET', '/openapi.json', null)).text) as OpenApi;
  const item = `${LIST}/{deviceId}`;
  expect(Object.keys(document.paths)).toEqual([LIST, item, `${item}/items`, `${item}/contacts`]);
  const list = document.paths[LIST]?.get;
  expect(list?.parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['limit', 'cursor', 'sort', 'deviceType', 'e164', 'macAddress', 'lastSeenAfter', 'q']),
  );
  expect(list?.responses['200']).toMatchObject({
    content: { 'application/json': { schema: { example: { items: [{ deviceId: '001ae8005301' }] } } } },
  });
});

interface OpenApi {
  readonly paths: Record<
    string,
    { readonly get: { readonly parameters: { readonly name: string }[]; readonly responses: Record<string, unknown> } }
  >;
}
