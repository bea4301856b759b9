import { decodeMessage, type DecodeOptions, type DecodeResult } from './decode-message.js';
import type { DecodeErrorCode, DecodeWarning } from './protocol-error.js';

const NAMESPACE = 'xmlns="http://www.siemens.com/DLS"';

function decode(text: string, options?: DecodeOptions): DecodeResult {
  return decodeMessage(new TextEncoder().encode(text), options);
}

/** A phone's message: attributes of Message, then its content. */
function phone(attributes: string, content: string): string {
  return `<WorkpointMessage ${NAMESPACE}><Message ${attributes}>${content}</Message></WorkpointMessage>`;
}

const startUp = phone('nonce="A1"', '<ReasonForContact>start-up</ReasonForContact>');

function messageOf(text: string, options?: DecodeOptions): unknown {
  const result = decode(text, options);
  if (!result.ok) throw new Error(result.error.code);
  return result.message;
}

function warningsOf(text: string, options?: DecodeOptions): readonly DecodeWarning[] {
  const result = decode(text, options);
  if (!result.ok) throw new Error(result.error.code);
  return result.warnings;
}

function listed(items: string, attributes = 'nonce="A1"'): string {
  return phone(attributes, `<ReasonForContact>solicited</ReasonForContact><ItemList>${items}</ItemList>`);
}

describe('items', () => {
  it.each([
    ['<Item name="a" index="0">x</Item>', { name: 'a', index: 0, value: 'x' }],
    ['<Item name="a">x</Item>', { name: 'a', value: 'x' }],
    ['<Item index="007" name="a"/>', { name: 'a', index: 7, value: '' }],
    ['<Item name="a" index=" 12 "/>', { name: 'a', index: 12, value: '' }],
    ['<Item name="a" index="999999999"/>', { name: 'a', index: 999_999_999, value: '' }],
    ['<Item name="a">\r\n\t x y \r\n</Item>', { name: 'a', value: 'x y' }],
    ['<Item name="a">&#32;x&#10;</Item>', { name: 'a', value: 'x' }],
    ['<Item name="a">\u00a0x\u00a0</Item>', { name: 'a', value: '\u00a0x\u00a0' }],
    ['<Item name="a">1\r\n2</Item>', { name: 'a', value: '1\n2' }],
    ['<Item name="a">0123</Item>', { name: 'a', value: '0123' }],
    ['<Item name="a">NULL</Item>', { name: 'a', value: 'NULL' }],
    ['<Item name="a">a<!-- -->b<![CDATA[<c>]]></Item>', { name: 'a', value: 'ab<c>' }],
    ['<Item name="XML-app-name" type=""/>', { name: 'XML-app-name', value: '', type: '' }],
    ['<Item name=" a "/>', { name: ' a ', value: '' }],
    ['<Item name="a" status=""/>', { name: 'a', value: '' }],
    ['<Item name="a" index="x"/>', { name: 'a', indexText: 'x', value: '' }],
    ['<Item name="a" index=""/>', { name: 'a', indexText: '', value: '' }],
    ['<Item name="a" index="-1"/>', { name: 'a', indexText: '-1', value: '' }],
    ['<Item name="a" index="1.0"/>', { name: 'a', indexText: '1.0', value: '' }],
    ['<Item name="a" index="1000000000"/>', { name: 'a', indexText: '1000000000', value: '' }],
  ])('%j', (text, item) => {
    expect(messageOf(listed(text))).toMatchObject({ items: [item] });
    expect((messageOf(listed(text)) as { items: unknown[] }).items).toStrictEqual([item]);
  });

  it('keep order and duplicates', () => {
    const text = ['b', 'a', 'b'].map((name, place) => `<Item name="${name}" index="1">${place}</Item>`).join('\n');
    expect(messageOf(listed(text))).toMatchObject({ items: [{ value: '0' }, { value: '1' }, { value: '2' }] });
  });
});

describe('what is tolerated and told', () => {
  const reason = '<ReasonForContact>solicited</ReasonForContact>';
  it.each<[string, string, DecodeWarning[]]>([
    ['no namespace', startUp.replace(NAMESPACE, ''), [{ code: 'missing-namespace' }]],
    [
      'another namespace',
      startUp.replace('/DLS', '/XYZ'),
      [{ code: 'foreign-namespace', subject: 'http://www.siemens.com/XYZ' }],
    ],
    ['an unknown element', phone('nonce="A1"', `${reason}<X/>`), [{ code: 'unexpected-element', subject: 'X' }]],
    ['an element beside Message', startUp.replace('</Wo', '<X/></Wo'), [{ code: 'unexpected-element', subject: 'X' }]],
    ['an element among items', listed('<X/>'), [{ code: 'unexpected-element', subject: 'X' }]],
    ['an element in an item', listed('<Item name="a"><b/></Item>'), [{ code: 'unexpected-element', subject: 'b' }]],
    [
      'an element in the reason',
      phone('nonce="A1"', '<ReasonForContact>solicited<b/></ReasonForContact>'),
      [{ code: 'unexpected-element', subject: 'b' }],
    ],
    [
      'a second reason',
      phone('nonce="A1"', reason + reason),
      [{ code: 'duplicate-element', subject: 'ReasonForContact' }],
    ],
    [
      'a second list',
      phone('nonce="A1"', `${reason}<ItemList/><ItemList/>`),
      [{ code: 'duplicate-element', subject: 'ItemList' }],
    ],
    [
      'a second Message',
      startUp.replace('</Wo', '<Message nonce="B"/></Wo'),
      [{ code: 'duplicate-element', subject: 'Message' }],
    ],
    ['a list beside Message', startUp.replace('</Wo', '<ItemList/></Wo'), [{ code: 'misplaced-item-list' }]],
    ['an unknown attribute', phone('nonce="A1" x="1"', reason), [{ code: 'unexpected-attribute', subject: 'x' }]],
    [
      'an unknown attribute of an item',
      listed('<Item name="a" x="1"/>'),
      [{ code: 'unexpected-attribute', subject: 'x' }],
    ],
    ['text in Message', phone('nonce="A1"', `x${reason}`), [{ code: 'unexpected-text', subject: 'Message' }]],
    ['text among items', listed('x'), [{ code: 'unexpected-text', subject: 'ItemList' }]],
    ['text in the root', startUp.replace('</Wo', 'x</Wo'), [{ code: 'unexpected-text', subject: 'WorkpointMessage' }]],
    ['an odd fragment', phone('nonce="A1" fragment="last"', reason), [{ code: 'unknown-fragment', subject: 'last' }]],
    ['odd maxItems', phone('nonce="A1" maxItems="many"', reason), [{ code: 'invalid-max-items', subject: 'many' }]],
    ['an unknown reason', startUp.replace('start-up', 'self-test'), [{ code: 'unknown-reason', subject: 'self-test' }]],
    ['an empty reason', startUp.replace('start-up', ''), [{ code: 'unknown-reason', subject: '' }]],
    [
      'a reply without its attributes',
      startUp.replace('start-up', 'reply-to'),
      [{ code: 'missing-reply-action' }, { code: 'missing-reply-status' }],
    ],
    [
      'a reply with unknown attributes',
      phone('nonce="A1"', '<ReasonForContact action="X" status="Y">reply-to</ReasonForContact>'),
      [
        { code: 'unknown-action', subject: 'X' },
        { code: 'unknown-reply-status', subject: 'Y' },
      ],
    ],
    [
      'an item without a name',
      listed('<Item/><Item name="">x</Item>'),
      [{ code: 'item-without-name' }, { code: 'item-without-name' }],
    ],
    ['an odd index', listed('<Item name="a" index="x"/>'), [{ code: 'invalid-index', subject: 'a' }]],
    [
      'an unknown item status',
      listed('<Item name="a" status="secure"/>'),
      [{ code: 'unknown-item-status', subject: 'a' }],
    ],
  ])('%s', (_, text, warnings) => {
    expect(warningsOf(text)).toEqual(warnings);
  });

  it('header and document disagreeing about the charset', () => {
    const text = `<?xml version="1.0" encoding="ISO-8859-1"?>${startUp}`;
    expect(warningsOf(text, { charset: 'utf-8' })).toEqual([{ code: 'charset-conflict' }]);
  });

  it('keeps the number and the size of warnings small', () => {
    const warnings = warningsOf(listed(`<${'x'.repeat(200)}/>`.repeat(500)));
    expect(warnings).toHaveLength(51);
    expect(warnings[0]?.subject).toHaveLength(64);
    expect(warnings.at(-1)).toEqual({ code: 'more-warnings' });
  });

  it('joins the items of several lists in order', () => {
    const text = listed('<Item name="a"/>').replace('</Wo', '<ItemList><Item name="b"/></ItemList></Wo');
    expect(messageOf(text)).toMatchObject({ items: [{ name: 'a' }, { name: 'b' }] });
  });

  it('prefers the fragment of Message over that of the reason', () => {
    const text = phone('nonce="A1" fragment="next"', '<ReasonForContact fragment="final">solicited</ReasonForContact>');
    expect(messageOf(text)).toMatchObject({ fragment: 'next' });
  });

  it.each([
    ['-1', -1],
    ['0', 0],
    ['50', 50],
  ])('reads maxItems %s', (text, maxItems) => {
    expect(messageOf(phone(`nonce="A1" maxItems="${text}"`, reason))).toMatchObject({ maxItems });
  });

  it('keeps a nonce as it came', () => {
    expect(messageOf(startUp.replace('A1', ' a&amp;&#10;b '))).toMatchObject({ nonce: ' a&\nb ' });
  });

  it('finds a service message at any depth', () => {
    const message = `<DLSMessage ${NAMESPACE}><Message nonce="A1"><Action>CleanUp</Action></Message></DLSMessage>`;
    const text = `<a><b/><c><Object Id="x">${message}</Object></c></a>`;
    expect(messageOf(text)).toStrictEqual({ kind: 'dls', nonce: 'A1', action: 'CleanUp' });
  });

  it('names the root of a message it does not know, with its nonce', () => {
    expect(messageOf('<x:NewMessage><Message nonce="A1"/></x:NewMessage>')).toStrictEqual({
      kind: 'unknown',
      rootName: 'NewMessage',
      nonce: 'A1',
    });
  });
});

describe('what is refused', () => {
  const reason = '<ReasonForContact>start-up</ReasonForContact>';
  it.each<[string, string, DecodeErrorCode, number, string | undefined]>([
    ['nothing', '', 'empty', 0, undefined],
    ['white space', ' \n', 'empty', 0, undefined],
    ['no markup', 'ContactMe=true', 'not-xml', 0, undefined],
    ['no Message', `<WorkpointMessage ${NAMESPACE}/>`, 'missing-message', 0, undefined],
    ['no nonce', phone('x="1"', reason), 'missing-nonce', 53, undefined],
    ['an empty nonce', phone('nonce=""', reason), 'missing-nonce', 53, undefined],
    ['no reason', phone('nonce="A1"', ''), 'missing-reason', 53, 'A1'],
    ['no action', '<a><!-- ü --><DLSMessage><Message nonce="A1"/></DLSMessage></a>', 'missing-action', 26, 'A1'],
    ['a document type', `<!DOCTYPE x>${startUp}`, 'doctype-forbidden', 0, undefined],
    ['an entity behind the nonce', startUp.replace('start-up', '&x;'), 'entity-forbidden', 91, 'A1'],
    ['a cut message', startUp.slice(0, -5), 'truncated', startUp.length - 5, 'A1'],
    ['a message cut inside the nonce', startUp.slice(0, 63), 'truncated', 63, undefined],
  ])('%s', (_, text, code, offset, nonce) => {
    const result = decode(text);
    expect(result).toMatchObject({ ok: false, error: { code, offset } });
    expect(!result.ok && result.error.nonce).toBe(nonce);
  });

  it('a picture', () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52);
    expect(decodeMessage(png)).toMatchObject({ ok: false, error: { code: 'invalid-encoding', offset: 0 } });
  });

  it('a TLS hello on the wrong port', () => {
    expect(decodeMessage(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01))).toMatchObject({
      ok: false,
      error: { code: 'not-xml' },
    });
  });

  it('counts offsets in bytes of the input', () => {
    const text = startUp.replace('A1', 'ü€\u{1f4de}').replace('start-up', '&x;');
    const bytes = new TextEncoder().encode(text);
    const result = decodeMessage(bytes);
    expect(!result.ok && bytes[result.error.offset]).toBe('&'.charCodeAt(0));
  });

  it('never repeats the input in its error', () => {
    const marked = 'QQQQ';
    for (const text of [
      marked,
      `<${marked}`,
      `<a>&${marked};</a>`,
      `<a b="1" ${marked}="`,
      startUp.replace('nonce', marked),
    ]) {
      const result = decode(text);
      expect(!result.ok && result.error.message).not.toContain(marked);
    }
  });
});

describe('limits: the limit is accepted, one more is refused', () => {
  const items = (count: number): string => listed('<Item name="a"/>'.repeat(count));

  it('maxBytes', () => {
    expect(decode(startUp, { limits: { maxBytes: startUp.length } }).ok).toBe(true);
    expect(decode(startUp, { limits: { maxBytes: startUp.length - 1 } })).toMatchObject({
      ok: false,
      error: { code: 'too-large', offset: startUp.length - 1 },
    });
  });

  it('maxBytes is 1 MiB by default', () => {
    const padded = startUp + ' '.repeat(1_048_576 - startUp.length);
    expect(decode(padded).ok).toBe(true);
    expect(decode(`${padded} `)).toMatchObject({ ok: false, error: { code: 'too-large' } });
  });

  it('maxItems', () => {
    expect(decode(items(3), { limits: { maxItems: 3 } }).ok).toBe(true);
    const text = items(4);
    expect(decode(text, { limits: { maxItems: 3 } })).toMatchObject({
      ok: false,
      error: { code: 'too-many-items', offset: text.lastIndexOf('<Item '), nonce: 'A1' },
    });
  });

  it('maxItems counts the items of all lists', () => {
    const text = items(2).replace('</Wo', '<ItemList><Item name="b"/></ItemList></Wo');
    expect(decode(text, { limits: { maxItems: 3 } }).ok).toBe(true);
    expect(decode(text, { limits: { maxItems: 2 } })).toMatchObject({ ok: false, error: { code: 'too-many-items' } });
  });

  it('maxDepth cannot be raised beyond what can be read', () => {
    const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(decode(nested(32)).ok).toBe(true);
    expect(decode(nested(33))).toMatchObject({ ok: false, error: { code: 'too-deep', offset: 96 } });
    const limits = { maxDepth: Infinity, maxElements: Infinity };
    expect(decode(nested(256), { limits }).ok).toBe(true);
    expect(decode(nested(257), { limits })).toMatchObject({ ok: false, error: { code: 'too-deep' } });
    expect(decode(nested(100_000), { limits })).toMatchObject({ ok: false, error: { code: 'too-deep' } });
  });
});
