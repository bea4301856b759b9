import { createKafkaEventBus } from '@opendls/event-bus';
import { toRecord, TOPICS, type EventRecord } from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBenchSite } from './bench-site.js';
import { phoneOf } from './phone-of.js';
import { quantiles } from './statistics.js';

const PHONES = 1_000;
const PER_SECOND = 500;
/** Not more than this long after the rate alone would have woken the last phone. */
const BAR_EXTRA_MS = 5_000;

/**
 * Wakes 1,000 phones through one gateway: every phone is a web server on a port of its own, every request a record on
 * Kafka. Counts what arrives at the phones; none may be asked twice.
 */
export async function benchContactMe(say: (line: string) => void): Promise<boolean> {
  const site = await openBenchSite();
  const phones: Phone[] = [];
  const bus = createKafkaEventBus({ brokers: site.brokers, clientId: 'bench', logger: silentLogger() });
  try {
    await bus.ensureTopics(TOPICS);
    const gateway = await site.startGateway({
      OPENDLS_GATEWAY_CONTACT_SIMULATED_PHONES: 'true',
      OPENDLS_GATEWAY_CONTACTS_PER_SECOND: String(PER_SECOND),
    });
    try {
      let arrived = 0;
      let complete: () => void = () => undefined;
      const all = new Promise<void>((resolve) => (complete = resolve));
      const onArrival = (): void => {
        arrived += 1;
        if (arrived === PHONES) complete();
      };
      for (let n = 0; n < PHONES; n += 1) phones.push(await startPhone(onArrival));
      const cpuBefore = gateway.cpuSeconds();
      const begunAt = performance.now();
      await bus.publish(phones.map((phone, n) => requestFor(n, phone.uri)));
      await all;
      const durationMs = performance.now() - begunAt;
      const cpuSeconds = gateway.cpuSeconds() - cpuBefore;
      const { p50, p99, max } = quantiles(phones.flatMap(({ arrivals }) => arrivals.map((at) => at - begunAt)));
      const twice = phones.filter(({ arrivals }) => arrivals.length > 1).length;
      say(`${PHONES} phones, at most ${PER_SECOND}/s: all asked within ${(durationMs / 1_000).toFixed(2)} s`);
      say(
        `from the request on Kafka to the phone: p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms`,
      );
      say(`gateway: ${((cpuSeconds * 1_000) / PHONES).toFixed(2)} ms of CPU a phone; asked twice: ${twice}`);
      return twice === 0 && durationMs <= (PHONES / PER_SECOND) * 1_000 + BAR_EXTRA_MS;
    } finally {
      await gateway.stop();
    }
  } finally {
    for (const { server } of phones) server.close();
    await bus.close();
    await site.close();
  }
}

interface Phone {
  readonly server: Server;
  readonly uri: string;
  readonly arrivals: number[];
}

async function startPhone(onArrival: () => void): Promise<Phone> {
  const arrivals: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    arrivals.push(performance.now());
    if (arrivals.length === 1) onArrival();
    response.writeHead(204, { 'Content-Length': 0, Connection: 'close' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server's address is never a pipe name.
  const { port } = server.address() as AddressInfo;
  return { server, uri: `http://127.0.0.1:${port}/contact_dls.html/ContactDLS`, arrivals };
}

function requestFor(n: number, contactMeUri: string): EventRecord {
  const deviceId = phoneOf(n);
  return toRecord({
    id: randomUUID(),
    type: 'opendls.config-policy.contact-requested',
    source: '/opendls/config-policy/bench',
    subject: deviceId,
    time: new Date(),
    data: {
      requestId: randomUUID(),
      deviceId,
      contactMeUri,
      attempt: 1,
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    },
  });
}
