import fc from 'fast-check';
import { findXmlProblem } from './check-xml.js';
import { DEFAULT_LIMITS } from './limits.js';
import { readXml, type XmlElement } from './read-xml.js';

/** A document as it is meant, and one of the many ways to write it. */
interface Written {
  readonly element: Meant;
  readonly xml: string;
}

interface Meant {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly text: string;
  readonly children: readonly Meant[];
}

const name = fc.constantFrom(
  ...['a', 'Item', 'x:y', 'ä', '_-.1', 'constructor2', '__proto', 'xml2', 'br', 'script', 'A'],
);
const space = fc.constantFrom(' ', '\n', '\t', '  \r\n ');
const perhapsSpace = fc.constantFrom('', ' ', '\n\t');
const character = fc.constantFrom(...`ab01.&<>"'/=-?!]; ü\u{1f4de}\u2028:@#$`);

/** One character and a way to write it: as it is where it may stand so, or as one of its references. */
function writtenCharacter(plain: (character: string) => boolean): fc.Arbitrary<readonly [string, string]> {
  const named = new Map(['&amp;', '<lt;', '>gt;', '"quot;', "'apos;"].map((pair) => [pair.charAt(0), pair.slice(1)]));
  return fc.tuple(character, fc.nat({ max: 3 })).map(([value, way]) => {
    const code = value.codePointAt(0) ?? 0;
    const name = named.get(value);
    if (way > 1 && plain(value)) return [value, value];
    if (name !== undefined && way > 0) return [value, `&${name}`];
    return [value, way === 0 ? `&#${code};` : `&#x${code.toString(16)};`];
  });
}

function joined(parts: readonly (readonly [string, string])[]): readonly [string, string] {
  return [parts.map(([meant]) => meant).join(''), parts.map(([, written]) => written).join('')];
}

const attributeValue = fc.constantFrom('"', "'").chain((quote) =>
  fc
    .array(
      writtenCharacter((value) => value !== '&' && value !== '<' && value !== quote),
      { maxLength: 6 },
    )
    .map((parts) => joined(parts))
    .map(([meant, written]) => [meant, quote + written + quote] as const),
);

const text = fc.oneof(
  fc
    .array(
      writtenCharacter((value) => value !== '&' && value !== '<' && value !== '>'),
      { maxLength: 6 },
    )
    .map(joined),
  fc
    .array(character, { maxLength: 6 })
    .map((parts) => parts.join(''))
    .filter((value) => !value.includes(']]>'))
    .map((value) => [value, `<![CDATA[${value}]]>`] as const),
  fc.constant(['', '<!-- <a b="> &amp; -->'] as const),
);

const attributes = fc
  .uniqueArray(fc.tuple(name, attributeValue, space, perhapsSpace), { selector: ([key]) => key, maxLength: 4 })
  .map((list) => ({
    meant: list.map(([key, [value]]) => [key, value] as const),
    xml: list.map(([key, [, value], before, around]) => `${before}${key}${around}=${around}${value}`).join(''),
  }));

const { element } = fc.letrec<{ element: Written; content: readonly (readonly [string, string] | Written)[] }>(
  (tie) => ({
    content: fc.array(fc.oneof({ depthSize: 'small' }, text, tie('element')), { maxLength: 4 }),
    element: fc
      .record({ name, attributes, content: tie('content'), end: perhapsSpace, isShort: fc.boolean() })
      .map(({ name: key, attributes: { meant, xml }, content, end, isShort }) => {
        const texts = content.map((part) => ('xml' in part ? '' : part[0])).join('');
        const children = content.flatMap((part) => ('xml' in part ? [part.element] : []));
        const inside = content.map((part) => ('xml' in part ? part.xml : part[1])).join('');
        const whole =
          inside === '' && isShort ? `<${key}${xml}${end}/>` : `<${key}${xml}${end}>${inside}</${key}${end}>`;
        return { element: { name: key, attributes: meant, text: texts, children }, xml: whole };
      }),
  }),
);

function meantBy(read: XmlElement): Meant {
  const { name: key, text: texts, children } = read;
  return { name: key, attributes: [...read.attributes], text: texts, children: children.map(meantBy) };
}

it('reads what is meant, however it is written', () => {
  const document = fc.tuple(fc.constantFrom('', '<?xml version="1.0"?>\n', '<!-- c -->'), element, perhapsSpace);
  fc.assert(
    fc.property(document, ([before, written, after]) => {
      const xml = before + written.xml + after;
      expect(findXmlProblem(xml, DEFAULT_LIMITS)).toBeUndefined();
      expect(meantBy(readXml(xml))).toStrictEqual(written.element);
    }),
    { numRuns: 3_000 },
  );
});
