import { parseRecord, type IncomingRecord } from '@opendls/event-contracts';
import type { Fact } from '@opendls/dls-interaction';
import { generateSealingKey, parseSealingKeys } from '@opendls/crypto';
import { FactEvents } from './fact-events.js';
import { PhoneSecrets } from './phone-secrets.js';

const connection = {
  remoteAddress: '192.0.2.31',
  listener: 'default' as const,
  tlsVersion: 'TLSv1.3',
  tlsCipher: null,
};
const ids = { contactId: 'c2f0b8a4d9e14a7f', deviceId: '001ae8005301' };
const step = { ...ids, orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22', attempt: 1, stepIndex: 0 };

const facts: readonly Fact[] = [
  ...(['start-up', 'solicited', 'local-changes', 'inventory-changes', 'status'] as const).map((reason): Fact => ({
    type: 'contact-opened',
    ...ids,
    reason,
    items: [
      { name: 'mac-addr', value: '00:1A:E8:00:53:01' },
      { name: 'device-type', value: 'x'.repeat(900) },
      { name: 'software-version', value: '', status: 'failed' },
      { name: 'configuration-changed-flag', value: 'TRUE' },
      { name: 'sip-pwd', value: 'hunter2' },
      { name: 'userdata-vu1', index: 1, value: 'hunter2' },
      { name: 'display-brightness', index: -1, value: '4' },
      { name: 'n'.repeat(200), value: '4' },
      { name: '', value: '4' },
      { name: 'odd', value: 'hunter2', status: 'undefined status', statusText: 'Very Odd' },
    ],
    maxItems: null,
    awaitingWork: false,
  })),
  {
    type: 'items-reported',
    ...step,
    scope: 'all',
    fragment: 3,
    isFinal: true,
    items: [{ name: 'user-pwd', value: 'hunter2' }],
  },
  {
    type: 'step-completed',
    ...step,
    kind: 'write-items',
    part: 1,
    outcome: 'accepted',
    isStepFinished: true,
    isOrderFinished: true,
    writtenItems: [{ name: 'sntp-addr' }],
    refusedItems: [{ name: 'device-type', status: 'read only' }],
    awaitingWork: true,
  },
];

function read(record: {
  key: string;
  headers: Readonly<Record<string, string>>;
  value: string | null;
}): IncomingRecord {
  const { key, headers, value } = record;
  return { key, header: (name) => headers[name], value: value === null ? null : Buffer.from(value) };
}

function newEvents(): FactEvents {
  let count = 0;
  return new FactEvents(
    'gateway-1',
    'site.',
    new PhoneSecrets(parseSealingKeys(generateSealingKey('k1'))),
    () => `id-${++count}`,
    () => new Date('2026-01-15T08:00:00Z'),
  );
}

describe('FactEvents', () => {
  it('makes events that the contract accepts, with the question marked, and without secrets', () => {
    const { records, askingId } = newEvents().records(facts, connection);
    const parsed = records.map((record) => parseRecord(read(record)));
    expect(parsed.map((one) => (one.kind === 'event' ? one.event.type : one))).toEqual([
      'opendls.gateway.device-started',
      'opendls.gateway.device-solicited',
      'opendls.gateway.local-changes-reported',
      'opendls.gateway.inventory-changed',
      'opendls.gateway.deployment-reported',
      'opendls.gateway.items-reported',
      'opendls.gateway.step-completed',
    ]);
    expect(new Set(records.map(({ topic }) => topic))).toEqual(new Set(['site.gateway.device.v1']));
    expect(records.map(({ headers }) => headers['replyto'])).toEqual([...Array<undefined>(6), 'gateway-1']);
    expect(records.at(-1)?.headers['ce_id']).toBe(askingId);
    expect(JSON.stringify(records)).not.toContain('hunter2');
  });

  it('keeps what an event can carry of the items, and the facts of the device', () => {
    const [first] = newEvents().records(facts, connection).records;
    const data = JSON.parse(first?.value ?? '') as {
      items: unknown[];
      device: Record<string, unknown>;
      configurationChanged: unknown;
    };
    expect(data.items.slice(3)).toEqual([
      { name: 'configuration-changed-flag', value: 'TRUE' },
      { name: 'sip-pwd', secret: true },
      { name: 'userdata-vu1', index: 1, secret: true },
      { name: 'odd', status: 'Very Odd' },
    ]);
    expect(data.device).toMatchObject({
      macAddress: '00:1A:E8:00:53:01',
      deviceType: 'x'.repeat(255),
      softwareVersion: null,
    });
    expect(data.configurationChanged).toBe(true);
  });

  it('holds back what phones say of items that nobody could have sent them', () => {
    const written = facts.at(-1);
    if (written?.type !== 'step-completed') throw new Error('the last fact is a completed step');
    const refusedItems = [
      { name: 'n'.repeat(129), status: 'failed' },
      { name: '', status: 'failed' },
      { name: 'sntp-addr', index: -1, status: 'failed' },
      { name: 'sntp-addr', status: `${'s'.repeat(199)}😀` },
    ];
    const { records } = newEvents().records([{ ...written, refusedItems }], connection);
    const parsed = parseRecord(read(records[0]!));
    expect(parsed).toMatchObject({
      event: { data: { refusedItems: [{ name: 'sntp-addr', status: 's'.repeat(199) }] } },
    });
  });

  it('keeps of a secret no words of the phone, and no URL with the right to load a file', () => {
    const [opened, written] = [facts[0], facts.at(-1)];
    if (opened?.type !== 'contact-opened' || written?.type !== 'step-completed') throw new Error('other facts');
    const items = [
      { name: 'sip-pwd', value: '', status: 'undefined status', statusText: 'bad value hunter2' } as const,
      { name: 'sip-pwd', index: 1, value: '', status: 'read only', statusText: 'read only' } as const,
      { name: 'file-https-base-url', value: 'https://192.0.2.1/files/hunter2/logo.png' },
    ];
    const refusedItems = [
      { name: 'sip-pwd', status: 'bad value hunter2' },
      { name: 'sntp-addr', status: 'bad value' },
    ];
    const { records } = newEvents().records([{ ...opened, items }, { ...written, refusedItems }], connection);
    expect(JSON.stringify(records)).not.toContain('hunter2');
    expect(records.map(({ value }) => JSON.parse(value ?? '') as unknown)).toMatchObject([
      {
        items: [
          { name: 'sip-pwd', status: 'undefined status' },
          { name: 'sip-pwd', index: 1, status: 'read only' },
          { name: 'file-https-base-url', secret: true },
        ],
      },
      {
        refusedItems: [
          { name: 'sip-pwd', status: 'undefined status' },
          { name: 'sntp-addr', status: 'bad value' },
        ],
      },
    ]);
  });

  it('cuts facts between characters', () => {
    const items = [{ name: 'device-type', value: `${'x'.repeat(254)}😀` }];
    const [record] = newEvents().records([{ ...facts[0]!, items } as Fact], connection).records;
    expect(JSON.parse(record?.value ?? '')).toMatchObject({ device: { deviceType: 'x'.repeat(254) } });
  });

  it('tells closed contacts and refusals as the contract says', () => {
    const events = newEvents();
    const closed = { ...ids, outcome: 'busy' as const, cleanupReason: null, isSolicitedRequested: true, exchanges: 2 };
    const refusal = { deviceId: null, code: 'invalid-identity', detail: 'x', connection };
    for (const record of [events.closedRecord(closed, null), events.refusedRecord(refusal)]) {
      expect(parseRecord(read(record)).kind).toBe('event');
    }
  });
});
