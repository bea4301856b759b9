// How many records per second pass the outbox, and how soon one arrives:
// node --import ./tools/run-typescript.mjs libs/platform/postgres/bench/outbox-relay.bench.ts
import { mkdtemp } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@opendls/embedded-postgres';
import { silentLogger } from '@opendls/logging';
import { openDataSource } from '../src/data-source.js';
import { Outbox } from '../src/outbox.js';
import { OutboxRelay } from '../src/outbox-relay.js';
import type { OutgoingRecord } from '../src/outgoing-record.js';
import { UnitOfWork } from '../src/unit-of-work.js';
import { migrateTestTables } from '../test/test-tables.js';

const RECORDS = 20_000;
const PER_TRANSACTION = 100;
const SINGLES = 300;
const RUNS = 5;

const logger = silentLogger();
const server = await startEmbeddedPostgres({
  dataDir: await mkdtemp(path.join(tmpdir(), 'opendls-bench-')),
  persistent: false,
  logger,
});
await server.ensureDatabase('bench');
await migrateTestTables(server.url('bench'));
const dataSource = await openDataSource({ url: server.url('bench'), name: 'bench', logger });
const unitOfWork = new UnitOfWork(dataSource);
const outbox = new Outbox();

let published = 0;
let reached: { readonly count: number; readonly resolve: () => void } | undefined;
const publisher = {
  publish: async (records: readonly OutgoingRecord[]): Promise<void> => {
    published += records.length;
    if (reached && published >= reached.count) reached.resolve();
  },
};
const untilPublished = (count: number): Promise<void> =>
  published >= count ? Promise.resolve() : new Promise((resolve) => (reached = { count, resolve }));

const value = JSON.stringify({ deviceId: '001ae8000000', items: 'x'.repeat(1_000) });
const record = (n: number): OutgoingRecord => ({
  topic: 'inventory.device.v1',
  key: `device-${n % 500}`,
  headers: { ce_id: `${n}`, ce_type: 'opendls.inventory.device', ce_source: '/opendls/inventory/1' },
  value,
});
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const spread = (values: number[]): string => `${Math.min(...values).toFixed(0)}..${Math.max(...values).toFixed(0)}`;

const relay = new OutboxRelay({ dataSource, outbox, publisher, name: 'bench', logger });
const appendRates: number[] = [];
const relayRates: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  const begin = performance.now();
  for (let n = 0; n < RECORDS; n += PER_TRANSACTION) {
    const records = Array.from({ length: PER_TRANSACTION }, (_, i) => record(n + i));
    await unitOfWork.run((tx) => outbox.append(tx, records));
  }
  appendRates.push((RECORDS / (performance.now() - begin)) * 1_000);
  // The first run appends without a relay; later ones compete with it, as in production.
  const drainBegin = run === 0 ? performance.now() : begin;
  relay.start();
  await untilPublished(RECORDS * (run + 1));
  relayRates.push((RECORDS / (performance.now() - drainBegin)) * 1_000);
}
const latencies: number[] = [];
for (let n = 0; n < SINGLES; n += 1) {
  const before = published;
  await unitOfWork.run((tx) => outbox.append(tx, [record(n)]));
  const committed = performance.now();
  await untilPublished(before + 1);
  latencies.push(performance.now() - committed);
}
const sorted = latencies.toSorted((a, b) => a - b);
console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; 1 KB records, fsync on, ${RUNS} runs`);
console.log(
  `append (${PER_TRANSACTION} per transaction): ${median(appendRates).toFixed(0)}/s (${spread(appendRates)})`,
);
console.log(`relay, draining a backlog: ${relayRates[0]?.toFixed(0)}/s`);
console.log(`append and relay together: ${median(relayRates.slice(1)).toFixed(0)}/s (${spread(relayRates.slice(1))})`);
console.log(
  `commit to publish: p50 ${median(latencies).toFixed(1)} ms, p99 ${sorted[Math.floor(SINGLES * 0.99)]?.toFixed(1)} ms`,
);
await relay.stop();
await dataSource.destroy();
await server.stop();
