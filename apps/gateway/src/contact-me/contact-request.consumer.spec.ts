import { randomUUID } from 'node:crypto';
import { DONE, PublishError, type DeliveredRecord } from '@opendls/event-bus';
import { parseRecord, toRecord, type EventRecord } from '@opendls/event-contracts';
import { createLogger } from '@opendls/logging';
import { Registry } from 'prom-client';
import type { ContactAttempt, ContactRequest } from './contact-caller.js';
import { ContactMetrics } from './contact-metrics.js';
import { ContactRequestConsumer } from './contact-request.consumer.js';

const deviceId = '001ae8005301' as ContactRequest['deviceId'];
const accepted: ContactAttempt = { outcome: 'accepted', status: 204, code: null, address: '10.0.0.1', durationMs: 5 };

function aRequestRecord(requestId: string = randomUUID(), value?: string): DeliveredRecord {
  const data = {
    requestId,
    deviceId,
    contactMeUri: 'http://10.0.0.1:8085/contact_dls.html/ContactDLS',
    attempt: 1,
    expiresAt: '2026-01-15T08:01:00.000Z',
  };
  const type = 'opendls.config-policy.contact-requested';
  const record = toRecord({ id: randomUUID(), type, source: '/x', subject: deviceId, time: new Date(), data });
  return {
    topic: record.topic,
    key: record.key,
    partition: 0,
    offset: '0',
    header: (name) => record.headers[name],
    headers: () => record.headers,
    value: Buffer.from(value ?? record.value ?? ''),
    timestamp: new Date(),
  };
}

function aConsumer(attempt: () => Promise<ContactAttempt | undefined> = async () => accepted) {
  const told: EventRecord[] = [];
  const failures: Error[] = [];
  let calls = 0;
  const registry = new Registry();
  const consumer = new ContactRequestConsumer(
    {
      caller: {
        call: () => {
          calls++;
          return attempt();
        },
      },
      publish: async (record) => {
        const failure = failures.shift();
        if (failure) throw failure;
        told.push(record);
      },
      metrics: new ContactMetrics(registry),
      logger: createLogger({ name: 'test', level: 'silent' }),
    },
    { instanceId: 'g1', topicPrefix: 'x.', newId: randomUUID, now: () => new Date() },
  );
  const context = { signal: new AbortController().signal, heartbeat: async () => undefined };
  const deliver = (...records: DeliveredRecord[]) => consumer.onBatch(records, context);
  return { deliver, told, failures, calls: () => calls, registry };
}

describe('ContactRequestConsumer', () => {
  it('tells what became of a request before it counts as done', async () => {
    const { deliver, told, registry } = aConsumer();
    const requestId = randomUUID();
    expect(await deliver(aRequestRecord(requestId))).toEqual([DONE]);
    const [record] = told;
    expect(record?.topic).toBe('x.gateway.device.v1');
    const parsed = parseRecord({
      key: record?.key ?? '',
      header: (name) => record?.headers[name],
      value: Buffer.from(record?.value ?? ''),
    });
    expect(parsed).toMatchObject({
      kind: 'event',
      event: { type: 'opendls.gateway.contact-attempted', data: { deviceId, requestId, outcome: 'accepted' } },
    });
    expect(await registry.metrics()).toContain('opendls_gateway_contact_attempts_total{outcome="accepted"} 1');
  });

  it('asks once when a request is delivered again, and tells the same again, with the same id', async () => {
    const { deliver, told, calls, failures } = aConsumer();
    const record = aRequestRecord();
    failures.push(new PublishError('timeout', 'late'));
    expect(await deliver(record)).toEqual([{ kind: 'retry', code: 'publish-failed' }]);
    expect(await deliver(record, record)).toEqual([DONE, DONE]);
    expect(calls()).toBe(1);
    expect(new Set(told.map(({ headers }) => headers['ce_id'])).size).toBe(1);
  });

  it('does not keep a failure, nor end the process with it', async () => {
    const { deliver, told } = aConsumer(
      ((calls) => async () => {
        if (calls++ === 0) throw new Error('a fault of ours');
        return accepted;
      })(0),
    );
    const record = aRequestRecord();
    await expect(deliver(record)).rejects.toThrow('a fault of ours');
    expect(await deliver(record)).toEqual([DONE]);
    expect(told).toHaveLength(1);
  });

  it('gives a request back that it did not begin, and takes it anew', async () => {
    const answers: (ContactAttempt | undefined)[] = [undefined, accepted];
    const { deliver, told } = aConsumer(async () => answers.shift());
    const record = aRequestRecord();
    expect(await deliver(record)).toEqual([{ kind: 'retry', code: 'closing' }]);
    expect(await deliver(record)).toEqual([DONE]);
    expect(told).toHaveLength(1);
  });

  it('puts aside what is no request, and does the others all the same', async () => {
    const { deliver, told } = aConsumer();
    const outcomes = await deliver(
      aRequestRecord(randomUUID(), '{}'),
      aRequestRecord(),
      aRequestRecord(randomUUID(), 'x'),
    );
    expect(outcomes).toMatchObject([
      { kind: 'reject', code: 'schema-violation' },
      DONE,
      { kind: 'reject', code: 'malformed-json' },
    ]);
    expect(told).toHaveLength(1);
  });

  it('does not wait for a bus that will never take the result', async () => {
    const { deliver, failures } = aConsumer();
    failures.push(new PublishError('rejected', 'no such topic'));
    expect(await deliver(aRequestRecord())).toEqual([{ kind: 'reject', code: 'unpublishable' }]);
  });
});
