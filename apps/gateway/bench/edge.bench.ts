/**
 * `npm run bench:edge`: what one gateway does at its edge. DCMP polls over keep-alive HTTP, 1,000 downloads over HTTPS (a
 * handshake each), 1,000 ContactMe. The phones are a thread of the same process, on the same machine.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { createSelfSignedCertificate, generateSealingKey, parseSealingKeys } from '@opendls/crypto';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import {
  GATEWAY_DEVICE_TOPIC,
  parseDeviceId,
  toRecord,
  type EventRecord,
  type DeviceId,
} from '@opendls/event-contracts';
import { FileLinks } from '@opendls/file-links';
import { createLogger } from '@opendls/logging';
import { gatewayConfig, startGateway } from '../src/index.js';
import type { ClientResult, ClientTask } from './edge-clients.js';

const PHONES = 1_000;
const FILE_BYTES = 300_000;
const RUNS = 5;
const POLL_BAR = 5_000;

const keys = parseSealingKeys(generateSealingKey('k1'));
const directory = await mkdtemp(join(tmpdir(), 'opendls-bench-'));
const bus = new InMemoryEventBus();
const content = randomBytes(FILE_BYTES);
const tls = await createSelfSignedCertificate({ commonName: 'bench', altNames: ['127.0.0.1'], days: 1 });
const gateway = await startGateway({
  config: gatewayConfig({
    phones: { host: '127.0.0.1', port: 0, tls },
    dcmp: { host: '127.0.0.1', port: 0 },
    contactMe: { simulatedPhones: true, perSecond: 1_000 },
    files: { cacheDir: directory, maxDownloadsPerAddress: 512 },
  }),
  bus,
  logger: createLogger({ name: 'bench', level: 'silent' }),
  sealingKeys: keys,
  fileSource: { open: async () => ({ size: FILE_BYTES, stream: Readable.from([content]) }) },
});
const clients = new Worker(new URL('./edge-clients.ts', import.meta.url));

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}, gateway and phones on it`);
try {
  await polls();
  await downloads();
  await contacts();
} finally {
  await clients.terminate();
  await gateway.close();
  await bus.close();
  await rm(directory, { recursive: true });
}

async function polls(): Promise<void> {
  // Every second phone has work.
  await bus.publish(Array.from({ length: 2 * PHONES }, (_, at) => directive(deviceId(at), at % 2 === 0)));
  const task = { kind: 'poll', url: gateway.dcmpUrl ?? '', connections: 100, seconds: 2, phones: 2 * PHONES } as const;
  await ask(task); // warm-up
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { count, seconds, failures } = await ask(task);
    if (failures > 0) throw new Error(`${failures} polls failed`);
    rates.push(count / seconds);
  }
  const metrics = await gateway.metrics.metrics();
  const pending = /dcmp_polls_total\{answer="pending"\} (\d+)/.exec(metrics)?.[1] ?? '0';
  report('DCMP polls/s, 100 connections', rates);
  const isMet = median(rates) >= POLL_BAR;
  console.log(`  ${pending} of them answered 202; bar ${POLL_BAR}: ${isMet ? 'met' : 'MISSED'}`);
  if (!isMet) process.exitCode = 1;
}

async function downloads(): Promise<void> {
  const links = new FileLinks(keys);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const expiresAt = new Date(Date.now() + 3_600_000);
  const urls = Array.from({ length: PHONES }, (_, at) => {
    const token = links.sign({ sha256, deviceId: deviceId(at), fileName: 'logo.png', expiresAt });
    return `${gateway.phonesUrl}/files/${token}/logo.png`;
  });
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { count, seconds, bytes, failures } = await ask({ kind: 'download', urls, atOnce: 100 });
    if (failures > 0 || bytes !== PHONES * FILE_BYTES) throw new Error(`${failures} downloads failed`);
    rates.push(count / seconds);
  }
  report(`downloads/s of ${FILE_BYTES / 1_000} kB over HTTPS, ${PHONES} phones, 100 at once`, rates);
  console.log(`  memory of gateway and phones: ${Math.round(process.memoryUsage().rss / 1_048_576)} MiB`);
}

async function contacts(): Promise<void> {
  const { ports } = await ask({ kind: 'listen', phones: PHONES });
  const before = bus.records(GATEWAY_DEVICE_TOPIC.name).length;
  const begunAtMs = performance.now();
  await bus.publish(ports.map((port, at) => contactRequest(deviceId(at), port)));
  while (bus.records(GATEWAY_DEVICE_TOPIC.name).length < before + PHONES) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const seconds = (performance.now() - begunAtMs) / 1_000;
  const accepted = /contact_attempts_total\{outcome="accepted"\} (\d+)/.exec(await gateway.metrics.metrics())?.[1];
  console.log(
    `ContactMe to ${PHONES} phones: ${seconds.toFixed(2)} s, ${accepted ?? 0} accepted (limit lifted to 1,000/s)`,
  );
}

function ask(task: ClientTask): Promise<ClientResult> {
  return new Promise((resolve, reject) => {
    clients.once('error', reject);
    clients.once('message', (result: ClientResult) => {
      clients.off('error', reject);
      resolve(result);
    });
    clients.postMessage(task);
  });
}

function deviceId(at: number): DeviceId {
  const id = parseDeviceId(at.toString(16).padStart(12, '0'));
  if (id === undefined) throw new Error('not a device id');
  return id;
}

function directive(subject: DeviceId, isWorkPending: boolean): EventRecord {
  const data = { deviceId: subject, isWorkPending, requiresSecureMode: false, revokedCertificates: [] };
  const type = 'opendls.config-policy.device-directive-changed';
  return toRecord({ id: randomUUID(), type, source: '/opendls/config-policy/x', subject, time: new Date(), data });
}

function contactRequest(subject: DeviceId, port: number): EventRecord {
  const contactMeUri = `http://127.0.0.1:${port}/contact_dls.html/ContactDLS`;
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const data = { requestId: randomUUID(), deviceId: subject, contactMeUri, attempt: 1, expiresAt };
  const type = 'opendls.config-policy.contact-requested';
  return toRecord({ id: randomUUID(), type, source: '/opendls/config-policy/x', subject, time: new Date(), data });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function report(what: string, rates: readonly number[]): void {
  const [least, most] = [Math.min(...rates), Math.max(...rates)].map(Math.round);
  console.log(`${what}: ${Math.round(median(rates))} (${RUNS} runs, ${least} to ${most})`);
}
