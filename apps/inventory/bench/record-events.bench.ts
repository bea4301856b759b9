/**
 * How many gateway events per second one inventory process takes:
 *   node --import ./tools/run-typescript.mjs apps/inventory/bench/record-events.bench.ts [phones] [rounds]
 * The whole way: read from a real Kafka, recorded in a PostgreSQL that syncs to disk, state events published back. Everything
 * runs on this machine, the brokers' and the database's share of its processors included.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@opendls/embedded-postgres';
import { createKafkaEventBus, type EventBus } from '@opendls/event-bus';
import { GATEWAY_DEVICE_TOPIC, INVENTORY_DEVICE_TOPIC, type AnyEvent } from '@opendls/event-contracts';
import { startKafka } from '@opendls/kafka-tool';
import { silentLogger } from '@opendls/logging';
import { createInventory, migrateInventory, type InventoryPart } from '../src/index.js';
import { aClosing, after, anItemsReport, anOpening, contactIdOf, deviceIdOf, recordOf } from '../test/device-events.js';

const [phones = 5_000, rounds = 3] = process.argv.slice(2).map(Number);
const logger = silentLogger();
const HOUR = 3_600;

/** What phones do, by name; `run` makes every round a time of its own. */
const SCENARIOS: Readonly<Record<string, (phone: number, run: number) => readonly AnyEvent[]>> = {
  'first start of a phone, 25 items': (phone, run) => contact(run * phones + phone, run, openingItems(phone)),
  'start with the items of before': (phone, run) => contact(phone, 100 + run, openingItems(phone)),
  'start with other items': (phone, run) => contact(phone, 200 + run, openingItems(phone + run + 1)),
  'complete report of 60 items': (phone, run) => [
    anItemsReport({ deviceId: deviceIdOf(phone), contactId: contactIdOf('x'), at: after(300 * HOUR + run), items }),
  ],
};
const items = Array.from({ length: 60 }, (_, n) => ({ name: `some-item-name-${n}`, value: `value of item ${n}` }));

function openingItems(salt: number): { name: string; value: string }[] {
  return Array.from({ length: 25 }, (_, n) => ({ name: `item-name-${n}`, value: n === 3 ? `${salt}` : `value ${n}` }));
}

function contact(phone: number, hour: number, reported: { name: string; value: string }[]): readonly AnyEvent[] {
  const ref = { deviceId: deviceIdOf(phone), contactId: contactIdOf(String(hour)) };
  const device = { e164: `4989${phone}` };
  return [
    anOpening({ ...ref, at: after(hour * HOUR), items: reported, device }),
    aClosing({ ...ref, at: after(hour * HOUR + 1) }),
  ];
}

async function sampleOf(metrics: InventoryPart['metrics'], name: string): Promise<number> {
  const metric = (await metrics.getMetricsAsJSON()).find((candidate) => candidate.name === name);
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function publish(bus: EventBus, events: readonly AnyEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += 1_000) {
    await bus.publish(events.slice(from, from + 1_000).map(recordOf), { timeoutMs: 60_000 });
  }
}

interface Site {
  readonly bus: EventBus;
  readonly databaseUrl: string;
}

/** Publishes first, then starts the inventory: its clock begins when the log is full. */
async function measure({ bus, databaseUrl }: Site, events: readonly AnyEvent[]): Promise<string> {
  await publish(bus, events);
  const inventory = await createInventory({ databaseUrl, bus, logger });
  await inventory.start();
  const recorded = (): Promise<number> => sampleOf(inventory.metrics, 'opendls_inventory_events_total');
  await until(async () => (await recorded()) > 0);
  const [already, start, cpu] = [await recorded(), performance.now(), process.cpuUsage()];
  await until(async () => (await recorded()) === events.length);
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await until(async () => (await sampleOf(inventory.metrics, 'opendls_inventory_outbox_unsent')) === 0);
  const lagSeconds = (performance.now() - start) / 1_000 - seconds;
  await inventory.stop();
  const rate = Math.round((events.length - already) / seconds);
  const busy = ((user + system) / 1e6 / seconds).toFixed(2);
  return `${rate} events/s, process uses ${busy} CPU, outbox empty ${lagSeconds.toFixed(2)} s later`;
}

const directory = await mkdtemp(path.join(tmpdir(), 'opendls-bench-'));
const kafka = await startKafka({ nodes: 1, dataDir: path.join(directory, 'kafka'), logger });
const postgres = await startEmbeddedPostgres({ dataDir: path.join(directory, 'postgres'), persistent: false, logger });
await postgres.ensureDatabase('inventory');
const databaseUrl = postgres.url('inventory');
await migrateInventory(databaseUrl);
const bus = createKafkaEventBus({ brokers: kafka.brokers, clientId: 'bench', logger });
await bus.ensureTopics([GATEWAY_DEVICE_TOPIC, INVENTORY_DEVICE_TOPIC]);
console.log(`${phones} phones, ${rounds} rounds; Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`);
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, eventsOf] of Object.entries(SCENARIOS)) {
      const events = Array.from({ length: phones }, (_, phone) => eventsOf(phone, round)).flat();
      console.log(`${name}: ${await measure({ bus, databaseUrl }, events)}`);
    }
  }
} finally {
  await bus.close();
  await postgres.stop();
  await kafka.stop();
  await rm(directory, { recursive: true, force: true });
}
