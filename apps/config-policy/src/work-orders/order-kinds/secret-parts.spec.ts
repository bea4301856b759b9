import type { OrderContext } from './order-kind.js';
import { checkItem } from './order-items.js';
import { resolveSource } from './file-source.js';

// The cast: nothing but sealing is asked of it here.
const context = { seal: (value: string) => `sealed:${value.length}`, mark: () => 'mark' } as unknown as OrderContext;

it.each([
  'https://user:hunter2@files.example.org/logo.png',
  'https://files.example.org/logo.png?token=hunter2',
  'https://files.example.org/logo.png#hunter2',
])('seals the URL %s, as it may hold a password or a token', async (url) => {
  const source = await resolveSource({ url }, undefined, '', context);
  expect(source).toMatchObject({
    ok: true,
    value: { items: [{ name: 'file-https-base-url', sealed: `sealed:${url.length}` }], fileName: 'logo.png' },
  });
  expect(JSON.stringify(source)).not.toContain('hunter2');
});

it('leaves a URL readable that holds nothing else', async () => {
  const url = 'https://files.example.org/logo.png';
  const source = await resolveSource({ url }, 3, '', context);
  expect(source).toMatchObject({ value: { items: [{ name: 'file-https-base-url', index: 3, value: url }] } });
});

it.each([
  ['sip-pwd', undefined],
  ['userdata-phonebook', 1],
  ['USERDATA-call-log', 1],
])('seals the value of %s', async (name, index) => {
  const { checked } = await checkItem({ name, index, value: 'aHVudGVyMg==' }, 'items[0]', context);
  expect(checked?.item).toMatchObject({ name, sealed: 'sealed:12' });
  expect(JSON.stringify(checked)).not.toContain('aHVudGVyMg');
});

it.each([
  { name: 'display-brightness', secretRef: 'sip/stored' },
  { name: 'userdata-phonebook', index: 1, value: 'hunter2!' },
])('does not repeat a secret that $name cannot have', async (input) => {
  // The cast: as above.
  const found = {
    ...context,
    device: { deviceId: '001ae8000001', facts: {} },
    openSecret: async () => 'hunter2!',
  } as unknown as OrderContext;
  const { problems } = await checkItem(input, 'items[0]', found);
  expect(problems).toHaveLength(1);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});
