/** Work per phone, one piece at a time; pieces of different phones do not wait for each other. */
export class DeviceQueue {
  private readonly queues = new Map<string, { depth: number; tail: Promise<unknown> }>();

  constructor(private readonly maxDepth: number) {}

  /** Runs the work when what came before for this phone is done; undefined when too much is waiting already. */
  run<Result>(deviceId: string, work: () => Promise<Result>): Promise<Result> | undefined {
    const queue = this.queues.get(deviceId);
    if (queue === undefined) {
      const entry = { depth: 1, tail: Promise.resolve() as Promise<unknown> };
      this.queues.set(deviceId, entry);
      return this.track(deviceId, entry, work());
    }
    if (queue.depth >= this.maxDepth) return undefined;
    queue.depth++;
    return this.track(deviceId, queue, queue.tail.then(work, work));
  }

  get size(): number {
    return this.queues.size;
  }

  private track<Result>(
    deviceId: string,
    queue: { depth: number; tail: Promise<unknown> },
    result: Promise<Result>,
  ): Promise<Result> {
    const done = (): void => {
      queue.depth--;
      if (queue.depth === 0) this.queues.delete(deviceId);
    };
    queue.tail = result.then(done, done);
    return result;
  }
}
