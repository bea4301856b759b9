import {
  apiKeyId,
  CryptoError,
  deriveTokenKeys,
  equalInConstantTime,
  fingerprint,
  generateApiKey,
  generateSealingKey,
  hashApiKey,
  matchesFingerprint,
  open,
  parseSealingKeys,
  seal,
  sealedWith,
  signToken,
  verifyToken,
} from './index.js';

const first = generateSealingKey('k1');
const second = generateSealingKey('k2');
const keys = parseSealingKeys(first);
const rotated = parseSealingKeys(`${second}, ${first}`);
const aad = '001ae8000001|sip-pwd';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CryptoError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

describe('seal and open', () => {
  it.each(['', 'geheim', 'päss ☎ <&>', 'x'.repeat(10_000)])('round-trips %#', (text) => {
    expect(open(keys, seal(keys, text, aad), aad)).toBe(text);
  });

  it('has the documented form and a new iv every time', () => {
    const sealed = seal(keys, 'geheim', aad);
    expect(sealed).toMatch(/^v1\.k1\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(seal(keys, 'geheim', aad)).not.toBe(sealed);
  });

  it('opens values of an older key and seals with the first', () => {
    expect(open(rotated, seal(keys, 'old', aad), aad)).toBe('old');
    expect(sealedWith(seal(rotated, 'new', aad))).toBe('k2');
  });

  it('does not open a value under the name of another phone or item', () => {
    expect(codeOf(() => open(keys, seal(keys, 'x', aad), '001ae8000002|sip-pwd'))).toBe('sealed-not-authentic');
  });

  it('refuses every changed character', () => {
    const sealed = seal(keys, 'geheim', aad);
    for (let at = 'v1.k1.'.length; at < sealed.length - 1; at++) {
      if (sealed[at] === '.') continue;
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      expect(['sealed-not-authentic', 'sealed-malformed']).toContain(codeOf(() => open(keys, changed, aad)));
    }
  });

  it('tells an unknown key from a malformed text', () => {
    expect(codeOf(() => open(keys, seal(rotated, 'x', aad), aad))).toBe('sealing-key-unknown');
    expect(codeOf(() => open(keys, 'geheim', aad))).toBe('sealed-malformed');
    expect(new CryptoError('sealed-malformed').message).not.toContain('geheim');
  });
});

describe('parseSealingKeys', () => {
  it.each(['', 'k1', 'k1:short', `${first},${first}`, `k 1:${first.slice(3)}`, `${first},,k2:`])(
    'refuses %#',
    (text) => {
      expect(codeOf(() => parseSealingKeys(text))).toBe('sealing-keys-invalid');
    },
  );
});

describe('fingerprint', () => {
  it('is the same for the same text and context only', () => {
    const print = fingerprint(keys, '1234', aad);
    expect(fingerprint(keys, '1234', aad)).toBe(print);
    expect(fingerprint(keys, '1235', aad)).not.toBe(print);
    expect(fingerprint(keys, '1234', '001ae8000002|sip-pwd')).not.toBe(print);
    expect(print).not.toContain('1234');
  });

  it('can be compared after a rotation', () => {
    const old = fingerprint(keys, '1234', aad);
    expect(matchesFingerprint(rotated, old, '1234', aad)).toBe(true);
    expect(matchesFingerprint(rotated, old, '1235', aad)).toBe(false);
    expect(matchesFingerprint(parseSealingKeys(second), old, '1234', aad)).toBe(false);
    expect(matchesFingerprint(keys, 'rubbish', '1234', aad)).toBe(false);
  });
});

describe('tokens', () => {
  const cookieKeys = deriveTokenKeys(keys, 'gateway-cookie');

  it('round-trip without characters that a cookie cannot hold', () => {
    const token = signToken(cookieKeys, '{"contactId":"ä;="}');
    expect(token).toMatch(/^[\w.-]+$/);
    expect(verifyToken(cookieKeys, token)).toBe('{"contactId":"ä;="}');
  });

  it('survive a rotation and stay within their purpose', () => {
    const token = signToken(cookieKeys, 'x');
    expect(verifyToken(deriveTokenKeys(rotated, 'gateway-cookie'), token)).toBe('x');
    expect(verifyToken(deriveTokenKeys(keys, 'other'), token)).toBeUndefined();
  });

  it('are refused when changed, foreign or far too long', () => {
    const token = signToken(cookieKeys, 'payload');
    const [id, , mac] = token.split('.');
    expect(verifyToken(cookieKeys, `${id}.${Buffer.from('other').toString('base64url')}.${mac}`)).toBeUndefined();
    for (const bad of ['', 'a.b', '..', `${token}x`, 'x'.repeat(100_000), signToken(cookieKeys, 'y'.repeat(5_000))]) {
      expect(verifyToken(cookieKeys, bad)).toBeUndefined();
    }
  });
});

describe('API keys', () => {
  it('have the documented form', () => {
    const key = generateApiKey('operator');
    expect(key.text).toMatch(/^odls_o_[0-9a-f]{12}_[\w-]{43}$/);
    expect(apiKeyId(key.text)).toBe(key.id);
    expect(hashApiKey(key.text)).toBe(key.hash);
    expect(key.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are recognised by form', () => {
    expect(apiKeyId('odls_x_000000000000_abc')).toBeUndefined();
    expect(apiKeyId('')).toBeUndefined();
  });
});

describe('equalInConstantTime', () => {
  it('compares texts of any length', () => {
    expect(equalInConstantTime('a', 'a')).toBe(true);
    expect(equalInConstantTime('a', 'ab')).toBe(false);
    expect(equalInConstantTime('', '')).toBe(true);
  });
});
