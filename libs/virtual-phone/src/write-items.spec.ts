import type { Item, ItemStatus } from '@opendls/dls-codec';
import { newPhone } from './index.js';
import { writeItems } from './write-items.js';

function write(items: readonly Item[], refusals: ReadonlyMap<string, ItemStatus> = new Map()) {
  const phone = newPhone({ macAddress: '00:1A:E8:00:53:01', refusals });
  return writeItems(phone.profile, phone.items, items);
}

describe('writeItems', () => {
  it.each<[string, number | undefined, string, ItemStatus]>([
    ['no-such-item', undefined, '1', 'unknown item'],
    ['sip-Pwd', undefined, 'x', 'unknown item'],
    ['device-type', undefined, 'OpenStage 80', 'read only'],
    ['function-key-def', 77, '1', 'invalid index'],
    ['function-key-def', undefined, '1', 'invalid index'],
    ['function-key-def', 9, '1', 'invalid index'],
    ['line-sip-uri', 20, 'sip:x@example.net', 'invalid index'],
    ['feature-availability', 99, 'true', 'invalid index'],
    ['sntp-tz-offset', undefined, 'one hour', 'invalid data'],
    ['display-id', undefined, 'x'.repeat(25), 'invalid data'],
    ['restart-password', undefined, 'x', 'unexpected item'],
    ['goto-secure-mode', undefined, 'nopin', 'failed'],
    ['goto-secure-mode', undefined, 'pin', 'not supported'],
  ])('refuses %s index %s', (name, index, value, status) => {
    const item = { name, ...(index === undefined ? {} : { index }), value };
    const { refused, items } = write([item]);
    expect(refused).toEqual([{ ...item, value: '', status }]);
    expect(items.get(name, index)?.value).not.toBe(value);
  });

  it.each<[string, number | undefined, string]>([
    ['reg-addr', undefined, 'sip.example.net'],
    ['e164', undefined, '4989100299'],
    ['admin-pwd', undefined, '654321'],
    ['function-key-def', 8, '1'],
    ['function-key-def', 1008, '17'],
    ['key-label-unicode', 312, 'Module'],
    ['key-label-unicode', 1412, 'Module'],
    ['key-functionality', 4002, '1'],
    ['feature-availability', 0, 'false'],
    ['XML-app-name', 20, 'Phonebook'],
    ['ldap-server-address', undefined, ''],
  ])('stores %s index %s', (name, index, value) => {
    const { refused, items } = write([{ name, ...(index === undefined ? {} : { index }), value }]);
    expect(refused).toEqual([]);
    expect(items.get(name, index)?.value).toBe(value);
  });

  it('stores what it can beside what it refuses; the last of two values counts', () => {
    const { refused, items } = write([
      { name: 'reg-addr', value: 'a.example.net' },
      { name: 'no-such-item', value: '1' },
      { name: 'reg-addr', value: 'b.example.net' },
    ]);
    expect(refused).toHaveLength(1);
    expect(items.get('reg-addr')?.value).toBe('b.example.net');
  });

  it('refuses what it was told to refuse, by key or by name', () => {
    const refusals = new Map<string, ItemStatus>([
      ['select-dial[2]', 'failed'],
      ['reg-addr', 'undefined status'],
    ]);
    const { refused } = write(
      [
        { name: 'select-dial', index: 1, value: '1' },
        { name: 'select-dial', index: 2, value: '2' },
        { name: 'reg-addr', value: 'x' },
      ],
      refusals,
    );
    expect(refused.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'select-dial: failed',
      'reg-addr: undefined status',
    ]);
  });

  it('removes an XML application', () => {
    const phone = newPhone({ macAddress: '00:1A:E8:00:53:01' });
    const created = writeItems(phone.profile, phone.items, [
      { name: 'XML-app-action', index: 1, value: 'update' },
      { name: 'XML-app-name', index: 1, value: 'Phonebook' },
      { name: 'XML-app-name', index: 2, value: 'Other' },
    ]).items;
    const deleted = writeItems(phone.profile, created, [{ name: 'XML-app-action', index: 1, value: 'delete' }]).items;
    expect(deleted.get('XML-app-name', 1)).toBeUndefined();
    expect(deleted.get('XML-app-name', 2)?.value).toBe('Other');
  });
});
