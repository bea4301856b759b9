/**
 * Figures with PostgreSQL: `node --import ./tools/run-typescript.mjs apps/config-policy/bench/service.bench.ts [phones]`.
 * With 1,000 policies: phones that start without changes, in batches as the event bus delivers them, and the comparison of
 * the whole fleet after a policy changed.
 */
import { randomUUID } from 'node:crypto';
import type { DeviceId } from '@opendls/event-contracts';
import { listItems } from '@opendls/item-catalog';
import { silentLogger } from '@opendls/logging';
import { openDataSource, Outbox, ProcessedEvents, UnitOfWork } from '@opendls/postgres';
import { Registry } from 'prom-client';
import { databaseOptions } from '../src/data-source.js';
import { DEFAULT_SETTINGS } from '../src/decision-settings.js';
import { AnswerDeviceEvents, type DeviceEvent } from '../src/devices/answer-device-events.use-case.js';
import { DeviceMessages } from '../src/devices/device-messages.js';
import { DevicesStore } from '../src/devices/devices.store.js';
import { unknownDevice, type DeviceState } from '../src/devices/domain/device-state.js';
import { MaintainDevices } from '../src/devices/maintain-devices.use-case.js';
import { ConfigPolicyMetrics } from '../src/metrics.js';
import { ChangePolicies } from '../src/policies/change-policies.use-case.js';
import { PoliciesStore } from '../src/policies/policies.store.js';
import { PolicyRegistry } from '../src/policies/policy-registry.js';
import { SecretsService } from '../src/secrets/secrets.service.js';
import { SecretsStore } from '../src/secrets/secrets.store.js';
import { WorkOrdersStore } from '../src/work-orders/work-orders.store.js';
import { aDocument, anOpening } from '../test/builders.js';
import { aDatabase, sealingKeys } from '../test/harness.js';

const PHONES = Number(process.argv[2] ?? 5_000);
const POLICIES = 1_000;
const BATCH = 200;

const database = await aDatabase();
const dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
const clock = (): Date => new Date();
const unitOfWork = new UnitOfWork(dataSource);
const policies = new PoliciesStore(dataSource);
const change = new ChangePolicies(unitOfWork, policies, clock, false);
const metrics = new ConfigPolicyMetrics(new Registry());
const devices = new DevicesStore(dataSource);
const parts = {
  devices,
  orders: new WorkOrdersStore(dataSource),
  policies: new PolicyRegistry(policies),
  secrets: new SecretsService(unitOfWork, new SecretsStore(dataSource), sealingKeys, clock),
  settings: DEFAULT_SETTINGS,
  features: [],
  ...{ sealingKeys, clock },
};
const messages = new DeviceMessages('/opendls/config-policy/bench', '', clock);
const outbox = new Outbox();
const answer = new AnswerDeviceEvents(unitOfWork, new ProcessedEvents(), outbox, parts, messages, metrics);
const maintain = new MaintainDevices(unitOfWork, outbox, parts, messages, metrics, silentLogger());

const names = listItems().map(({ name }) => name);
const idOf = (i: number): DeviceId => (0x001ae8000000 + i).toString(16).padStart(12, '0') as DeviceId;

async function prepare(): Promise<void> {
  for (let i = 0; i < POLICIES; i++) await change.save(policyCommand(i, 'ntp.example.org'));
  for (let from = 0; from < PHONES; from += 500) {
    const states = Array.from({ length: Math.min(500, PHONES - from) }, (_, n) => configured(from + n));
    await unitOfWork.run(async (tx) => {
      await devices.saveAll(tx, states);
      await devices.saveReports(tx, states);
    });
  }
}

function policyCommand(i: number, sntp: string): Parameters<ChangePolicies['save']>[0] {
  const name = `policy-${i}`;
  const select =
    i === 0 ? {} : i % 2 === 0 ? { e164: `4989${i}*` } : { deviceType: ['OpenStage *'], softwareVersion: `V${i} *` };
  const items = [
    { name: 'sntp-addr', value: sntp },
    ...Array.from({ length: 30 }, (_, key) => ({ name: 'key-label-unicode', index: key + 1, value: `Key ${key}` })),
  ];
  return { name, text: JSON.stringify(aDocument({ name, select, items })), format: 'json', by: 'bench' };
}

function configured(i: number): DeviceState {
  const state = unknownDevice(idOf(i), clock());
  Object.assign(state, { fullReportAt: clock(), contactId: 'contact-0000000000', facts: anOpening().device });
  for (const name of names.slice(0, 350)) state.report.set(name, { value: 'some value of usual length' });
  state.report.set('sntp-addr', { value: 'ntp.example.org' });
  for (let key = 1; key <= 30; key++) state.report.set(`key-label-unicode[${key}]`, { value: `Key ${key - 1}` });
  return state;
}

async function starts(): Promise<void> {
  const times: number[] = [];
  const begin = performance.now();
  for (let from = 0; from < PHONES; from += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, PHONES - from) }, (_, n) => start(from + n));
    const batchBegin = performance.now();
    await answer.execute(events);
    times.push((performance.now() - batchBegin) / events.length);
  }
  const seconds = (performance.now() - begin) / 1_000;
  times.sort((a, b) => a - b);
  console.log(
    `starts, batches of ${BATCH}: ${(PHONES / seconds).toFixed(0)} phones/s, per phone p50 ${times[Math.floor(times.length / 2)]?.toFixed(2)} ms, worst batch ${times.at(-1)?.toFixed(2)} ms`,
  );
}

function start(i: number): DeviceEvent {
  const deviceId = idOf(i);
  return {
    id: randomUUID(),
    type: 'opendls.gateway.device-started',
    source: '/opendls/gateway/bench',
    subject: deviceId,
    time: clock(),
    data: anOpening({ deviceId, contactId: `contact-${randomUUID()}` }),
    replyTo: 'bench',
  };
}

async function single(): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 500; i++) {
    const begin = performance.now();
    await answer.execute([start(i)]);
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  console.log(`one start per transaction: p50 ${times[250]?.toFixed(2)} ms, p99 ${times[495]?.toFixed(2)} ms`);
}

async function replan(): Promise<void> {
  await change.save(policyCommand(0, 'ntp2.example.org'));
  const begin = performance.now();
  await maintain.execute(new AbortController().signal);
  const seconds = (performance.now() - begin) / 1_000;
  const per100k = (100_000 / PHONES) * seconds;
  console.log(
    `${PHONES} phones compared again: ${seconds.toFixed(1)} s, 100,000 would take ${per100k.toFixed(0)} s (bar 60 s)`,
  );
}

try {
  await prepare();
  console.log(`${POLICIES} policies, ${PHONES} phones with 380 reported items, Node ${process.version}`);
  await maintain.execute(new AbortController().signal);
  await single();
  await starts();
  await replan();
} finally {
  await dataSource.destroy();
  await database.drop();
}
