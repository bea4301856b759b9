import type { Item } from '@opendls/dls-codec';
import type { Fact, InitialReason } from '@opendls/dls-interaction';
import { CryptoError, generateSealingKey, open, parseSealingKeys } from '@opendls/crypto';
import { sealContext } from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';
import { FactEvents } from './fact-events.js';
import { PhoneSecrets } from './phone-secrets.js';

const keys = parseSealingKeys(generateSealingKey('k1'));
const connection = { remoteAddress: '192.0.2.31', listener: 'default' as const, tlsVersion: null, tlsCipher: null };
const ids = { contactId: 'c2f0b8a4d9e14a7f', deviceId: '001ae8005301' };
/** The broker's `max.message.bytes`. */
const MAX_RECORD_BYTES = 1_048_576;

interface EventData {
  readonly items: readonly { name: string; index?: number; value?: string; secret?: true; sealed?: string }[];
  readonly userPassword?: string;
}

function dataOf(fact: Fact): { readonly text: string; readonly data: EventData } {
  const events = new FactEvents(
    'gateway-1',
    '',
    new PhoneSecrets(keys),
    () => 'id',
    () => new Date(0),
  );
  const text = events.records([fact], connection).records[0]?.value ?? '';
  return { text, data: JSON.parse(text) as EventData };
}

function reported(items: readonly Item[]): ReturnType<typeof dataOf> {
  const order = { orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22', attempt: 1, stepIndex: 0 };
  return dataOf({ type: 'items-reported', ...ids, ...order, scope: 'some', fragment: 0, isFinal: true, items });
}

function opened(reason: InitialReason, items: readonly Item[]): ReturnType<typeof dataOf> {
  return dataOf({ type: 'contact-opened', ...ids, reason, items, maxItems: null, awaitingWork: true });
}

describe('user data', () => {
  it('travels sealed in replies, for its item of its phone', () => {
    const { data, text } = reported([
      { name: 'userdata-phonebook', index: 2, value: 'aHVudGVyMg==' },
      { name: 'userdata-vu1', index: 1, value: '' },
      { name: 'sip-pwd', value: 'hunter2' },
    ]);
    const [book, empty, password] = data.items;
    expect(open(keys, book?.sealed ?? '', sealContext(ids.deviceId, itemKey('userdata-phonebook', 2)))).toBe(
      'aHVudGVyMg==',
    );
    expect(() => open(keys, book?.sealed ?? '', sealContext('001ae8005302', itemKey('userdata-phonebook', 2)))).toThrow(
      CryptoError,
    );
    expect(book).toMatchObject({ name: 'userdata-phonebook', index: 2, secret: true });
    expect(empty).toEqual({ name: 'userdata-vu1', index: 1, value: '' });
    expect(password).toEqual({ name: 'sip-pwd', secret: true });
    expect(text).not.toMatch(/aHVudGVyMg|hunter2/);
  });

  it('ends in the gateway where nobody asked for it', () => {
    const { data } = opened('local-changes', [{ name: 'userdata-vu1', index: 1, value: 'aGk=' }]);
    expect(data.items).toEqual([{ name: 'userdata-vu1', index: 1, secret: true }]);
  });

  it('fits a record of the event bus also when the message was full of it', () => {
    const full = Array.from({ length: 5 }, (_, n) => ({ name: 'userdata-vu1', index: n, value: 'x'.repeat(10_000) }));
    const { text, data } = reported(full);
    expect(data.items.every(({ sealed }) => sealed !== undefined)).toBe(true);
    expect(text.length).toBeLessThan(70_000);
  });

  it('is left out beyond a limit that no phone reaches, and the record still fits', () => {
    const items = [250_000, 150_000, 60_000, 40_000].map((length, index) => {
      return { name: 'userdata-vu1', index, value: 'x'.repeat(length) };
    });
    const { text, data } = reported(items);
    expect(data.items.map(({ sealed }) => sealed !== undefined)).toEqual([false, true, false, true]);
    expect(text.length).toBeLessThan(MAX_RECORD_BYTES / 3);
  });
});

describe('the password of a mobile logon', () => {
  const logon: readonly Item[] = [
    { name: 'sip-mobility-state', value: '0' },
    { name: 'e164', value: '4989100777' },
    { name: 'basic-e164', value: '4989100231' },
    { name: 'user-pwd', value: 'hunter2' },
  ];
  const without = (name: string): readonly Item[] => logon.filter((item) => item.name !== name);

  it('is sealed for config-policy', () => {
    const { data, text } = opened('inventory-changes', logon);
    expect(open(keys, data.userPassword ?? '', sealContext(ids.deviceId, 'user-pwd'))).toBe('hunter2');
    expect(text).not.toContain('hunter2');
  });

  it('may come in its other spelling', () => {
    const items = [...without('user-pwd'), { name: 'user-pwd-unicode', value: 'hünter2' }];
    const { data } = opened('inventory-changes', items);
    expect(open(keys, data.userPassword ?? '', sealContext(ids.deviceId, 'user-pwd'))).toBe('hünter2');
  });

  it.each<[string, InitialReason, readonly Item[]]>([
    ['in another message', 'start-up', logon],
    [
      'at a logoff',
      'inventory-changes',
      [...without('sip-mobility-state'), { name: 'sip-mobility-state', value: '1' }],
    ],
    ['without a mobile user', 'inventory-changes', [...without('e164'), { name: 'e164', value: '4989100231' }]],
    [
      'when it is not readable',
      'inventory-changes',
      [...without('user-pwd'), { name: 'user-pwd', value: '', status: 'failed' }],
    ],
    [
      'when it is no password',
      'inventory-changes',
      [...without('user-pwd'), { name: 'user-pwd', value: 'x'.repeat(257) }],
    ],
  ])('is not told %s', (_, reason, items) => {
    const { data, text } = opened(reason, items);
    expect(data.userPassword).toBeUndefined();
    expect(text).not.toContain('hunter2');
  });
});
