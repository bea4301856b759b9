import { runToEnd } from './bench-process.js';

/** What the load generator reports. */
export interface LoadResult {
  readonly answered: number;
  readonly failed: number;
  /** Answers that told a phone to come again; it did. */
  readonly overloaded: number;
  readonly durationMs: number;
  readonly latenciesMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
}

/**
 * Start-ups against a server, from a process of its own.
 *
 * @throws Error when any failed: such a run measures something else
 */
export async function generateLoad(load: {
  readonly url: string;
  readonly count: number;
  readonly concurrency: number;
  /** Number of the first phone. */
  readonly from: number;
}): Promise<LoadResult> {
  const args = [load.url, String(load.count), String(load.concurrency), String(load.from)];
  // Our own program, one file away.
  const result = (await runToEnd(new URL('./load-generator.js', import.meta.url), args)) as LoadResult;
  if (result.failed > 0) throw new Error(`${result.failed} start-ups failed`);
  return result;
}
