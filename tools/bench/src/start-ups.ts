import { generateLoad, type LoadResult } from './load-result.js';
import { openBenchSite } from './bench-site.js';
import type { BenchProcess } from './bench-process.js';
import { median, spread } from './statistics.js';

const RUNS = 5;
const START_UPS = 2_500;
/** What a busy gateway has in flight; requests to Kafka are shared by what comes together. */
const CONCURRENCY = 64;
/** Until then compiling and slow paths of JavaScript are a large part of the CPU time: 40 % of the first thousands. */
const WARM_UP = 10_000;
const BAR = 0.7;

/**
 * Start-ups per CPU-second of the gateway process (fresh TLS with RSA-2048, event acknowledged by Kafka, answer from the
 * policy side), as a ratio to a bare `node:https` server. Runs of the two alternate, so that both meet the same machine.
 */
export async function benchStartUps(say: (line: string) => void): Promise<boolean> {
  const site = await openBenchSite();
  const servers: BenchProcess[] = [];
  try {
    const bare = await site.startBareServer();
    servers.push(bare, await site.startResponder('no-work'));
    const gateway = await site.startGateway({ OPENDLS_LOG_LEVEL: 'info' });
    servers.push(gateway);
    say(
      `${START_UPS} start-ups a run, ${CONCURRENCY} at a time, ${RUNS} runs each in turn, after ${WARM_UP} to warm up`,
    );
    for (const server of [bare, gateway]) await measure(server, WARM_UP);
    const figures = { bare: [] as number[], gateway: [] as number[], p99: [] as number[], overloaded: [] as number[] };
    for (let run = 1; run <= RUNS; run += 1) {
      const yardstick = await measure(bare, START_UPS);
      const subject = await measure(gateway, START_UPS);
      figures.bare.push(yardstick.perCpuSecond);
      figures.gateway.push(subject.perCpuSecond);
      figures.p99.push(subject.load.latenciesMs.p99);
      figures.overloaded.push(subject.load.overloaded);
      say(
        `  run ${run}: bare ${yardstick.perCpuSecond.toFixed(0)}, gateway ${subject.perCpuSecond.toFixed(0)} per CPU-second; gateway ${rate(subject.load)}/s, p99 ${subject.load.latenciesMs.p99.toFixed(0)} ms`,
      );
    }
    const ratios = figures.gateway.map((value, n) => value / (figures.bare[n] ?? NaN));
    say(`bare node:https     ${spread(figures.bare, 0)} start-ups per CPU-second`);
    say(`gateway             ${spread(figures.gateway, 0)} start-ups per CPU-second`);
    say(`ratio               ${spread(ratios, 2)}, bar ${BAR.toFixed(2)}`);
    say(`latency p99         ${spread(figures.p99, 0)} ms`);
    say(`overload answers    ${spread(figures.overloaded, 0)} a run`);
    return median(ratios) >= BAR;
  } finally {
    for (const server of servers) await server.stop();
    await site.close();
  }
}

/** Every start-up is of another phone. */
let nextPhone = 0;

async function measure(server: BenchProcess, count: number): Promise<{ perCpuSecond: number; load: LoadResult }> {
  const before = server.cpuSeconds();
  const from = nextPhone;
  nextPhone += count;
  const load = await generateLoad({ url: server.urls['phones'] ?? '', count, concurrency: CONCURRENCY, from });
  const used = server.cpuSeconds() - before;
  return { perCpuSecond: load.answered / used, load };
}

function rate({ answered, durationMs }: LoadResult): string {
  return ((answered * 1000) / durationMs).toFixed(0);
}
