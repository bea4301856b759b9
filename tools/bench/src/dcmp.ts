import { createKafkaEventBus } from '@opendls/event-bus';
import { DEVICE_DIRECTIVE_TOPIC, toRecord } from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { randomUUID } from 'node:crypto';
import { request, Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { openBenchSite } from './bench-site.js';
import { phoneOf } from './phone-of.js';
import { median, spread } from './statistics.js';

const PHONES = 1_000;
const CONNECTIONS = 64;
const POLLS = 20_000;
const RUNS = 5;
const BAR = 5_000;

/**
 * DCMP polls of 1,000 phones over plain HTTP, answered from memory; work is pending for every second one. The figure that counts is polls per CPU-second of the
 * gateway, as load generator and gateway share the machine.
 */
export async function benchDcmp(say: (line: string) => void): Promise<boolean> {
  const site = await openBenchSite();
  try {
    await publishDirectives(site.brokers);
    const gateway = await site.startGateway({ OPENDLS_GATEWAY_DCMP_PORT: '0', OPENDLS_GATEWAY_DCMP_HOST: '127.0.0.1' });
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    try {
      const url = gateway.urls['dcmp'];
      if (!url) throw new Error('the gateway has no DCMP address');
      while ((await get(agent, pollOf(url, 0))) !== 202) await delay(50);
      await poll(agent, url, POLLS);
      const [rates, perCpuSecond]: [number[], number[]] = [[], []];
      for (let run = 0; run < RUNS; run += 1) {
        const [cpuBefore, begunAt] = [gateway.cpuSeconds(), performance.now()];
        await poll(agent, url, POLLS);
        rates.push((POLLS * 1_000) / (performance.now() - begunAt));
        perCpuSecond.push(POLLS / (gateway.cpuSeconds() - cpuBefore));
      }
      say(`${POLLS} polls a run, ${CONNECTIONS} connections, ${PHONES} phones, ${RUNS} runs`);
      say(`polls per second, with the load generator beside it  ${spread(rates, 0)}`);
      say(`polls per CPU-second of the gateway                  ${spread(perCpuSecond, 0)}, bar ${BAR}`);
      return median(perCpuSecond) >= BAR;
    } finally {
      agent.destroy();
      await gateway.stop();
    }
  } finally {
    await site.close();
  }
}

async function publishDirectives(brokers: readonly string[]): Promise<void> {
  const bus = createKafkaEventBus({ brokers, clientId: 'bench', logger: silentLogger() });
  const { name, cleanup } = DEVICE_DIRECTIVE_TOPIC;
  try {
    await bus.ensureTopics([{ name, cleanup }]);
    await bus.publish(
      Array.from({ length: PHONES }, (_, n) => {
        const subject = phoneOf(n);
        const isWorkPending = isPending(n);
        const data = { deviceId: subject, isWorkPending, requiresSecureMode: false, revokedCertificates: [] };
        const type = 'opendls.config-policy.device-directive-changed';
        const source = '/opendls/config-policy/bench';
        return toRecord({ id: randomUUID(), type, source, subject, time: new Date(), data });
      }),
    );
  } finally {
    await bus.close();
  }
}

function isPending(n: number): boolean {
  return n % 2 === 0;
}

async function poll(agent: Agent, url: string, count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const n = next++ % PHONES;
      const status = await get(agent, pollOf(url, n));
      if (status !== (isPending(n) ? 202 : 200)) throw new Error(`a poll was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

function pollOf(url: string, n: number): string {
  return `${url}/dcmp/contact-me?device-id=${phoneOf(n).match(/../g)?.join(':') ?? ''}`;
}

function get(agent: Agent, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}
