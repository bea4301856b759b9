import { writeXml } from './write-xml.js';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

function written(text: string, legacyEntities = false): string {
  return writeXml({ name: 'a', text }, { legacyEntities }).slice(`${DECLARATION}<a>`.length, -'</a>'.length);
}

function writtenAttribute(value: string): string {
  return writeXml({ name: 'a', attributes: { b: value } }).slice(`${DECLARATION}<a b="`.length, -'"/>'.length);
}

it('escapes what would be markup', () => {
  expect(written('<b> & "c" \'d\' ]]>')).toBe('&lt;b&gt; &amp; "c" \'d\' ]]&gt;');
  expect(writtenAttribute('<b> & "c"')).toBe('&lt;b&gt; &amp; &quot;c&quot;');
});

it('escapes text that looks like a reference', () => {
  expect(written('&lt; &amp; &#65; &x; &#x41;')).toBe('&amp;lt; &amp;amp; &amp;#65; &amp;x; &amp;#x41;');
  expect(writtenAttribute('&quot;')).toBe('&amp;quot;');
});

it('writes white space that a reader would change as references', () => {
  expect(written('1\r\n2\r3\n4\t5')).toBe('1&#13;\n2&#13;3\n4\t5');
  expect(writtenAttribute('1\n2\t3\r4')).toBe('1&#10;2&#9;3&#13;4');
});

it('leaves out characters that XML cannot carry', () => {
  expect(written('a\u0000b\u0008c\u000bd\u001fe\ufffef\uffffg\ud800h\udfffi')).toBe('abcdefghi');
  expect(writtenAttribute('a\u0001b\ud83d')).toBe('ab');
});

it('keeps characters of all planes', () => {
  expect(written('Büro \u0085\u00a0\u2028 \u{1f4de} \u{10ffff}')).toBe('Büro \u0085\u00a0\u2028 \u{1f4de} \u{10ffff}');
});

it('writes for firmware without entities', () => {
  expect(written('<b> & "c" \r\n&lt;\r', true)).toBe('b + "c" \n+lt;\n');
});

it('leaves out attributes without a value and writes empty ones', () => {
  expect(writeXml({ name: 'a', attributes: { b: undefined, c: '' } })).toBe(`${DECLARATION}<a c=""/>`);
});

it('writes namespaces once', () => {
  const child = { name: 'b', children: [{ name: 'c' }] };
  expect(writeXml({ name: 'a', attributes: { xmlns: 'urn:x' }, children: [child] })).toBe(
    `${DECLARATION}<a xmlns="urn:x"><b><c/></b></a>`,
  );
});
