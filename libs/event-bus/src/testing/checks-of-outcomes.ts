import assert from 'node:assert/strict';
import { deadLetterTopic } from '../consume/dead-letter.js';
import { DONE } from '../event-bus.js';
import {
  aRecord,
  consume,
  groupOf,
  publishTexts,
  type CheckContext,
  type Consumption,
  type EventBusCheck,
} from './check.js';

/** Reads the dead letters of a group. */
function deadLetters(context: CheckContext, group: string): Promise<Consumption> {
  return consume(context, {
    topics: [deadLetterTopic(context.topic, groupOf(context, group))],
    group: `${group}-morgue`,
  });
}

export const OUTCOME_CHECKS: readonly EventBusCheck[] = [
  {
    name: 'retries in place, before anything that follows, and goes on',
    async run(context: CheckContext): Promise<void> {
      let failures = 2;
      const { deliveries } = await consume(context, { group: 'retrying', maxBatchSize: 1 }, ({ text }) =>
        text === '1' && failures-- > 0 ? { kind: 'retry', code: 'database-away' } : DONE,
      );
      await publishTexts(context.bus, context.topic, 'a', ['1', '2']);
      await deliveries.untilText('2');
      assert.deepEqual(deliveries.texts(), ['1', '1', '1', '2']);
    },
  },
  {
    name: 'puts a record to the dead-letter topic when its retries are exhausted',
    async run(context: CheckContext): Promise<void> {
      const { deliveries } = await consume(context, { group: 'tired', maxBatchSize: 1, maxRetries: 2 }, ({ text }) =>
        text === 'poison' ? { kind: 'retry', code: 'always-fails', detail: 'why' } : DONE,
      );
      const dead = await deadLetters(context, 'tired');
      await publishTexts(context.bus, context.topic, 'a', ['before', 'poison', 'after']);
      await deliveries.untilText('after');
      await dead.deliveries.untilText('poison');
      assert.deepEqual(deliveries.texts(), ['before', 'poison', 'poison', 'poison', 'after']);
      const headers = dead.deliveries.seen[0]?.headers;
      assert.equal(headers?.['dlq-error-code'], 'always-fails');
      assert.equal(headers?.['dlq-attempts'], '3');
    },
  },
  {
    name: 'puts a rejected record to the dead-letter topic at once, as it was, with the reason',
    async run(context: CheckContext): Promise<void> {
      const { deliveries } = await consume(context, { group: 'strict' }, ({ text }) =>
        text === 'not {json' ? { kind: 'reject', code: 'schema', detail: 'no object' } : DONE,
      );
      const dead = await deadLetters(context, 'strict');
      await publishTexts(context.bus, context.topic, 'a', ['1', 'not {json', '2']);
      await deliveries.untilText('2');
      await dead.deliveries.untilText('not {json');
      assert.equal(deliveries.texts().filter((text) => text === 'not {json').length, 1);
      const [letter] = dead.deliveries.seen;
      const original = deliveries.seen.find((delivery) => delivery.text === 'not {json');
      assert.equal(letter?.key, 'a');
      assert.deepEqual(letter?.headers, {
        ...original?.headers,
        'dlq-error-code': 'schema',
        'dlq-error-detail': 'no object',
        'dlq-attempts': '1',
        'dlq-source-partition': String(original?.record.partition),
        'dlq-source-offset': original?.record.offset,
        'dlq-failed-at': letter?.headers['dlq-failed-at'],
      });
      assert.ok(Date.parse(letter?.headers['dlq-failed-at'] ?? '') > 0);
    },
  },
  {
    name: 'survives a handler that throws, and finds the record it throws on among its neighbours',
    async run(context: CheckContext): Promise<void> {
      const decide = ({ text }: { readonly text: string | null }): typeof DONE => {
        if (text === 'type error') throw new TypeError('undefined is not a function');
        if (text === 'syntax error') JSON.parse('{');
        return DONE;
      };
      const { deliveries, subscription } = await consume(context, { group: 'buggy', maxRetries: 1 }, decide);
      const dead = await deadLetters(context, 'buggy');
      const texts = ['1', 'type error', '2', '3', 'syntax error', '4'];
      await context.bus.publish(texts.map((text) => aRecord(context.topic, 'a', text)));
      await deliveries.untilText('4');
      await dead.deliveries.until('both', (seen) => seen.length >= 2);
      await publishTexts(context.bus, context.topic, 'a', ['5']);
      await deliveries.untilText('5');
      assert.deepEqual(dead.deliveries.texts(), ['type error', 'syntax error']);
      assert.equal(dead.deliveries.seen[0]?.headers['dlq-error-code'], 'handler-failed');
      subscription.checkHealth();
    },
  },
  {
    name: 'does not believe a handler that returns too few outcomes',
    async run(context: CheckContext): Promise<void> {
      const seen: string[] = [];
      await context.bus.subscribe({
        topics: [context.topic],
        group: groupOf(context, 'sloppy'),
        from: 'beginning',
        maxRetries: 1,
        onBatch: async (records) => {
          seen.push(...records.map((record) => Buffer.from(record.value ?? '').toString()));
          return [];
        },
      });
      const dead = await deadLetters(context, 'sloppy');
      await publishTexts(context.bus, context.topic, 'a', ['1', '2']);
      await dead.deliveries.untilText('2');
      assert.deepEqual(dead.deliveries.texts(), ['1', '2']);
    },
  },
  {
    name: 'does not let a poison record hold up other keys for ever, nor lose what follows it',
    async run(context: CheckContext): Promise<void> {
      const { deliveries } = await consume(context, { group: 'busy', maxRetries: 2, maxBatchSize: 1 }, ({ text }) =>
        text === 'poison' ? { kind: 'retry', code: 'always-fails' } : DONE,
      );
      const { bus, topic } = context;
      await bus.publish([aRecord(topic, 'a', 'poison')]);
      const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
      await Promise.all(keys.map((key) => bus.publish([aRecord(topic, key, `fine ${key}`)])));
      await deliveries.until('all fine ones', (seen) =>
        keys.every((key) => seen.some(({ text }) => text === `fine ${key}`)),
      );
    },
  },
];
