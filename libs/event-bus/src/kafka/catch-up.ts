/** A consumer that fetches all the time and got nothing for so long has everything. */
const QUIET_MS = 10_000;
const CHECK_MS = 1_000;

/** Tells once when everything that was in some partitions at the start has been handled. */
export class CatchUp {
  private lastProgressAt = Date.now();
  private hasJoined = false;
  private readonly timer: NodeJS.Timeout;

  /** `missing`: the ends, at the start, of the partitions that hold anything, by `partition|topic`. */
  constructor(
    private readonly missing: Map<string, bigint>,
    private readonly isFetching: (sinceMs: number) => boolean,
    private readonly onCaughtUp: () => void,
  ) {
    this.timer = setInterval(() => this.checkQuiet(), CHECK_MS).unref();
  }

  /** The group was joined: empty topics are read to their end. */
  joined(): void {
    this.hasJoined = true;
    this.tell();
  }

  /** Everything of a partition before an offset was handled. */
  handled(topic: string, partition: number, next: string): void {
    this.lastProgressAt = Date.now();
    const place = `${partition}|${topic}`;
    const end = this.missing.get(place);
    if (end !== undefined && BigInt(next) >= end) this.missing.delete(place);
    this.tell();
  }

  stop(): void {
    clearInterval(this.timer);
    this.missing.set('stopped', 0n);
  }

  private tell(): void {
    if (!this.hasJoined || this.missing.size > 0) return;
    this.stop();
    this.onCaughtUp();
  }

  /** The last records before an end may be gone by compaction: fetches that go on and bring nothing have reached it too. */
  private checkQuiet(): void {
    if (Date.now() - this.lastProgressAt < QUIET_MS || !this.isFetching(QUIET_MS / 2)) return;
    this.missing.clear();
    this.tell();
  }
}
