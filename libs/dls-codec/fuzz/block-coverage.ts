import { Session, type Profiler } from 'node:inspector';

/** Tells which blocks of the codec's sources have ever been run, with the precise coverage of V8. */
export class BlockCoverage {
  private readonly session = new Session();
  private readonly seen = new Set<string>();

  /** @param sources part of the URL of every script that counts */
  constructor(private readonly sources: string) {
    this.session.connect();
    this.session.post('Profiler.enable');
    // Counts, as V8 otherwise reports every block once only and forgets that it was run before.
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  get blocks(): number {
    return this.seen.size;
  }

  /** How many blocks were run for the first time since the last call. */
  takeNew(): number {
    const before = this.seen.size;
    for (const block of this.take()) this.seen.add(block);
    return this.seen.size - before;
  }

  isNew(blocks: ReadonlySet<string>): boolean {
    return this.newIn(blocks).length > 0;
  }

  newIn(blocks: ReadonlySet<string>): readonly string[] {
    return [...blocks].filter((block) => !this.seen.has(block));
  }

  learn(blocks: readonly string[]): void {
    for (const block of blocks) this.seen.add(block);
  }

  /** The blocks run since the last call. */
  take(): ReadonlySet<string> {
    let result: Profiler.ScriptCoverage[] = [];
    // The inspector of one's own process answers before `post` returns.
    this.session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error === null) result = answer.result;
    });
    const blocks = new Set<string>();
    for (const { url, functions } of result) {
      if (!url.includes(this.sources)) continue;
      for (const { ranges } of functions)
        for (const { count, startOffset, endOffset } of ranges)
          if (count > 0) blocks.add(`${url.slice(url.lastIndexOf('/') + 1)}:${startOffset}-${endOffset}`);
    }
    return blocks;
  }

  close(): void {
    this.session.post('Profiler.stopPreciseCoverage');
    this.session.disconnect();
  }
}
