import type { AnyEvent } from '@opendls/event-contracts';
import { after, anOpening, contactIdOf, deviceIdOf } from '../../test/device-events.js';
import { openTestInventory, type TestInventory } from '../../test/test-inventory.js';
import type { DeviceFilter, ListedDevice, ListPosition } from './device-list.store.js';
import { SORT_TEXTS, parseSort, type SortText } from './domain/device-sort.js';

let inventory: TestInventory;
const VERSIONS = ['V3 R4.9.0', 'V3 R4.11.0', 'V1 R5.6.53', null];
const NUMBERS = ['4989100231', '49301000', null, '4989100232', '4989100231'];

beforeAll(async () => {
  inventory = await openTestInventory();
  const events: AnyEvent[] = Array.from({ length: 20 }, (_, n) =>
    anOpening({
      deviceId: deviceIdOf(n),
      at: after(n % 7),
      type: n % 5 === 0 ? 'opendls.gateway.device-solicited' : 'opendls.gateway.device-started',
      contactId: contactIdOf('1'),
      device: {
        deviceType: n % 3 === 0 ? null : `OpenStage ${20 * (n % 3)}`,
        softwareVersion: VERSIONS[n % 4]!,
        e164: NUMBERS[n % 5]!,
      },
    }),
  );
  await inventory.recorder.execute(events);
});
afterAll(() => inventory.close());

async function listAll(sort: SortText, limit: number, filter: DeviceFilter = {}): Promise<readonly ListedDevice[]> {
  const all: ListedDevice[] = [];
  let position: ListPosition | undefined;
  do {
    const rows = await inventory.stores.list.list({ filter, sort: parseSort(sort), limit, after: position });
    all.push(...rows.slice(0, limit));
    position = rows.length > limit ? all.at(-1)?.position : undefined;
  } while (position !== undefined);
  return all;
}

async function matching(filter: DeviceFilter): Promise<number[]> {
  const rows = await listAll('deviceId', 100, filter);
  return rows.map(({ device }) => Number.parseInt(device.deviceId.slice(6), 16));
}

describe('the list of phones', () => {
  it.each(SORT_TEXTS)('sorted by %s has every phone once, in the same order with every page size', async (sort) => {
    const whole = await listAll(sort, 100);
    const ids = whole.map(({ device }) => device.deviceId);
    expect(new Set(ids).size).toBe(20);
    for (const limit of [1, 3, 7]) {
      expect((await listAll(sort, limit)).map(({ device }) => device.deviceId)).toEqual(ids);
    }
    const keys = whole.map(({ position }) => `${position.sortKey} ${position.deviceId}`);
    const sorted = [...keys].sort();
    expect(keys).toEqual(sort.startsWith('-') ? sorted.reverse() : sorted);
  });

  it('sorts versions as versions, unknown ones first', async () => {
    const rows = await listAll('softwareVersion', 100);
    const versions = [...new Set(rows.map(({ device }) => device.facts.softwareVersion))];
    expect(versions).toEqual([null, 'V1 R5.6.53', 'V3 R4.9.0', 'V3 R4.11.0']);
  });

  it.each<[DeviceFilter, number[]]>([
    [{ deviceTypePattern: 'openstage 4%', e164Pattern: '4989%' }, [5, 8, 14]],
    [{ softwareVersionPattern: 'V1%', deviceIdPrefix: '001ae8' }, [2, 6, 10, 14, 18]],
    [{ lastSeenFrom: after(5), lastSeenBefore: after(6) }, [5, 12, 19]],
    [{ lastReason: 'solicited' }, [0, 5, 10, 15]],
    [{ words: ['r4.11', '00:1a:e8:00:00:0d'] }, [13]],
    [{ words: ['192.0.2.31', '49301000', 'openstage 20'] }, [1, 16]],
    [{ words: ['%'] }, []],
    [{ deviceIdPrefix: 'ff' }, []],
  ])('filters by %j', async (filter, expected) => {
    expect(await matching(filter)).toEqual(expected);
  });

  it.each(SORT_TEXTS)('sorted by %s reads an index', async (sort) => {
    const builder = inventory.stores.list.builder({ filter: {}, sort: parseSort(sort), limit: 50 });
    const [sql, parameters] = builder.getQueryAndParameters();
    const plan = await inventory.dataSource.transaction(async (tx) => {
      // Twenty rows are read faster without an index.
      await tx.query('SET LOCAL enable_seqscan = off');
      await tx.query('SET LOCAL enable_sort = off');
      return tx.query<Record<string, string>[]>(`EXPLAIN ${sql}`, parameters);
    });
    const text = plan.flatMap((row) => Object.values(row)).join('\n');
    expect(text).toMatch(/Index (Only )?Scan (Backward )?using device_/);
    expect(text).not.toContain('Sort');
  });
});
