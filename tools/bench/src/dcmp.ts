import { request, Agent } from 'node:http';
import { openBenchSite } from './bench-site.js';
import { median, spread } from './statistics.js';

const PHONES = 1_000;
const CONNECTIONS = 64;
const POLLS = 20_000;
const RUNS = 5;
const BAR = 5_000;

/**
 * DCMP polls of 1,000 phones over plain HTTP, answered from memory. The figure that counts is polls per CPU-second of the
 * gateway, as load generator and gateway share the machine.
 */
export async function benchDcmp(say: (line: string) => void): Promise<boolean> {
  const site = await openBenchSite();
  try {
    const gateway = await site.startGateway({ OPENDLS_GATEWAY_DCMP_PORT: '0', OPENDLS_GATEWAY_DCMP_HOST: '127.0.0.1' });
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    try {
      const url = gateway.urls['dcmp'];
      if (!url) throw new Error('the gateway has no DCMP address');
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

async function poll(agent: Agent, url: string, count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const mac = (next++ % PHONES).toString(16).padStart(6, '0').match(/../g)?.join(':') ?? '';
      const status = await get(agent, `${url}/dcmp/contact-me?device-id=02:00:5e:${mac}`);
      if (status !== 200) throw new Error(`a poll was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
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
