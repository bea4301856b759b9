import { DONE, type OutgoingRecord, type SubscribeOptions, type Subscription } from '../event-bus.js';
import { BusSet } from './bus-set.js';
import { runCheck, type EventBusHarness } from './check.js';
import { EVENT_BUS_CHECKS } from './describe-event-bus.js';
import { InMemoryEventBus } from './in-memory-event-bus.js';
import { InMemoryLog } from './in-memory-log.js';

/** A bus with one fault, built on the one that keeps the contract. */
type BrokenBus = new (options: { log: InMemoryLog }) => InMemoryEventBus;

class LosesRecords extends InMemoryEventBus {
  #count = 0;
  override publish(records: readonly OutgoingRecord[]): Promise<void> {
    return super.publish(records.filter(() => (this.#count += 1) % 7 !== 0));
  }
}

class DoublesRecords extends InMemoryEventBus {
  #count = 0;
  override publish(records: readonly OutgoingRecord[]): Promise<void> {
    return super.publish(records.flatMap((record) => ((this.#count += 1) % 7 === 0 ? [record, record] : [record])));
  }
}

/** Sends without waiting for what was sent before it. */
class ReordersPublishes extends InMemoryEventBus {
  #count = 0;
  override async publish(records: readonly OutgoingRecord[]): Promise<void> {
    if ((this.#count += 1) % 3 === 0) await new Promise(setImmediate);
    return super.publish(records);
  }
}

class SwallowsFailures extends InMemoryEventBus {
  override publish(records: readonly OutgoingRecord[]): Promise<void> {
    return super.publish(records).catch(() => undefined);
  }
}

/** Acknowledges when a record is queued instead of when it is in the log. */
class AcknowledgesEarly extends InMemoryEventBus {
  #pending: OutgoingRecord[] = [];
  override async publish(records: readonly OutgoingRecord[]): Promise<void> {
    if (!records.every((record) => this.log.hasTopic(record.topic))) return super.publish(records);
    this.#pending.push(...records);
    setTimeout(() => {
      for (const record of this.#pending.splice(0)) this.log.append(record);
    }, 1);
  }
  override async abandon(): Promise<void> {
    this.#pending = [];
    return super.abandon();
  }
}

/** Counts a record as handled when it is delivered. */
class CommitsEarly extends InMemoryEventBus {
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({
      ...options,
      onBatch: async (records, context) => {
        void options.onBatch(records, context).catch(() => undefined);
        return records.map(() => DONE);
      },
    });
  }
}

class ForgetsPositions extends InMemoryEventBus {
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({ ...options, group: `${options.group}.${Math.random()}` });
  }
}

/** Resolves before the consumer has joined. */
class JoinsLate extends InMemoryEventBus {
  override async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const subscription = new Promise<Subscription>((resolve) => {
      setTimeout(() => resolve(super.subscribe(options)), 5);
    });
    return {
      stopped: new Promise(() => undefined),
      checkHealth: () => undefined,
      lag: () => 0,
      close: async () => (await subscription).close(),
    };
  }
}

class StartsAtTheEndAlways extends InMemoryEventBus {
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({ ...options, from: 'end' });
  }
}

/** Skips what it should have put to the dead-letter topic. */
class DropsDeadLetters extends InMemoryEventBus {
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({
      ...options,
      onBatch: async (records, context) =>
        (await options.onBatch(records, context)).map((outcome) => (outcome.kind === 'reject' ? DONE : outcome)),
    });
  }
}

/** As kafkajs does by itself: an error of the handler ends the consumer. */
class StopsOnThrow extends InMemoryEventBus {
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    let isDead = false;
    return super.subscribe({
      ...options,
      onBatch: async (records, context) => {
        if (isDead) return new Promise(() => undefined);
        try {
          return await options.onBatch(records, context);
        } catch {
          isDead = true;
          return new Promise(() => undefined);
        }
      },
    });
  }
}

/** Treats every failure as passing, for ever. */
class BlocksOnPoison extends InMemoryEventBus {
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({ ...options, maxRetries: Infinity });
  }
}

/** Leaves out the retries: what fails once is dead. */
class NeverRetries extends InMemoryEventBus {
  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({ ...options, maxRetries: 0 });
  }
}

/** Says that it has everything before it has read anything. */
class CatchesUpEarly extends InMemoryEventBus {
  override subscribe({ onCaughtUp, ...options }: SubscribeOptions): Promise<Subscription> {
    onCaughtUp?.();
    return super.subscribe(options);
  }
}

const DEADLINE_MS = 150;

async function brokenPromises(Bus: BrokenBus): Promise<string[]> {
  const log = new InMemoryLog();
  const buses = new BusSet<InMemoryEventBus>();
  const harness: EventBusHarness = {
    deadlineMs: DEADLINE_MS,
    open: async () => buses.add(new Bus({ log })),
    crash: (bus) => buses.crash(bus),
    dispose: () => buses.close(),
  };
  const checks = EVENT_BUS_CHECKS.filter((check) => !check.needsOutage);
  const results = await Promise.allSettled(checks.map((check) => within(runCheck(check, harness), 10 * DEADLINE_MS)));
  // Handlers of the broken buses may hang: they are left where they are.
  for (const bus of buses) await bus.abandon();
  return checks.filter((_, index) => results[index]?.status === 'rejected').map((check) => check.name);
}

function within<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the check did not end')), deadlineMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

describe('the contract of the event bus', () => {
  it.each<[string, BrokenBus, string]>([
    ['loses records', LosesRecords, 'delivers every acknowledged record once, with its key, headers and bytes'],
    ['doubles records', DoublesRecords, 'delivers every acknowledged record once, with its key, headers and bytes'],
    ['reorders', ReordersPublishes, 'keeps the order of each key across publishes and under concurrency'],
    ['swallows failures', SwallowsFailures, 'refuses a record for a topic that does not exist, and only that'],
    [
      'acknowledges early',
      AcknowledgesEarly,
      'has in the log what it has acknowledged, whatever becomes of the publisher',
    ],
    ['commits early', CommitsEarly, 'delivers again what was not settled when the consumer crashed'],
    ['forgets positions', ForgetsPositions, 'goes on where the group was, after a restart'],
    ['joins late', JoinsLate, 'begins at the end: everything published after subscribe resolved, nothing before'],
    ['starts at the end always', StartsAtTheEndAlways, 'replays from the beginning for a group that comes late'],
    [
      'drops dead letters',
      DropsDeadLetters,
      'puts a rejected record to the dead-letter topic at once, as it was, with the reason',
    ],
    [
      'stops when a handler throws',
      StopsOnThrow,
      'survives a handler that throws, and finds the record it throws on among its neighbours',
    ],
    [
      'blocks on poison',
      BlocksOnPoison,
      'does not let a poison record hold up other keys for ever, nor lose what follows it',
    ],
    ['catches up early', CatchesUpEarly, 'tells an ephemeral group once when it has handled everything that was there'],
    ['never retries', NeverRetries, 'retries in place, before anything that follows, and goes on'],
  ])('catches a bus that %s', async (_, Bus, promise) => {
    expect(await brokenPromises(Bus)).toContain(promise);
  });

  it('finds nothing wrong with a bus that keeps it', async () => {
    expect(await brokenPromises(InMemoryEventBus)).toEqual([]);
  });
});
