import { brokersForTests, startKafka, type RunningKafka } from '@opendls/kafka-tool';
import { DONE, PublishError, type EventBus } from '../event-bus.js';
import { Deliveries } from '../testing/deliveries.js';
import { createKafkaEventBus } from './kafka-event-bus.js';

const DEADLINE_MS = 60_000;
/** A test waits for several things in a row. */
const TEST_DEADLINE_MS = 3 * DEADLINE_MS;
const TOPIC = 'outage.record.v1';

// Whether this machine can run a broker; the specs below stop and kill one of their own.
const kafka = await brokersForTests();
const describeWithOwnBroker = kafka.brokers ? describe : describe.skip;

/** Publishes one numbered record after the other under a few keys, and knows which were acknowledged. */
class NumberedPublisher {
  readonly acknowledged: string[] = [];
  readonly failures: PublishError[] = [];
  #isRunning = true;
  #next = 0;
  readonly #lanes: Promise<void>[];

  constructor(private readonly bus: EventBus) {
    this.#lanes = ['a', 'b', 'c', 'd'].map((key) => this.#publishAs(key));
  }

  /** Resolves when one more record is acknowledged. */
  async untilNextAcknowledgement(): Promise<void> {
    const before = this.acknowledged.length;
    await until('an acknowledgement', () => this.acknowledged.length > before);
  }

  async untilFailure(): Promise<void> {
    await until('a failure', () => this.failures.length > 0);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#lanes);
  }

  async #publishAs(key: string): Promise<void> {
    while (this.#isRunning) {
      const value = `${key} ${(this.#next += 1)}`;
      try {
        await this.bus.publish([{ topic: TOPIC, key, headers: {}, value }], { timeoutMs: 1500 });
        this.acknowledged.push(value);
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        this.failures.push(error);
        // As a phone that was told to come again.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`did not happen in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Records of one key come in the order they were published, however often. */
function isOrdered(values: readonly (string | null)[]): boolean {
  const firsts = [...new Set(values)].map((value) => Number(value?.split(' ')[1]));
  return firsts.every((value, index) => index === 0 || value > (firsts[index - 1] ?? 0));
}

describeWithOwnBroker('the bus while its broker', () => {
  let broker: RunningKafka;
  let bus: EventBus;
  let deliveries: Deliveries;
  let stopped: Promise<void>;

  beforeEach(async () => {
    broker = await startKafka();
    bus = createKafkaEventBus({ brokers: broker.brokers, clientId: 'outage-spec', sessionTimeoutMs: 6000 });
    await bus.ensureTopics([{ name: TOPIC, cleanup: 'delete', retentionMs: 3_600_000 }]);
    deliveries = new Deliveries(DEADLINE_MS, () => DONE);
    const subscription = await bus.subscribe({
      topics: [TOPIC],
      group: 'survivor',
      from: 'beginning',
      onBatch: deliveries.onBatch,
    });
    stopped = subscription.stopped;
  }, TEST_DEADLINE_MS);

  afterEach(async () => {
    await bus.close();
    await broker.stop();
  }, TEST_DEADLINE_MS);

  async function expectNothingLost(publisher: NumberedPublisher): Promise<void> {
    await publisher.stop();
    const expected = new Set(publisher.acknowledged);
    await deliveries.until('everything acknowledged', () => {
      const got = new Set(deliveries.texts());
      return [...expected].every((value) => got.has(value));
    });
    for (const key of ['a', 'b', 'c', 'd']) expect(isOrdered(deliveries.texts(key))).toBe(true);
    const doubled = deliveries.seen.length - new Set(deliveries.texts()).size;
    // Delivered again is what was handled but not stored when the broker went away: a moment's worth.
    expect(doubled).toBeLessThan(500);
  }

  it(
    'is stopped and started again: nothing acknowledged is lost, publishing fails fast and works again',
    async () => {
      const publisher = new NumberedPublisher(bus);
      await publisher.untilNextAcknowledgement();
      await deliveries.until('a first record', (seen) => seen.length > 0);
      await broker.pause();
      await publisher.untilFailure();
      await until('fast failures', () => publisher.failures.some((failure) => failure.code === 'unavailable'));
      await expect(bus.checkHealth()).rejects.toThrow(PublishError);
      await broker.restart();
      await publisher.untilNextAcknowledgement();
      await bus.checkHealth();
      await expectNothingLost(publisher);
      const ended = await Promise.race([stopped.then(() => 'ended'), Promise.resolve('consuming')]);
      expect(ended).toBe('consuming');
    },
    TEST_DEADLINE_MS,
  );

  it(
    'is killed and started again: nothing acknowledged is lost',
    async () => {
      const publisher = new NumberedPublisher(bus);
      await publisher.untilNextAcknowledgement();
      await broker.kill();
      await publisher.untilFailure();
      await broker.restart();
      await publisher.untilNextAcknowledgement();
      await expectNothingLost(publisher);
    },
    TEST_DEADLINE_MS,
  );

  it(
    'is not there at the start: publishing fails, and works as soon as it is there',
    async () => {
      await broker.pause();
      const late = createKafkaEventBus({ brokers: broker.brokers, clientId: 'early-bird' });
      const publish = (): Promise<void> =>
        late.publish([{ topic: TOPIC, key: 'a', headers: {}, value: 'a 1' }], { timeoutMs: 500 });
      await expect(publish()).rejects.toMatchObject({ name: 'PublishError', code: 'timeout' });
      await expect(late.checkHealth()).rejects.toMatchObject({ code: 'unavailable' });
      await broker.restart();
      await late.ensureTopics([{ name: TOPIC, cleanup: 'delete' }]);
      const deadline = Date.now() + DEADLINE_MS;
      for (let isDone = false; !isDone && Date.now() < deadline;) {
        isDone = await publish().then(
          () => true,
          // Refused at once while the log is known to be down: a loop without a pause would let nothing else happen.
          () => new Promise<false>((resolve) => setTimeout(() => resolve(false), 20)),
        );
      }
      await deliveries.untilText('a 1');
      await late.close();
    },
    TEST_DEADLINE_MS,
  );
});
