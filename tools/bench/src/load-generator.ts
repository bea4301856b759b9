import { request, type RequestOptions } from 'node:https';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { startUpMessage } from './start-up-message.js';

/**
 * Start-ups as fast as the server takes them, each over a TLS connection of its own without session resumption. A process of
 * its own, so that its CPU time is not the server's. Like a phone it repeats what was answered with `overload`. Arguments: base URL, number of start-ups, connections at a time, seed.
 * Prints one JSON line: `{ answered, failed, overloaded, durationMs, latenciesMs: {p50, p95, p99, max} }`.
 */
const [baseUrl = '', countText = '', concurrencyText = '', seedText = ''] = process.argv.slice(2);
const count = Number(countText);
const MAX_REPEATS = 20;
const REPEAT_MS = 250;
/** The context is made once, as making it costs as much as the rest; sessions would be kept by an agent, which there is none. */
const connection: RequestOptions & ConnectionOptions = {
  agent: false,
  secureContext: createSecureContext(),
  rejectUnauthorized: false,
  timeout: 10_000,
};
const latencies: number[] = [];
let [next, failed, overloaded] = [0, 0, 0];

const begunAt = performance.now();
await Promise.all(Array.from({ length: Number(concurrencyText) }, () => worker()));
const durationMs = performance.now() - begunAt;
latencies.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    answered: latencies.length,
    failed,
    overloaded,
    durationMs,
    latenciesMs: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max: latencies.at(-1) ?? null },
  }),
);

async function worker(): Promise<void> {
  while (next < count) {
    const body = startUpMessage(Number(seedText) + next++);
    const sentAt = performance.now();
    try {
      await postUntilTaken(body);
      latencies.push(performance.now() - sentAt);
    } catch {
      failed += 1;
    }
  }
}

async function postUntilTaken(body: Buffer): Promise<void> {
  for (let repeats = 0; (await post(body)).includes('overload'); repeats += 1) {
    if (repeats === MAX_REPEATS) throw new Error('still overloaded');
    overloaded += 1;
    await delay(REPEAT_MS);
  }
}

function post(body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const url = new URL('/DeploymentService/LoginService', baseUrl);
    const headers = { 'content-type': 'text/xml', 'content-length': body.length, connection: 'close' };
    const sent = request(url, { ...connection, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`status ${response.statusCode}`)),
      );
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', reject);
    sent.end(body);
  });
}

function quantile(q: number): number | null {
  return latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? null;
}
