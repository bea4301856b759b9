import type { ItemToValidate } from './index.js';
import { validateItem } from './index.js';

function codesOf(item: ItemToValidate): string[] {
  return validateItem(item).map((issue) => `${issue.severity} ${issue.code}`);
}

describe('validateItem', () => {
  describe('name', () => {
    it('warns about an unknown item and suggests the near name', () => {
      expect(validateItem({ name: 'sip-Pwd', value: 'x' })).toEqual([
        {
          severity: 'warning',
          code: 'unknown-item',
          message: 'sip-Pwd is not in the item catalogue; did you mean sip-pwd?',
          suggestion: 'sip-pwd',
        },
      ]);
    });

    it('only warns about an unknown item with any index', () => {
      expect(codesOf({ name: 'brand-new-thing', index: 0, value: 'anything' })).toEqual(['warning unknown-item']);
      expect(codesOf({ name: 'brand-new-thing', index: -1, value: '' })).toEqual([
        'warning unknown-item',
        'error index-invalid',
      ]);
    });

    it.each(['', ' ', 'two words', 'a\nb', '<x>', 'a'.repeat(129), '-x'])('refuses the name %j', (name) => {
      expect(codesOf({ name, value: '1' })).toEqual(['error invalid-name']);
    });
  });

  describe('index', () => {
    it.each([
      ['function-key-def', undefined, 'index-missing', 'an index from 1 to 4003'],
      ['function-key-def', 0, 'index-out-of-range', 'an index from 1 to 4003'],
      ['function-key-def', 4004, 'index-out-of-range', 'an index from 1 to 4003'],
      ['function-key-def', 1.5, 'index-invalid', 'an index from 1 to 4003'],
      ['line-hld', 0, 'index-out-of-range', 'an index from 1'],
      ['sntp-tz-offset', 1, 'index-superfluous', 'no index'],
    ])('%s with index %s: %s', (name, index, code, allowed) => {
      const item = { name, value: '1', ...(index === undefined ? {} : { index }) };
      expect(validateItem(item)).toEqual([expect.objectContaining({ severity: 'error', code, allowed })]);
    });

    it('takes index 0 where the range starts at 0', () => {
      expect(validateItem({ name: 'feature-availability', index: 0, value: 'true' })).toEqual([]);
      expect(validateItem({ name: 'trace-level', index: 41, value: '0' })).toEqual([]);
    });

    it('takes an optional index both ways', () => {
      expect(codesOf({ name: 'alert-identifier', value: 'Bellcore-dr1' })).toEqual([]);
      expect(codesOf({ name: 'alert-identifier', index: 3, value: 'Bellcore-dr1' })).toEqual([]);
    });
  });

  describe('access', () => {
    it('refuses what only the phone can say', () => {
      expect(codesOf({ name: 'mac-addr', value: '00:1A:E8:00:53:01' })).toEqual(['error read-only']);
      expect(codesOf({ name: 'software-version', value: 'V3 R5.12.0' })).toEqual(['error read-only']);
    });

    it('takes items whose access is write-only or unknown', () => {
      expect(codesOf({ name: 'admin-pwd', value: '654321' })).toEqual([]);
      expect(codesOf({ name: 'ringer-volume', value: '5' })).toEqual([]);
    });

    it.each([
      'restart-password',
      'restart-type',
      'send-solicited',
      'cleanup-reason',
      'goto-secure-mode',
      'secure-mode-data',
    ])('refuses %s, an argument of an action', (name) => {
      expect(codesOf({ name, value: 'x' })[0]).toBe('error action-argument');
    });

    it('warns about arguments of a deployment', () => {
      expect(codesOf({ name: 'file-name', value: 'logo.png' })).toEqual(['warning action-argument']);
    });
  });

  describe('value', () => {
    it.each([
      ['auto-daylight-save', 'yes', 'error not-a-boolean'],
      ['auto-daylight-save', 'True', 'error not-a-boolean'],
      ['auto-daylight-save', '', 'error not-a-boolean'],
      ['sip-transport-user', '7', 'error not-allowed-value'],
      ['sip-transport-user', '', 'error not-allowed-value'],
      ['sntp-tz-offset', '1e1', 'error not-an-integer'],
      ['sntp-tz-offset', '60.0', 'error not-an-integer'],
      ['sntp-tz-offset', '721', 'error out-of-range'],
      ['sntp-tz-offset', '-721', 'error out-of-range'],
      ['vlan-id', '4096', 'error out-of-range'],
      ['reg-port', '65536', 'error out-of-range'],
      ['reg-port', '-1', 'error out-of-range'],
      ['reg-port', 'sip', 'error not-an-integer'],
      ['reg-port', '', 'warning empty-value'],
      ['sntp-addr', 'two words', 'error bad-format'],
      ['sntp-addr', 'http://ntp.example.org/', 'error bad-format'],
      ['sntp-addr', '300.1.1.1', 'error bad-format'],
      ['ipaddress', '192.0.2', 'error bad-format'],
      ['conference-factory-uri', 'sip: x', 'error bad-format'],
      ['e164', 'alice', 'warning doubtful-format'],
      ['display-id', 'x'.repeat(25), 'error too-long'],
      ['wbm-server-certificate', '%%%', 'error bad-format'],
      ['time', 'noon', 'error bad-format'],
      ['rtp-base-port', '5005', 'error rule-violated'],
      ['pwd-sequence-length', '1', 'error rule-violated'],
      ['display-id-unicode', 'a\u0000b', 'error invalid-characters'],
      ['display-id-unicode', '\ud800', 'error invalid-characters'],
      ['display-id-unicode', ' lobby', 'error surrounding-blanks'],
      ['display-id-unicode', 'lobby\n', 'error surrounding-blanks'],
      ['display-id-unicode', 'A & B', 'warning doubtful-characters'],
    ])('%s = %j: %s', (name, value, expected) => {
      expect(codesOf({ name, value })).toEqual([expected]);
    });

    it.each([
      ['auto-daylight-save', 'true'],
      ['sip-transport-user', '2'],
      ['sntp-tz-offset', '-720'],
      ['vlan-id', '0'],
      ['reg-port', '65535'],
      ['sntp-addr', 'ntp.example.org'],
      ['sntp-addr', '192.0.2.1'],
      ['sntp-addr', '2001:db8::1'],
      ['sntp-addr', ''],
      ['sntp-addr', 'NULL'],
      ['ipaddress', '192.0.2.77'],
      ['e164', '+4989100231'],
      ['e164', ''],
      ['display-id-unicode', 'Büro Süd'],
      ['display-id', '\u{1f4de}'.repeat(24)],
      ['wbm-server-certificate', 'TUlJ\nUURF==\n'],
      ['rtp-base-port', '5004'],
      ['time', '1700000000'],
      ['sip-user-id', ''],
    ])('%s = %j is fine', (name, value) => {
      expect(codesOf({ name, value })).toEqual([]);
    });

    it('says what is allowed', () => {
      expect(validateItem({ name: 'sip-transport-user', value: 'udp' })).toEqual([
        {
          severity: 'error',
          code: 'not-allowed-value',
          message: 'sip-transport-user cannot be "udp"',
          allowed: 'one of 0 (UDP), 1 (TCP), 2 (TLS)',
        },
      ]);
      expect(validateItem({ name: 'vlan-id', value: 'x' })[0]?.allowed).toBe('a whole number from 0 to 4095');
    });

    it('takes a CA certificate as PEM text', () => {
      const value = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
      expect(codesOf({ name: 'dls-server-ca', index: 0, value })).toEqual([]);
    });

    it('only warns about codes an incomplete list may lack', () => {
      expect(codesOf({ name: 'function-key-def', index: 1, value: '17' })).toEqual(['warning unlisted-value']);
      expect(codesOf({ name: 'function-key-def', index: 1, value: 'hold' })).toEqual(['error not-allowed-value']);
      expect(codesOf({ name: 'function-key-def', index: 1, value: '9999' })).toEqual(['error not-allowed-value']);
    });

    it.each([
      ['Phonebook1', []],
      ['1app', ['error rule-violated']],
      ['my^app', ['error rule-violated']],
    ])('checks the name of an XML application: %s', (value, expected) => {
      expect(codesOf({ name: 'XML-app-name', index: 1, value })).toEqual(expected);
    });

    it('never repeats a secret value', () => {
      const secret = ' hunter2\u0000';
      for (const name of ['sip-pwd', 'admin-pwd', 'restart-password', 'wbm-server-certificate', 'reg-password']) {
        expect(JSON.stringify(validateItem({ name, value: secret }))).not.toContain('hunter2');
        expect(JSON.stringify(validateItem({ name, value: 'hunter2!%' }))).not.toContain('hunter2');
      }
    });

    it('shortens a long value in its message', () => {
      const [issue] = validateItem({ name: 'reg-port', value: '1'.repeat(5000) });
      expect(issue?.message.length).toBeLessThan(200);
    });
  });
});
