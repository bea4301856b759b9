import { startEmbeddedPostgres, type EmbeddedPostgres } from '@opendls/embedded-postgres';
import { brokersForTests, describeWithKafka } from '@opendls/kafka-tool';
import { VirtualPhone, type ContactResult, type Exchange } from '@opendls/virtual-phone';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import {
  ApiClient,
  isAlive,
  kafkaOf,
  lagOf,
  readRecords,
  RunningProgram,
  until,
  withAdmin,
  type Device,
  type Endpoints,
} from '../src/index.js';

const START_MS = 180_000;
const TEST_MS = 120_000;
/** The gateway's, and time for a machine that does other things too. */
const DEADLINE_MS = 2_000 + 4_000;
const NTP = 'ntp-outages.example.org';

describeWithKafka(await brokersForTests(), 'outages', (brokers) => {
  const topicPrefix = `outages-${process.pid}-${Date.now()}.`;
  const topic = (name: string): string => `${topicPrefix}${name}`;
  const groups = ['inventory.devices', 'config-policy.devices'].map((group) => `${topicPrefix}${group}`);
  const exchanges: Exchange[] = [];
  let directory: string;
  let postgres: EmbeddedPostgres;
  let cluster: RunningProgram;
  let api: ApiClient;
  let phonesUrl: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-outages-'));
    postgres = await startPostgres();
    await startCluster();
    await api.putPolicy(
      'outages',
      `apiVersion: opendls/v1
kind: Policy
metadata: { name: outages }
spec:
  layer: site
  select: { macPrefix: ["00:1A:E8:6"] }
  items:
    - { name: sntp-addr, value: ${NTP} }
    - { name: sntp-tz-offset, value: "60" }
    - { name: key-label-unicode, index: 3, value: Empfang }
`,
    );
  }, START_MS);

  afterAll(async () => {
    const pids = ((await cluster.endpoints())?.processes ?? []).map(({ pid }) => pid);
    expect(await cluster.stop()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it(
    'a record that nobody can read is set aside as it is, the rest goes on, and a command brings it back',
    async () => {
      const poison = Buffer.from([0xff, 0x00, 0x7b, 0xfe, ...Buffer.from('"not": JSON')]);
      const headers = { ce_id: 'poison-1', ce_type: 'opendls.gateway.device-started', ce_source: '/somebody' };
      const producer = kafkaOf(brokers).producer();
      await producer.connect();
      await producer.send({
        topic: topic('gateway.device.v1'),
        messages: [{ key: '001ae86f0001', value: poison, headers: { ...headers, ce_time: new Date().toISOString() } }],
      });
      await producer.disconnect();
      // The same phone, so the same partition.
      const phone = aPhone('6F', 1);
      await phone.boot();
      await settled();
      expect(phone.value('sntp-addr')).toBe(NTP);

      const letters = groups.map((group) => `${topic('gateway.device.v1')}.dlq.${group}`);
      for (const letter of letters) {
        const records = await readRecords(brokers, letter);
        expect(records).toHaveLength(1);
        expect(records[0]?.value?.equals(poison)).toBe(true);
        expect(records[0]?.headers).toMatchObject({ ...headers, 'dlq-error-code': 'malformed-json' });
      }
      expect(await startUps('6f')).toEqual({ '001ae86f0001': 1 });

      const replayed = await dlq('replay', '--topic', letters[0] ?? '');
      expect(replayed).toContain('1 replayed');
      await settled();
      const again = (await readRecords(brokers, topic('gateway.device.v1'))).filter(
        ({ value }) => value?.equals(poison) === true,
      );
      expect(again).toHaveLength(2);
      expect(Object.keys(again[1]?.headers ?? {}).filter((name) => name.startsWith('dlq-'))).toEqual([]);
      await phone.close();
    },
    TEST_MS,
  );

  it(
    'config-policy killed under load: no phone hangs, and every one is configured at its next contact',
    async () => {
      const early = phones('6A', 1, 20);
      const late = phones('6A', 21, 10);
      const boots = early.map((phone) => phone.boot());
      await Promise.race(boots);
      await kill('config-policy');
      boots.push(...late.map((phone) => phone.boot()));
      expectProperEnds((await Promise.all(boots)).flat());
      expect(late.filter((phone) => phone.value('sntp-addr') === NTP)).toEqual([]);
      expect(await closedContacts('deadline')).toBeGreaterThanOrEqual(late.length);

      await restarted('config-policy');
      await settled();
      const next = await Promise.all([...early, ...late].map((phone) => phone.boot()));
      expectProperEnds(next.flat());
      expect([...early, ...late].filter((phone) => phone.value('sntp-addr') !== NTP)).toEqual([]);
      await expectOneContentPerOrder();
      await closeAll([...early, ...late]);
    },
    TEST_MS,
  );

  it(
    'inventory killed while it records, twice: no start-up is lost or counted twice',
    async () => {
      const many = phones('6B', 1, 60);
      const boots: Promise<unknown>[] = [];
      for (const [half, from] of [many.slice(0, 30), many.slice(30)].entries()) {
        boots.push(...from.map((phone) => phone.boot()));
        await until('some of them recorded', 30_000, async () => (await recorded('001ae86b')) > half * 30);
        await kill('inventory');
        await restarted('inventory');
      }
      await Promise.all(boots);
      await settled();
      const counts = await startUps('6b');
      expect(Object.keys(counts)).toHaveLength(many.length);
      expect(Object.values(counts).filter((count) => count !== 1)).toEqual([]);
      await closeAll(many);
    },
    TEST_MS,
  );

  it(
    'PostgreSQL down for a while: phones are sent away in time, everything is made up for, no process ends',
    async () => {
      const before = await processes();
      const { port } = postgres;
      await postgres.stop();
      const some = phones('6C', 1, 10);
      const contacts = (await Promise.all(some.map((phone) => phone.boot()))).flat();
      expectProperEnds(contacts);
      expect(contacts.filter(({ overloads }) => overloads > 0)).toEqual([]);
      for (const url of ['/inventory/v1/devices', '/config-policy/v1/policies']) {
        const answer = await api.request('GET', url);
        expect([url, answer.status, await answer.json()]).toEqual([
          url,
          503,
          expect.objectContaining({ code: 'database-unavailable' }),
        ]);
      }
      expect((await api.request('GET', '/health/ready')).status).toBe(503);

      postgres = await startPostgres(port);
      await settled();
      const counts = await startUps('6c');
      expect(Object.keys(counts)).toHaveLength(some.length);
      expect(Object.values(counts).filter((count) => count !== 1)).toEqual([]);
      expectProperEnds((await Promise.all(some.map((phone) => phone.boot()))).flat());
      expect(some.filter((phone) => phone.value('sntp-addr') !== NTP)).toEqual([]);
      await until('ready', 30_000, async () => (await api.request('GET', '/health/ready')).ok);
      expect(await processes()).toEqual(before);
      await closeAll(some);
    },
    TEST_MS,
  );

  it(
    'all events delivered once more, from the first: nothing changes',
    async () => {
      await settled();
      const before = await everything();
      expect(await cluster.stop()).toBe(0);
      await withAdmin(brokers, async (admin) => {
        for (const groupId of groups)
          await admin.resetOffsets({ groupId, topic: topic('gateway.device.v1'), earliest: true });
      });
      const behind = await lagOf(brokers, topic('gateway.device.v1'), groups[0] ?? '');
      expect(behind).toBeGreaterThan(500);
      await startCluster();
      await settled();
      expect(await everything()).toEqual(before);

      const phone = aPhone('6F', 2);
      await phone.boot();
      expect(phone.value('sntp-addr')).toBe(NTP);
      await phone.close();
    },
    START_MS,
  );

  // --- the installation

  function startPostgres(port = 0): Promise<EmbeddedPostgres> {
    const quiet = (): void => undefined;
    return startEmbeddedPostgres({
      dataDir: path.join(directory, 'postgres'),
      port,
      durability: 'throwaway',
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
  }

  async function startCluster(): Promise<void> {
    const args = ['--host', '127.0.0.1', '--phone-port', '0', '--api-port', '0', '--gateways', '2'];
    cluster = RunningProgram.start('tools/cluster/dist/main.js', path.join(directory, 'data'), args, {
      KAFKA_BROKERS: brokers.join(','),
      OPENDLS_TOPIC_PREFIX: topicPrefix,
      OPENDLS_DATABASE_URL: postgres.adminUrl,
    });
    const endpoints = await cluster.ready();
    api = new ApiClient(endpoints.api, await cluster.apiKey());
    phonesUrl = endpoints.phones;
  }

  async function processes(): Promise<Endpoints['processes']> {
    return (await cluster.endpoints())?.processes ?? [];
  }

  const killed = new Map<string, number>();

  async function kill(name: string): Promise<void> {
    const pid = (await processes()).find((one) => one.name === name)?.pid ?? 0;
    killed.set(name, pid);
    process.kill(pid, 'SIGKILL');
    await until(`${name} gone`, 10_000, async () => !isAlive(pid));
  }

  async function restarted(name: string): Promise<void> {
    await until(`${name} started again`, 60_000, async () => {
      const now = (await processes()).find((one) => one.name === name);
      return now !== undefined && now.url !== null && now.pid !== killed.get(name);
    });
  }

  /** Waits until both services have taken in all there is, and what followed from that. */
  async function settled(): Promise<void> {
    let last = -1;
    await until('everything consumed', 60_000, async () => {
      const lags = await Promise.all(groups.map((group) => lagOf(brokers, topic('gateway.device.v1'), group)));
      const [ends] = await withAdmin(brokers, async (admin) => [
        await admin.fetchTopicOffsets(topic('gateway.device.v1')),
      ]);
      const total = (ends ?? []).reduce((sum, { high }) => sum + Number(high), 0);
      const isQuiet = total === last && lags.every((lag) => lag === 0);
      last = total;
      return isQuiet && (await unsent()) === 0;
    });
  }

  async function closedContacts(outcome: string): Promise<number> {
    let count = 0;
    for (const { name, url } of await processes()) {
      if (!name.startsWith('gateway') || url === null) continue;
      const text = await (await new ApiClient(url, await cluster.apiKey()).request('GET', '/metrics')).text();
      count += Number(new RegExp(`contacts_closed_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
    }
    return count;
  }

  async function dlq(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'dlq', '--', ...args], {
      env: { ...process.env, NODE_OPTIONS: '', KAFKA_BROKERS: brokers.join(',') },
    });
    return stdout;
  }

  // --- what it knows

  async function query<Row extends object>(database: string, sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: postgres.url(database) });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  async function unsent(): Promise<number> {
    let count = 0;
    for (const database of ['opendls_inventory', 'opendls_config_policy']) {
      const [row] = await query<{ n: string }>(database, 'SELECT count(*) AS n FROM outbox WHERE sent_at IS NULL');
      count += Number(row?.n ?? 0);
    }
    return count;
  }

  async function recorded(prefix: string): Promise<number> {
    const sql = 'SELECT count(*) AS n FROM device WHERE device_id LIKE $1 AND last_seen_at IS NOT NULL';
    const [row] = await query<{ n: string }>('opendls_inventory', sql, [`${prefix}%`]);
    return Number(row?.n ?? 0);
  }

  async function startUps(block: string): Promise<Record<string, number>> {
    const devices = (await api.devices()).filter(({ deviceId }: Device) => deviceId.startsWith(`001ae8${block}`));
    return Object.fromEntries(devices.map(({ deviceId, startUpCount }) => [deviceId, startUpCount]));
  }

  /** All that a repeated event could change. */
  async function everything(): Promise<Record<string, unknown>> {
    const ends = await withAdmin(brokers, (admin) =>
      Promise.all(
        ['inventory.device.v1', 'config-policy.work-order.v1', 'config-policy.compliance.v1'].map(async (name) => {
          const offsets = await admin.fetchTopicOffsets(topic(name));
          return [name, offsets.reduce((sum, { high }) => sum + Number(high), 0)] as const;
        }),
      ),
    );
    return {
      records: Object.fromEntries(ends),
      devices: await query('opendls_inventory', 'SELECT device_id, start_up_count, version FROM device ORDER BY 1'),
      contacts: await query(
        'opendls_inventory',
        'SELECT device_id, contact_id, reason, outcome, timeline FROM contact ORDER BY 1, 2, opened_at',
      ),
      orders: await query('opendls_config_policy', 'SELECT order_id, state, attempt FROM work_order ORDER BY 1'),
      states: await query('opendls_config_policy', 'SELECT device_id, compliance FROM device ORDER BY 1'),
    };
  }

  /** An order that is offered again is the same order. */
  async function expectOneContentPerOrder(): Promise<void> {
    const contents = new Map<string, Set<string>>();
    for (const { value, headers } of await readRecords(brokers, topic('config-policy.work-order.v1'))) {
      if (headers['ce_type'] !== 'opendls.config-policy.work-order-issued') continue;
      const { orderId, steps } = JSON.parse(value?.toString() ?? '') as { orderId: string; steps: unknown };
      contents.set(orderId, (contents.get(orderId) ?? new Set()).add(JSON.stringify(steps)));
    }
    expect(contents.size).toBeGreaterThan(0);
    expect([...contents.values()].filter(({ size }) => size > 1)).toEqual([]);
  }

  // --- phones

  function aPhone(block: string, number: number): VirtualPhone {
    const digits = number.toString(16).padStart(4, '0').toUpperCase();
    return new VirtualPhone({
      url: phonesUrl,
      macAddress: `00:1A:E8:${block}:${digits.slice(0, 2)}:${digits.slice(2)}`,
      e164: `498910${String(number).padStart(4, '0')}`,
      contactMeUri: 'http://198.18.0.9:8085/contact_dls.html/ContactDLS',
      observer: { onExchange: (exchange) => void exchanges.push(exchange) },
    });
  }

  function phones(block: string, from: number, count: number): VirtualPhone[] {
    return Array.from({ length: count }, (_, n) => aPhone(block, from + n));
  }

  async function closeAll(some: readonly VirtualPhone[]): Promise<void> {
    await Promise.all(some.map((phone) => phone.close()));
  }

  /** Each contact came to its end, and each message was answered in time. */
  function expectProperEnds(contacts: readonly ContactResult[]): void {
    expect(contacts.length).toBeGreaterThan(0);
    expect(contacts.filter(({ failure, end }) => failure !== undefined || end !== 'CleanUp')).toEqual([]);
    expect(exchanges.filter(({ latencyMs }) => latencyMs > DEADLINE_MS)).toEqual([]);
  }
});
