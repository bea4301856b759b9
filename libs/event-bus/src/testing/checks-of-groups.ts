import assert from 'node:assert/strict';
import { DONE } from '../event-bus.js';
import { Deliveries } from './deliveries.js';
import { aRecord, consume, groupOf, publishTexts, type CheckContext, type EventBusCheck } from './check.js';

export const GROUP_CHECKS: readonly EventBusCheck[] = [
  {
    name: 'goes on where the group was, after a restart',
    async run(context: CheckContext): Promise<void> {
      const { harness, topic } = context;
      const first = await harness.open();
      const before = await consume(context, { group: 'kept' }, undefined, first);
      await publishTexts(context.bus, topic, 'a', ['1', '2', '3']);
      await before.deliveries.untilText('3');
      await first.close();
      const second = await harness.open();
      const after = await consume(context, { group: 'kept' }, undefined, second);
      await context.bus.publish([aRecord(topic, 'a', '4')]);
      await after.deliveries.untilText('4');
      assert.deepEqual(after.deliveries.texts(), ['4']);
    },
  },
  {
    name: 'delivers what was published while the group was away, also when it asks for the end',
    async run(context: CheckContext): Promise<void> {
      const { harness, topic } = context;
      const first = await harness.open();
      const before = await consume(context, { group: 'away', from: 'end' }, undefined, first);
      await publishTexts(context.bus, topic, 'a', ['1']);
      await before.deliveries.untilText('1');
      await first.close();
      await publishTexts(context.bus, topic, 'a', ['2', '3']);
      const after = await consume(context, { group: 'away', from: 'end' });
      await after.deliveries.untilText('3');
      assert.deepEqual(after.deliveries.texts(), ['2', '3']);
    },
  },
  {
    name: 'delivers again what was not settled when the consumer crashed',
    async run(context: CheckContext): Promise<void> {
      const { harness, topic } = context;
      const first = await harness.open();
      const hanging = await consume(context, { group: 'crashing' }, () => new Promise(() => undefined), first);
      await context.bus.publish([aRecord(topic, 'a', 'unsettled')]);
      await hanging.deliveries.untilText('unsettled');
      // Time for a bus that stores positions too early to do so.
      const other = await consume(context, { group: 'neighbour' }, undefined, first);
      await other.deliveries.untilText('unsettled');
      await harness.crash(first);
      const successor = await consume(context, { group: 'crashing' });
      await successor.deliveries.untilText('unsettled');
    },
  },
  {
    name: 'waits for the running batch when it closes, and keeps what it did',
    async run(context: CheckContext): Promise<void> {
      const { topic, bus } = context;
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      const slow = await consume(context, { group: 'slow' }, () => released.then(() => DONE));
      await bus.publish([aRecord(topic, 'a', '1')]);
      await slow.deliveries.untilText('1');
      const closing = slow.subscription.close();
      release();
      await closing;
      const next = await consume(context, { group: 'slow' });
      await bus.publish([aRecord(topic, 'a', '2')]);
      await next.deliveries.untilText('2');
      assert.deepEqual(next.deliveries.texts(), ['2']);
    },
  },
  {
    name: 'lets the members of a group take over from each other',
    async run(context: CheckContext): Promise<void> {
      const { harness, topic, bus } = context;
      const other = await harness.open();
      const deliveries = new Deliveries(harness.deadlineMs);
      const member = {
        topics: [topic],
        group: groupOf(context, 'team'),
        from: 'beginning',
        onBatch: deliveries.onBatch,
      } as const;
      await other.subscribe(member);
      await bus.subscribe(member);
      const publishAll = async (keys: readonly string[]): Promise<void> => {
        await Promise.all(keys.map((key) => bus.publish([aRecord(topic, key, key)])));
        await deliveries.until('all', () => keys.every((key) => deliveries.texts().includes(key)));
      };
      await publishAll(['a', 'b', 'c', 'd', 'e']);
      await other.close();
      await publishAll(['f', 'g', 'h', 'i', 'j']);
    },
  },
  {
    name: 'forgets an ephemeral group, and gives each of them everything while it lasts',
    async run(context: CheckContext): Promise<void> {
      const { topic, bus } = context;
      const one = await consume(context, { group: 'eph-one', from: 'end', ephemeral: true });
      const two = await consume(context, { group: 'eph-two', from: 'end', ephemeral: true });
      await publishTexts(bus, topic, 'a', ['1', '2']);
      await Promise.all([one.deliveries.untilText('2'), two.deliveries.untilText('2')]);
      assert.deepEqual(one.deliveries.texts(), ['1', '2']);
      assert.deepEqual(two.deliveries.texts(), ['1', '2']);
      await one.subscription.close();
      await publishTexts(bus, topic, 'a', ['3']);
      const again = await consume(context, { group: 'eph-one', from: 'end', ephemeral: true });
      await publishTexts(bus, topic, 'a', ['4']);
      await again.deliveries.untilText('4');
      assert.deepEqual(again.deliveries.texts(), ['4']);
    },
  },
  {
    name: 'tells an ephemeral group once when it has handled everything that was there',
    async run(context: CheckContext): Promise<void> {
      const { topic, bus } = context;
      const told: number[] = [];
      const readAll = async (name: string): Promise<void> => {
        const deliveries = new Deliveries(context.harness.deadlineMs);
        const group = groupOf(context, name);
        let subscribed: Promise<unknown> | undefined;
        await new Promise<void>((resolve, reject) => {
          const onCaughtUp = (): void => {
            told.push(deliveries.seen.length);
            resolve();
          };
          const options = { group, from: 'beginning', ephemeral: true, maxBatchSize: 2 } as const;
          subscribed = bus.subscribe({ topics: [topic], ...options, onBatch: deliveries.onBatch, onCaughtUp });
          subscribed.catch(reject);
        });
        await subscribed;
      };
      await readAll('caught-up-empty');
      await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => publishTexts(bus, topic, key, ['1', '2', '3'])));
      await readAll('caught-up');
      assert.deepEqual(told, [0, 15]);
    },
  },
  {
    name: 'says whether it consumes',
    async run(context: CheckContext): Promise<void> {
      const { subscription, deliveries } = await consume(context, { group: 'healthy' });
      await publishTexts(context.bus, context.topic, 'a', ['1']);
      await deliveries.untilText('1');
      subscription.checkHealth();
      await context.bus.checkHealth();
      await subscription.close();
      await subscription.stopped;
      assert.throws(() => subscription.checkHealth());
    },
  },
];
