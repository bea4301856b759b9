import { encodeDlsMessage } from './encode-message.js';
import { redactItems, redactMessage } from './redact-message.js';
import type { DlsMessage } from './messages/dls-message.js';

const SECRET = 'obviously-fake-secret';

const secrets = [
  ...['user-pwd', 'user-pwd-unicode', 'admin-pwd', 'sip-pwd', 'file-pwd', 'bootstrapping-tan', 'secure-mode-data'],
  ...['dls-client-certificate', 'wbm-server-certificate', 'restart-password', 'cloud-pin-value', 'ldap-pwd'],
  ...['userdata-call-log', 'userdata-phonebook', 'Userdata-VU1', 'some-new-password'],
];

it.each(secrets)('hides the value of %s', (name) => {
  expect(redactItems([{ name, index: 0, value: SECRET, status: 'failed' }])).toEqual([
    { name, index: 0, value: '***', status: 'failed' },
  ]);
});

it.each(['mac-addr', 'e164', 'software-version', 'wbm-server-certificate-info', 'max-pin-retries', 'userdata'])(
  'shows the value of %s',
  (name) => {
    expect(redactItems([{ name, value: 'x' }])).toEqual([{ name, value: 'x' }]);
  },
);

it('shows that a secret is empty', () => {
  expect(redactItems([{ name: 'user-pwd', value: '' }])).toEqual([{ name: 'user-pwd', value: '' }]);
});

it('leaves no secret in a message and the message itself alone', () => {
  const items = secrets.map((name) => ({ name, value: SECRET }));
  const message: DlsMessage = { kind: 'dls', nonce: 'A', action: 'WriteItems', items };
  expect(encodeDlsMessage(redactMessage(message))).not.toContain(SECRET);
  expect(message.items?.[0]?.value).toBe(SECRET);
});

it.each([{ kind: 'unknown', rootName: 'x' } as const, { kind: 'dls', nonce: 'A', action: 'CleanUp' } as const])(
  'returns a message without items as it is',
  (message) => {
    expect(redactMessage(message)).toBe(message);
  },
);
