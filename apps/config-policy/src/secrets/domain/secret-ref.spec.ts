import fc from 'fast-check';
import {
  parseSecretRef,
  resolveSecretRef,
  SECRET_NAME,
  type SecretRefTemplate,
  type TemplateFacts,
} from './secret-ref.js';

const facts = { deviceId: '001ae8005301', macAddress: '00:1A:E8:00:53:01', e164: '4989100231' };

function template(text: string): SecretRefTemplate {
  const parsed = parseSecretRef(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.template;
}

describe('secret references', () => {
  it.each([
    ['sip/4989100231', 'sip/4989100231'],
    ['sip/{{e164}}', 'sip/4989100231'],
    ['{{deviceId}}/admin', '001ae8005301/admin'],
    ['site-a/{{ macAddress }}/x', 'site-a/00:1A:E8:00:53:01/x'],
    ['{{e164}}-{{deviceId}}', '4989100231-001ae8005301'],
  ])('%s is %s', (text, expected) => {
    expect(resolveSecretRef(template(text), facts)).toBe(expected);
  });

  it.each(['', '/', 'a//b', 'a/', 'a b', '{{vlan}}', '{{e164', 'a'.repeat(201), 'ä'])('refuses %j', (text) => {
    expect(parseSecretRef(text).ok).toBe(false);
  });

  it('has no name while a fact is not stated', () => {
    expect(resolveSecretRef(template('sip/{{e164}}'), { ...facts, e164: null })).toBeUndefined();
  });

  it('does not let a phone reach another secret through what it states', () => {
    for (const e164 of ['../admin', '..', '.', 'a/b', '', ' ', 'x'.repeat(150)]) {
      expect(resolveSecretRef(template('sip/{{e164}}'), { ...facts, e164 })).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string(), (e164) => {
        const name = resolveSecretRef(template('sip/{{e164}}'), { ...facts, e164 } satisfies TemplateFacts);
        if (name !== undefined) expect(name).toMatch(SECRET_NAME);
        if (name !== undefined) expect(name.split('/')).toHaveLength(2);
      }),
    );
  });
});
