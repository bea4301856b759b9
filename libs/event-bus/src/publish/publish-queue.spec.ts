import { NO_METRICS } from '../bus-metrics.js';
import { PublishError } from '../event-bus.js';
import { DEFAULT_PUBLISH_LIMITS, PublishQueue, type PublishLimits, type PublishTarget } from './publish-queue.js';
import type { RawRecord } from './raw-record.js';

const LIMITS: PublishLimits = { ...DEFAULT_PUBLISH_LIMITS, lingerMs: 1 };

const aRecord = (value: string, topic = 'known'): RawRecord => ({
  topic,
  key: Buffer.from('a'),
  value: Buffer.from(value),
  headers: {},
});

/** A log that a test holds up, and makes fail. */
class ControlledTarget implements PublishTarget {
  readonly sent: string[][] = [];
  whenReady: Promise<void> = Promise.resolve();
  #held: { release(): void; fail(error: Error): void } | undefined;
  isHolding = false;
  #began: (() => void) | undefined;

  ready(): Promise<void> {
    return this.whenReady;
  }

  async unknownTopics(topics: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    return new Set([...topics].filter((topic) => topic !== 'known'));
  }

  async send(records: readonly RawRecord[]): Promise<void> {
    this.sent.push(records.map((record) => String(record.value)));
    this.#began?.();
    if (!this.isHolding) return;
    await new Promise<void>((resolve, reject) => {
      this.#held = { release: resolve, fail: reject };
    });
  }

  /** Resolves when the next request has begun. */
  nextRequest(): Promise<void> {
    return new Promise((resolve) => (this.#began = resolve));
  }

  release(): void {
    this.#held?.release();
  }

  fail(error: Error): void {
    this.#held?.fail(error);
  }
}

function aQueue(target: ControlledTarget, limits: Partial<PublishLimits> = {}): PublishQueue {
  return new PublishQueue(target, { ...LIMITS, ...limits }, NO_METRICS);
}

describe('the publish queue', () => {
  it('puts what is published in one turn into one request, in order', async () => {
    const target = new ControlledTarget();
    const queue = aQueue(target);
    await Promise.all([queue.publish([aRecord('1')]), queue.publish([aRecord('2'), aRecord('3')])]);
    expect(target.sent).toEqual([['1', '2', '3']]);
  });

  it('sends one request at a time and collects the rest meanwhile', async () => {
    const target = new ControlledTarget();
    target.isHolding = true;
    const queue = aQueue(target);
    const begun = target.nextRequest();
    const first = queue.publish([aRecord('1')]);
    await begun;
    const others = [queue.publish([aRecord('2')]), queue.publish([aRecord('3')])];
    expect(target.sent).toEqual([['1']]);
    target.isHolding = false;
    target.release();
    await Promise.all([first, ...others]);
    expect(target.sent).toEqual([['1'], ['2', '3']]);
  });

  it('splits by records and bytes, but never one publish', async () => {
    const target = new ControlledTarget();
    const queue = aQueue(target, { maxBatchRecords: 2 });
    await Promise.all([
      queue.publish([aRecord('1')]),
      queue.publish([aRecord('2'), aRecord('3'), aRecord('4')]),
      queue.publish([aRecord('5')]),
    ]);
    expect(target.sent).toEqual([['1'], ['2', '3', '4'], ['5']]);
  });

  it('rejects everything of a failed request and goes on with the next', async () => {
    const target = new ControlledTarget();
    target.isHolding = true;
    const queue = aQueue(target);
    const begun = target.nextRequest();
    const failing = [queue.publish([aRecord('1')]), queue.publish([aRecord('2')])];
    await begun;
    const next = queue.publish([aRecord('3')]);
    target.isHolding = false;
    target.fail(new Error('connection lost'));
    for (const publish of failing) await expect(publish).rejects.toMatchObject({ code: 'unavailable' });
    await next;
    expect(target.sent.at(-1)).toEqual(['3']);
  });

  it('rejects with timeout when there is no acknowledgement in time', async () => {
    const target = new ControlledTarget();
    target.isHolding = true;
    const queue = aQueue(target);
    await expect(queue.publish([aRecord('1')], 20)).rejects.toMatchObject({ code: 'timeout' });
    target.release();
  });

  it('does not send what timed out while the log was not ready', async () => {
    const target = new ControlledTarget();
    let connect = (): void => undefined;
    target.whenReady = new Promise((resolve) => (connect = resolve));
    const queue = aQueue(target);
    await expect(queue.publish([aRecord('late')], 10)).rejects.toMatchObject({ code: 'timeout' });
    const second = queue.publish([aRecord('2')]);
    connect();
    await second;
    expect(target.sent).toEqual([['2']]);
  });

  it('rejects all who wait when the log says it will not be ready', async () => {
    const target = new ControlledTarget();
    target.whenReady = Promise.reject(new Error('no database'));
    target.whenReady.catch(() => undefined);
    const queue = aQueue(target);
    await expect(queue.publish([aRecord('1')])).rejects.toMatchObject({ code: 'unavailable' });
    target.whenReady = Promise.resolve();
    await queue.publish([aRecord('2')]);
  });

  it('fails at once while a request is stalled, and works again when it is over', async () => {
    const target = new ControlledTarget();
    target.isHolding = true;
    const queue = aQueue(target, { stalledAfterMs: 10 });
    const first = queue.publish([aRecord('1')], 5000);
    const deadline = Date.now() + 5000;
    while (!queue.isStalled() && Date.now() < deadline) await new Promise(setImmediate);
    await expect(queue.publish([aRecord('2')])).rejects.toMatchObject({ code: 'unavailable' });
    target.isHolding = false;
    target.release();
    await first;
    await queue.publish([aRecord('3')]);
    expect(target.sent).toEqual([['1'], ['3']]);
  });

  it.each([
    ['records', { maxQueuedRecords: 1 }],
    ['bytes', { maxQueuedBytes: 50 }],
  ])('rejects at once what is over the limit of waiting %s', async (_, limits) => {
    const target = new ControlledTarget();
    target.isHolding = true;
    const queue = aQueue(target, limits);
    const begun = target.nextRequest();
    const inFlight = queue.publish([aRecord('1')]);
    await begun;
    const waiting = queue.publish([aRecord('2')]);
    await expect(queue.publish([aRecord('3')])).rejects.toMatchObject({ code: 'unavailable' });
    target.isHolding = false;
    target.release();
    await Promise.all([inFlight, waiting]);
  });

  it('refuses a record over the limit, not one at it', async () => {
    const target = new ControlledTarget();
    const queue = aQueue(target, { maxRecordBytes: 100 });
    const overhead = 33;
    await queue.publish([aRecord('x'.repeat(100 - overhead))]);
    await expect(queue.publish([aRecord('x'.repeat(101 - overhead))])).rejects.toMatchObject({ code: 'rejected' });
  });

  it('rejects a publish to an unknown topic as a whole, and no other', async () => {
    const target = new ControlledTarget();
    const queue = aQueue(target);
    const mixed = queue.publish([aRecord('1'), aRecord('2', 'unknown')]);
    const good = queue.publish([aRecord('3')]);
    await expect(mixed).rejects.toMatchObject({ code: 'rejected' });
    await good;
    expect(target.sent).toEqual([['3']]);
  });

  it('sends what it has when it closes, and takes nothing more', async () => {
    const target = new ControlledTarget();
    const queue = aQueue(target);
    const last = queue.publish([aRecord('1')]);
    const closing = queue.close(1000);
    await expect(queue.publish([aRecord('2')])).rejects.toThrow(PublishError);
    await Promise.all([last, closing]);
    expect(target.sent).toEqual([['1']]);
  });

  it('rejects what it cannot send before the deadline of its close', async () => {
    const target = new ControlledTarget();
    target.whenReady = new Promise(() => undefined);
    const queue = aQueue(target);
    const stuck = queue.publish([aRecord('1')]);
    const refused = expect(stuck).rejects.toMatchObject({ code: 'closed' });
    await queue.close(10);
    await refused;
  });
});
