import assert from 'node:assert/strict';
import { aRecord, consume, eventId, publishTexts, type CheckContext, type EventBusCheck } from './check.js';

const numbers = (count: number, prefix = ''): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

export const DELIVERY_CHECKS: readonly EventBusCheck[] = [
  {
    name: 'delivers every acknowledged record once, with its key, headers and bytes',
    async run(context: CheckContext): Promise<void> {
      const { bus, topic } = context;
      const { deliveries } = await consume(context, { group: 'all' });
      const keys = numbers(10, 'key-');
      await Promise.all(keys.map((key) => publishTexts(bus, topic, key, numbers(20, `${key}: ä€😀 `))));
      await Promise.all(keys.map((key) => bus.publish([aRecord(topic, key, 'last')])));
      await deliveries.until('the last of each key', (seen) => seen.filter((one) => one.text === 'last').length >= 10);
      for (const key of keys) {
        assert.deepEqual(deliveries.texts(key).sort(), ['last', ...numbers(20, `${key}: ä€😀 `)].sort());
      }
      const [first] = deliveries.seen;
      assert.equal(first?.headers['ce_id'], eventId(first?.key ?? '', first?.text ?? null));
      assert.equal(first?.record.header('ce_type'), 'opendls.test.happened');
      assert.equal(first?.record.header('toString'), undefined);
    },
  },
  {
    name: 'delivers a tombstone and a large record',
    async run(context: CheckContext): Promise<void> {
      const { deliveries } = await consume(context, { group: 'all' });
      const large = 'x'.repeat(600_000);
      await context.bus.publish([aRecord(context.topic, 'a', null), aRecord(context.topic, 'a', large)]);
      await deliveries.untilText(large);
      assert.deepEqual(deliveries.texts('a'), [null, large]);
    },
  },
  {
    name: 'keeps the order of each key across publishes and under concurrency',
    async run(context: CheckContext): Promise<void> {
      const { bus, topic } = context;
      const { deliveries } = await consume(context, { group: 'ordered' });
      const keys = numbers(8, 'key-');
      // Nobody waits for an acknowledgement before the next publish of the same key.
      const rounds = numbers(60).map((text) => bus.publish(keys.map((key) => aRecord(topic, key, text))));
      const singles = numbers(60, 'single ').map((text) => bus.publish([aRecord(topic, 'key-0', text)]));
      await Promise.all([...rounds, ...singles]);
      await deliveries.until('all', (seen) => seen.length >= 8 * 60 + 60);
      for (const key of keys.slice(1)) assert.deepEqual(deliveries.texts(key), numbers(60));
      assert.deepEqual(deliveries.texts('key-0'), [...numbers(60), ...numbers(60, 'single ')]);
    },
  },
  {
    name: 'has in the log what it has acknowledged, whatever becomes of the publisher',
    async run(context: CheckContext): Promise<void> {
      const { harness, topic } = context;
      const other = await harness.open();
      await other.publish([aRecord(topic, 'a', 'acknowledged')]);
      await harness.crash(other);
      const { deliveries } = await consume(context, { group: 'auditor' });
      await deliveries.untilText('acknowledged');
    },
  },
  {
    name: 'gives every group everything, whatever the others do',
    async run(context: CheckContext): Promise<void> {
      const stuck = await consume(context, { group: 'stuck', maxRetries: Infinity }, () => ({
        kind: 'retry',
        code: 'no',
      }));
      const free = await consume(context, { group: 'free' });
      await publishTexts(context.bus, context.topic, 'a', ['1', '2', '3']);
      await free.deliveries.untilText('3');
      await stuck.deliveries.until('a first attempt', (seen) => seen.length > 0);
      assert.deepEqual(free.deliveries.texts(), ['1', '2', '3']);
      assert.ok(stuck.deliveries.texts().every((text) => text === '1' || text === '2' || text === '3'));
    },
  },
  {
    name: 'replays from the beginning for a group that comes late',
    async run(context: CheckContext): Promise<void> {
      const early = await consume(context, { group: 'early' });
      await publishTexts(context.bus, context.topic, 'a', ['1', '2']);
      await early.deliveries.untilText('2');
      const late = await consume(context, { group: 'late', from: 'beginning' });
      await context.bus.publish([aRecord(context.topic, 'a', '3')]);
      await late.deliveries.untilText('3');
      assert.deepEqual(late.deliveries.texts(), ['1', '2', '3']);
    },
  },
  {
    name: 'begins at the end: everything published after subscribe resolved, nothing before',
    async run(context: CheckContext): Promise<void> {
      const { bus, topic } = context;
      for (let round = 0; round < 3; round += 1) {
        await publishTexts(bus, topic, 'a', [`old ${round}`]);
        const { deliveries, subscription } = await consume(context, { group: `end-${round}`, from: 'end' });
        await Promise.all(numbers(12).map((key) => bus.publish([aRecord(topic, key, `new ${round}`)])));
        await deliveries.until('all new ones', (seen) => seen.length >= 12);
        assert.deepEqual(
          deliveries.texts(),
          numbers(12).map(() => `new ${round}`),
        );
        await subscription.close();
      }
    },
  },
  {
    name: 'refuses a record for a topic that does not exist, and only that',
    async run({ bus, topic }: CheckContext): Promise<void> {
      const unknown = bus.publish([aRecord(`${topic}.unknown`, 'a', '1')]);
      const known = bus.publish([aRecord(topic, 'a', '1')]);
      await assert.rejects(unknown, { name: 'PublishError', code: 'rejected' });
      await known;
    },
  },
  {
    name: 'refuses to publish when it is closed',
    async run({ harness, topic }: CheckContext): Promise<void> {
      const other = await harness.open();
      await other.close();
      await assert.rejects(other.publish([aRecord(topic, 'a', '1')]), { name: 'PublishError', code: 'closed' });
    },
  },
  {
    name: 'rejects what it cannot write during an outage, and works again afterwards',
    needsOutage: true,
    async run(context: CheckContext): Promise<void> {
      const { bus, topic, harness } = context;
      const { deliveries } = await consume(context, { group: 'survivor' });
      await bus.publish([aRecord(topic, 'a', 'before')]);
      await deliveries.untilText('before');
      const outage = await harness.outage?.();
      await assert.rejects(bus.publish([aRecord(topic, 'a', 'lost')], { timeoutMs: 1000 }), { name: 'PublishError' });
      await outage?.end();
      const acknowledged = await publishUntilAcknowledged(context, 'after');
      await deliveries.untilText(acknowledged);
      assert.equal(deliveries.texts()[0], 'before');
    },
  },
];

/** Publishes as a phone would: again until it is acknowledged. */
async function publishUntilAcknowledged({ bus, topic, harness }: CheckContext, text: string): Promise<string> {
  const deadline = Date.now() + harness.deadlineMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await bus.publish([aRecord(topic, 'a', `${text} ${attempt}`)], { timeoutMs: 1000 });
      return `${text} ${attempt}`;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
