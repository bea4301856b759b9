import { decodeMessage } from './decode-message.js';

const open = '<WorkpointMessage><Message nonce="A"><ReasonForContact>start-up</ReasonForContact><ItemList>';
const close = '</ItemList></Message></WorkpointMessage>';

/** Shapes that make careless readers search the same text over and over; each fills `size` characters. */
const shapes: readonly (readonly [string, (size: number) => string])[] = [
  ['unclosed elements', (size) => '<a>'.repeat(size / 3)],
  ['tags that never end', (size) => `<a ${'<a '.repeat(size / 3)}`],
  ['quotes that never close', (size) => `<a ${'b="'.repeat(size / 3)}`],
  ['one unclosed quote before much text', (size) => `<a b="${'x'.repeat(size)}`],
  ['attributes without end', (size) => `<a ${'b="1" '.repeat(size / 6)}/>`],
  ['comments that never end', (size) => `<a>${'<!-- '.repeat(size / 5)}`],
  ['hyphens', (size) => `<a><!--${'-'.repeat(size)}`],
  ['sections that never end', (size) => `<a>${'<![CDATA['.repeat(size / 9)}`],
  ['section ends', (size) => `<a>${']]'.repeat(size / 2)}</a>`],
  ['ampersands', (size) => `<a>${'&'.repeat(size)}</a>`],
  ['references', (size) => `<a>${'&amp;'.repeat(size / 5)}</a>`],
  ['references that never end', (size) => `<a>&${'a'.repeat(size)}`],
  ['digits of a reference', (size) => `<a>&#${'0'.repeat(size)};</a>`],
  ['white space in a declaration', (size) => `<?xml version="1.0"${' '.repeat(size)}`],
  ['white space before the end', (size) => `<a>${' '.repeat(size)}x${' '.repeat(size)}</a>`],
  ['white space in an end tag', (size) => `<a></a${' '.repeat(size)}`],
  ['white space in a start tag', (size) => `<a ${' '.repeat(size)}`],
  ['a name', (size) => `<${'a'.repeat(size)}`],
  ['a name beyond ASCII', (size) => `<${'ü'.repeat(size / 2)}`],
  ['a document type', (size) => `<!DOCTYPE a [${'<!ENTITY b "&b;&b;">'.repeat(size / 20)}]><a>&b;</a>`],
  ['messages without a nonce, cut off', (size) => '<Message '.repeat(size / 9)],
  ['blanks before a nonce, cut off', (size) => `<Message ${' nonce'.repeat(size / 6)}`],
  ['items', (size) => `${open}${'<Item name="a">x</Item>'.repeat(size / 23)}${close}`],
  ['items with odd statuses', (size) => `${open}${'<Item name="a" status="x"/>'.repeat(size / 27)}${close}`],
  ['empty elements', (size) => `<a>${'<b/>'.repeat(size / 4)}</a>`],
  ['elements of many names', (size) => `<a>${Array.from({ length: size / 10 }, (_, at) => `<b${at}/>`).join('')}</a>`],
  ['comments in a value', (size) => `${open}<Item name="a">${'x<!---->'.repeat(size / 8)}</Item>${close}`],
  ['sections in a value', (size) => `${open}<Item name="a">${'<![CDATA[x]]>'.repeat(size / 13)}</Item>${close}`],
  ['blanks in a value', (size) => `${open}<Item name="a">x${' '.repeat(size)}x</Item>${close}`],
  ['tabs in an attribute', (size) => `${open}<Item name="${'\t'.repeat(size)}"/>${close}`],
];

// Limits out of the way, so that the reading itself is timed and not the refusal.
const limits = {
  maxBytes: Infinity,
  maxElements: Infinity,
  maxItems: Infinity,
  maxValueLength: Infinity,
  maxNameLength: Infinity,
};

function shortestMs(bytes: Uint8Array): number {
  let shortest = Infinity;
  for (let run = 0; run < 2; run++) {
    const start = performance.now();
    decodeMessage(bytes, { limits });
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}

describe('sixteen times the input takes nowhere near 256 times as long', () => {
  it.each(shapes)('%s', (_, make) => {
    const small = shortestMs(new TextEncoder().encode(make(18_000)));
    const large = shortestMs(new TextEncoder().encode(make(288_000)));
    // Below a millisecond the clock says little about the work.
    expect(large).toBeLessThan(100 * Math.max(small, 1));
  });
});

describe('a megabyte under the default limits is answered at once', () => {
  it.each(shapes)('%s', (_, make) => {
    const bytes = new TextEncoder().encode(make(1_000_000)).subarray(0, 1_048_576);
    const start = performance.now();
    decodeMessage(bytes);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
