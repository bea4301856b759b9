import { readPolicyText, type ReadPolicy } from './read-policy-text.js';

function yaml(text: string): ReadPolicy {
  return readPolicyText(text, 'yaml');
}

function policyWith(items: string, extra = ''): string {
  return `apiVersion: opendls/v1
kind: Policy
metadata: { name: lobby }
spec:
  layer: site
  priority: 200
${extra}  items:
${items}`;
}

function problemsOf(result: ReadPolicy): string[] {
  if (result.ok) throw new Error('the document was accepted');
  return result.problems.map(({ path, line, code }) => `${path} ${line ?? '-'} ${code}`);
}

describe('readPolicyText', () => {
  it('reads the document of the manual', () => {
    const result = yaml(`
apiVersion: opendls/v1
kind: Policy
metadata: { name: berlin-lobby, description: Lobby phones in Berlin }
spec:
  priority: 200                     # higher wins within a layer
  layer: site                       # defaults < model < site < group < device
  select: { deviceType: "OpenStage *", macPrefix: ["00:1A:E8"], e164: "49891*" }
  items:
    - { name: sntp-addr, value: ntp.example.org }
    - { name: function-key-def, index: 1, value: "1" }
    - { name: sip-pwd, secretRef: sip/4989100231 }
`);
    expect(result).toMatchObject({ ok: true, warnings: [] });
    expect(result.ok && result.document.spec).toEqual({
      enabled: true,
      priority: 200,
      layer: 'site',
      select: { deviceType: 'OpenStage *', macPrefix: ['00:1A:E8'], e164: '49891*' },
      items: [
        { name: 'sntp-addr', value: 'ntp.example.org' },
        { name: 'function-key-def', index: 1, value: '1' },
        { name: 'sip-pwd', secretRef: 'sip/4989100231' },
      ],
    });
  });

  it('fills in what may be left out', () => {
    const result = yaml('{apiVersion: opendls/v1, kind: Policy, metadata: {name: all}, spec: {}}');
    expect(result.ok && result.document.spec).toEqual({
      enabled: true,
      layer: 'defaults',
      priority: 100,
      select: {},
      items: [],
    });
  });

  it('keeps text without quotes as it is written', () => {
    const result = yaml(
      policyWith(
        '    - { name: terminal-number, value: 0123 }\n    - { name: dhcp, value: true }\n    - { name: sntp-tz-offset, value: 60 }',
        '  select: { e164: 00498910 }\n',
      ),
    );
    expect(result.ok && result.document.spec.items.map(({ value }) => value)).toEqual(['0123', 'true', '60']);
    expect(result.ok && result.document.spec.select.e164).toBe('00498910');
  });

  it('takes numbers and booleans of JSON as text', () => {
    const document = {
      apiVersion: 'opendls/v1',
      kind: 'Policy',
      metadata: { name: 'lobby' },
      spec: {
        items: [
          { name: 'sntp-tz-offset', value: 60 },
          { name: 'dhcp', value: true },
        ],
      },
    };
    const result = readPolicyText(JSON.stringify(document), 'json');
    expect(result.ok && result.document.spec.items.map(({ value }) => value)).toEqual(['60', 'true']);
  });

  it('reports every problem with path, line, item and what is allowed', () => {
    const result = yaml(
      policyWith(
        `    - { name: sip-transport-user, value: udp }
    - { name: device-type, value: x }
    - { name: function-key-def, value: "1" }
    - { name: sntp-tz-offset, value: 9999 }
    - { name: sntp-addr, value: a.example.org, colour: red }
    - { name: sntp-addr }
    - { name: display-id-unicode, value: one }
    - { name: display-id-unicode, value: two }
`,
        '  select: { vendor: x }\n',
      ),
    );
    expect(problemsOf(result)).toEqual(
      expect.arrayContaining([
        '$.spec.select.vendor 7 unknown-field',
        '$.spec.items[0].value 9 not-allowed-value',
        '$.spec.items[1].name 10 read-only',
        '$.spec.items[2].index 11 index-missing',
        '$.spec.items[3].value 12 out-of-range',
        '$.spec.items[4].colour 13 unknown-field',
        '$.spec.items[5] 14 invalid-item',
        '$.spec.items[7] 16 duplicate-item',
      ]),
    );
    const wrong = !result.ok && result.problems.find(({ code }) => code === 'not-allowed-value');
    expect(wrong).toMatchObject({
      column: 35,
      item: { name: 'sip-transport-user' },
      allowed: expect.stringContaining('1 (TCP)') as string,
    });
  });

  it('names the layers when the layer is wrong', () => {
    const result = yaml(policyWith('    []').replace('layer: site', 'layer: building'));
    expect(!result.ok && result.problems).toEqual([
      expect.objectContaining({ path: '$.spec.layer', allowed: 'defaults, model, site, group, device' }),
    ]);
  });

  it('refuses a secret in clear and does not repeat it', () => {
    const result = yaml(policyWith('    - { name: sip-pwd, value: geheim4711 }'));
    expect(problemsOf(result)).toEqual(['$.spec.items[0].value 8 secret-in-clear']);
    expect(JSON.stringify(result)).not.toContain('geheim4711');
  });

  it('does not repeat a secret of a text that is no YAML', () => {
    const result = yaml(policyWith('    - { name: sip-pwd, value: "geheim4711 }'));
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('geheim4711');
    expect(!result.ok && result.problems[0]).toMatchObject({
      code: 'malformed-yaml',
      line: expect.any(Number) as number,
    });
  });

  it('accepts an unknown item with a warning and a suggestion', () => {
    const result = yaml(policyWith('    - { name: sntp-adr, value: ntp.example.org }'));
    expect(result).toMatchObject({
      ok: true,
      warnings: [
        {
          path: '$.spec.items[0].name',
          line: 8,
          code: 'unknown-item',
          message: expect.stringContaining('sntp-addr') as string,
        },
      ],
    });
  });

  it('refuses unknown facts in a secret reference', () => {
    const result = yaml(policyWith('    - { name: sip-pwd, secretRef: "sip/{{ipAddress}}" }'));
    expect(!result.ok && result.problems).toEqual([
      expect.objectContaining({ code: 'invalid-secret-ref', allowed: 'deviceId, macAddress, e164' }),
    ]);
  });

  it.each(['', '42', '[]', 'null', '- a', '"text"', '&a [*a]', '{', '\t- x', 'a: 1\n---\nb: 2', '%TAG !'])(
    'has an answer for %j',
    (text) => {
      const result = yaml(text);
      expect(result.ok).toBe(false);
      expect(!result.ok && result.problems.length).toBeGreaterThan(0);
    },
  );

  it('does not let aliases explode', () => {
    const levels = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 9; i++)
      levels.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      );
    expect(yaml(levels.join('\n'))).toMatchObject({ ok: false, problems: [{ code: 'malformed-yaml' }] });
  });

  it('names a field that is there twice', () => {
    const result = yaml(`${policyWith('    - { name: sntp-addr, value: a, value: b }')}\nkind: Policy\n`);
    expect(result).toMatchObject({
      ok: false,
      problems: [
        { code: 'malformed-yaml', line: 9, message: 'the same field twice' },
        { code: 'malformed-yaml', line: 8, message: 'the same field twice' },
      ],
    });
  });

  it.each([
    ['unknown fields', (n: number) => `field-${n}: x`],
    ['fields that are there twice', (n: number) => `field-${n % 20_000}: x`],
  ])('is not slow with many %s, and says no more than anybody reads', (_name, field) => {
    const result = yaml(Array.from({ length: 40_000 }, (_, n) => field(n)).join('\n'));
    expect(!result.ok && result.problems).toHaveLength(100);
  });
});
