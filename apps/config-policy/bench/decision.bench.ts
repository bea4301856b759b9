/**
 * Decision figures: `node --import ./tools/run-typescript.mjs apps/config-policy/bench/decision.bench.ts`. The pure part of a decision, one phone at
 * a time, with 1,000 policies: a first contact (select, compare a full report, build and seal an order) and a start without
 * changes.
 */
import { randomUUID } from 'node:crypto';
import { fingerprint, generateSealingKey, matchesFingerprint, parseSealingKeys, seal } from '@opendls/crypto';
import { sealContext, type ReportedItem } from '@opendls/event-contracts';
import { listItems } from '@opendls/item-catalog';
import { unknownDevice, type DeviceState } from '../src/devices/domain/device-state.js';
import { FeatureSet } from '../src/devices/domain/feature-rules.js';
import { ManagedDevice, type DecisionContext } from '../src/devices/domain/managed-device.js';
import { replaceReport } from '../src/devices/domain/phone-report.js';
import { PolicySet, type PolicyRevision } from '../src/policies/domain/policy-set.js';
import { anOpening, aRevision } from '../test/builders.js';

const POLICIES = 1_000;
const PHONES = 3_000;
const BAR_MS = 5;

const writable = listItems().filter(
  ({ type, access, index, secret, maxLength, group }) =>
    type === 'string' &&
    access === 'read-write' &&
    !index &&
    !secret &&
    (maxLength ?? 99) > 8 &&
    group !== 'file-transfer',
);

/** One tenth selects by model, four tenths by number range, the rest one phone each by its id; some have secrets. */
function policies(): PolicyRevision[] {
  return Array.from({ length: POLICIES }, (_, i) => {
    const select =
      i % 10 === 0
        ? { deviceType: ['OpenStage *', 'OpenScape *'], softwareVersion: 'V3 *' }
        : i % 10 < 5
          ? { e164: `4989${String(i).padStart(4, '0')}*`, macPrefix: '00:1A:E8' }
          : { deviceId: `00:1A:E8:00:${hex(i >> 8)}:${hex(i & 255)}` };
    const items = Array.from({ length: 8 }, (_, n) => ({
      name: writable[(i * 7 + n * 3) % writable.length]?.name,
      value: `v${i}`,
    }));
    const unique = [...new Map(items.map((item) => [item.name, item])).values()];
    const secret = i % 100 === 0 ? [{ name: 'sip-pwd', secretRef: 'sip/{{e164}}' }] : [];
    return aRevision({
      name: `policy-${i}`,
      layer: i % 10 === 0 ? 'model' : 'site',
      priority: i,
      select,
      items: [...unique, ...secret],
    });
  });
}

const sealingKeys = parseSealingKeys(generateSealingKey('bench'));
const compiled = PolicySet.of(1, policies());
const report: ReportedItem[] = listItems()
  .slice(0, 350)
  .map(({ name }) => ({ name, value: 'factory' }));

function context(e164: string): DecisionContext {
  return {
    policies: compiled,
    features: FeatureSet.NONE,
    secrets: new Map([[`sip/${e164}`, 'geheim4711']]),
    fingerprints: {
      make: (value, deviceId, key) => fingerprint(sealingKeys, value, sealContext(deviceId, key)),
      matches: (stored, value, deviceId, key) =>
        matchesFingerprint(sealingKeys, stored, value, sealContext(deviceId, key)),
    },
    seal: (value, deviceId, key) => seal(sealingKeys, value, sealContext(deviceId, key)),
    newOrderId: randomUUID,
    limits: { maxAttempts: 5, orderExpiryMs: 60_000, retryFailedAfterMs: 3_600_000 },
    now: new Date(),
  };
}

function decide(i: number, state: DeviceState): { ms: number; items: number } {
  const e164 = `4989${String(i % POLICIES).padStart(4, '0')}${i}`;
  const opening = anOpening({ device: { ...anOpening().device, e164 } });
  const start = performance.now();
  const device = new ManagedDevice(state, [], context(e164));
  const answer = device.openContact(opening, 'device-started', new Date());
  const ms = performance.now() - start;
  const [step] = answer.kind === 'order' ? answer.order.steps : [];
  return { ms, items: step?.kind === 'write-items' ? step.items.length : 0 };
}

function measure(name: string, stateOf: (i: number) => DeviceState): boolean {
  for (let i = 0; i < 500; i++) decide(i, stateOf(i));
  const results = Array.from({ length: PHONES }, (_, i) => decide(i, stateOf(i)));
  const times = results.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? NaN;
  const written = results.reduce((sum, { items }) => sum + items, 0) / results.length;
  const p99 = at(0.99);
  console.log(
    `${name}: p50 ${at(0.5).toFixed(2)} ms, p95 ${at(0.95).toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, max ${at(0.9999).toFixed(2)} ms; ${written.toFixed(0)} items to write`,
  );
  return p99 < BAR_MS;
}

function fresh(i: number): DeviceState {
  const state = unknownDevice(`001ae800${hex((i % POLICIES) >> 8)}${hex(i & 255)}`, new Date());
  state.fullReportAt = new Date();
  state.report = replaceReport(report);
  return state;
}

function configured(i: number): DeviceState {
  const state = fresh(i);
  const e164 = `4989${String(i % POLICIES).padStart(4, '0')}${i}`;
  state.facts = { ...anOpening().device, e164 };
  for (const { key, target } of new ManagedDevice(state, [], context(e164)).configuration().items) {
    if (target.kind !== 'known') continue;
    state.applied.set(key, target.mark);
    if (state.report.has(key)) state.report.set(key, { value: target.value });
  }
  return state;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

console.log(`${POLICIES} policies, ${PHONES} phones, Node ${process.version}, bar: p99 < ${BAR_MS} ms`);
const isWithin = [measure('first configuration', fresh), measure('start without changes', configured)];
process.exitCode = isWithin.every(Boolean) ? 0 : 1;
