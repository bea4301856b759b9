import { EVENTS, isEventType, parseRecord, toRecord, type EventType, type OpenDlsEvent } from './index.js';

const types = Object.keys(EVENTS) as EventType[];

function anEvent<Type extends EventType>(type: Type, data: unknown): OpenDlsEvent<Type> {
  return {
    id: '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11',
    type,
    source: '/opendls/test/1',
    subject: '001ae8005301',
    time: new Date('2026-01-15T08:00:00.000Z'),
    data: data as OpenDlsEvent<Type>['data'],
    replyTo: 'gateway-1',
  };
}

/** The record as a consumer gets it. */
function deliver(
  record: ReturnType<typeof toRecord>,
  change: { headers?: Record<string, string>; value?: string } = {},
) {
  const headers: Record<string, string> = { ...record.headers, ...change.headers };
  return {
    key: record.key,
    header: (name: string) => headers[name],
    value: new TextEncoder().encode(change.value ?? record.value ?? ''),
  };
}

describe.each(types)('%s', (type) => {
  it.each(['minimal', 'full'] as const)('survives the way through a record (%s fixture)', (fixture) => {
    const event = anEvent(type, EVENTS[type].fixtures[fixture]);
    const parsed = parseRecord(deliver(toRecord(event)));
    expect(parsed).toEqual({ kind: 'event', event: { ...event, traceParent: undefined } });
  });

  it('travels as a CloudEvent in binary mode on its topic, keyed by device', () => {
    const record = toRecord(anEvent(type, EVENTS[type].fixtures.full), 'acme.');
    expect(record.topic).toBe(`acme.${EVENTS[type].topic}`);
    expect(record.key).toBe('001ae8005301');
    expect(record.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11',
      ce_source: '/opendls/test/1',
      ce_type: type,
      ce_subject: '001ae8005301',
      ce_time: '2026-01-15T08:00:00.000Z',
      'content-type': 'application/json',
      replyto: 'gateway-1',
    });
    expect(JSON.parse(record.value ?? '')).toEqual(EVENTS[type].fixtures.full);
  });

  it('ignores fields that a later version added', () => {
    const event = anEvent(type, EVENTS[type].fixtures.minimal);
    const value = JSON.stringify({ ...(event.data as object), addedLater: { deep: true } });
    expect(parseRecord(deliver(toRecord(event), { value }))).toMatchObject({
      kind: 'event',
      event: { data: event.data },
    });
  });
});

describe('parseRecord', () => {
  const record = toRecord(
    anEvent('opendls.config-policy.no-work', EVENTS['opendls.config-policy.no-work'].fixtures.minimal),
  );

  it('reports a type it does not know without judging its data', () => {
    const delivered = deliver(record, { headers: { ce_type: 'opendls.gateway.something-new' }, value: 'not json' });
    expect(parseRecord(delivered)).toEqual({ kind: 'unknown-type', type: 'opendls.gateway.something-new' });
  });

  it('reports a tombstone with its key', () => {
    expect(parseRecord({ key: 'k', header: () => undefined, value: null })).toEqual({ kind: 'tombstone', key: 'k' });
  });

  it.each([
    ['no ce_id', { headers: { ce_id: '' } }, 'not-a-cloud-event'],
    ['a time that is none', { headers: { ce_time: 'yesterday' } }, 'not-a-cloud-event'],
    ['broken JSON', { value: '{' }, 'malformed-json'],
    ['a missing field', { value: '{}' }, 'schema-violation'],
    ['another subject than the key', { headers: { ce_subject: '001ae8005399' } }, 'subject-mismatch'],
  ])('refuses a record with %s', (_name, change, code) => {
    expect(parseRecord(deliver(record, change))).toMatchObject({ kind: 'invalid', code });
  });

  it('never quotes values in the reason of a refusal', () => {
    const value = JSON.stringify({ contactId: 'top-secret-value', moreOrdersWaiting: 'top-secret-value' });
    expect(JSON.stringify(parseRecord(deliver(record, { value })))).not.toContain('top-secret-value');
  });

  it('does not take names from the prototype for types', () => {
    expect(isEventType('toString')).toBe(false);
    expect(isEventType('opendls.gateway.device-started')).toBe(true);
  });
});
