import {
  findItem,
  isSecretItem,
  itemKey,
  listItems,
  parseItemKey,
  suggestName,
  togetherGroup,
  validateItem,
} from './index.js';

describe('the catalogue', () => {
  const items = listItems();

  it('has 484 items with unique names, also without regard to case, sorted', () => {
    const folded = items.map((item) => item.name.toLowerCase());
    expect(items).toHaveLength(484);
    expect(new Set(folded).size).toBe(484);
    expect([...folded].sort((a, b) => (a < b ? -1 : 1))).toEqual(folded);
  });

  it.each(items.map((item) => [item.name, item] as const))('%s is consistent', (name, item) => {
    expect(findItem(name)).toBe(item);
    expect(item.description).not.toBe('');
    expect(item.type === 'enum').toBe(item.values !== undefined);
    expect(item.values?.length).not.toBe(0);
    expect(new Set(item.values?.map(({ value }) => value)).size).toBe(item.values?.length ?? 0);
    if (item.min !== undefined || item.max !== undefined) expect(item.type).toBe('integer');
    if (item.type === 'password') expect(item.secret).toBe(true);
    expect(isSecretItem(name)).toBe(item.secret === true);
    expect(item.index === undefined || item.index.min <= (item.index.max ?? Infinity)).toBe(true);
  });

  const samples = items.flatMap((item) => [
    ...(item.default === undefined ? [] : [[item, item.default] as const]),
    ...(item.values ?? []).map(({ value }) => [item, value] as const),
  ]);
  const ownProblems = new Set(['read-only', 'action-argument', 'index-missing']);

  it.each(samples.map(([item, value]) => [item.name, value, item.index?.min] as const))(
    'takes its own default or listed value: %s = %s',
    (name, value, index) => {
      const issues = validateItem({ name, value, ...(index === undefined ? {} : { index }) });
      expect(issues.filter((issue) => !ownProblems.has(issue.code))).toEqual([]);
    },
  );

  it('finds names only in their exact spelling', () => {
    expect(findItem('XML-app-name')?.group).toBe('xml-applications');
    expect(findItem('xml-app-name')).toBeUndefined();
    expect(findItem('__proto__')).toBeUndefined();
    expect(findItem('constructor')).toBeUndefined();
  });
});

describe('itemKey', () => {
  it('keeps index 0 apart from no index', () => {
    expect(itemKey('sip-pwd')).toBe('sip-pwd');
    expect(itemKey('feature-availability', 0)).toBe('feature-availability[0]');
  });

  it('can be taken apart again', () => {
    expect(parseItemKey('function-key-def[3]')).toEqual({ name: 'function-key-def', index: 3 });
    expect(parseItemKey('dls-server-ca[0]')).toEqual({ name: 'dls-server-ca', index: 0 });
    expect(parseItemKey('odd[x]')).toEqual({ name: 'odd[x]' });
    expect(parseItemKey('sip-pwd')).toEqual({ name: 'sip-pwd' });
  });
});

describe('togetherGroup', () => {
  it.each([
    ['function-key-def', 3, 'key[3]'],
    ['key-label-unicode', 3, 'key[3]'],
    ['send-url-passwd', 1003, 'key[1003]'],
    ['line-sip-uri', 3, 'key[3]'],
    ['locked-function-keys', 3, 'key[3]'],
    ['key-functionality', 4002, 'key[4002]'],
    ['XML-app-transport', 1, 'xml-app[1]'],
    ['file-name', 2, 'file[2]'],
    ['file-name', undefined, 'file'],
    ['codec-rank', 1, 'codec[1]'],
    ['Canonical-lookup-local-code', 5, 'canonical-lookup[5]'],
    ['vlan-id', undefined, 'vlan'],
    ['dls-server-ca', 1, 'secure-mode'],
    ['line-new-thing', 2, 'key[2]'],
    ['XML-app-new-thing', 2, 'xml-app[2]'],
    ['blf-code', undefined, undefined],
    ['sip-pwd', undefined, undefined],
    ['feature-availability', 0, undefined],
    ['no-such-item', 4, undefined],
  ])('%s index %s -> %s', (name, index, group) => {
    expect(togetherGroup(index === undefined ? { name } : { name, index })).toBe(group);
  });
});

describe('suggestName', () => {
  it.each([
    ['sip-Pwd', 'sip-pwd'],
    ['xml-app-name', 'XML-app-name'],
    ['sntp_addr', 'sntp-addr'],
    ['sntp-adr', 'sntp-addr'],
    ['display-brigthness', 'display-brightness'],
    ['e146', 'e164'],
    ['something-else-entirely', undefined],
    ['', undefined],
  ])('%s -> %s', (name, expected) => {
    expect(suggestName(name)).toBe(expected);
  });
});
