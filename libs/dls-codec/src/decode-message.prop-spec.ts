import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { decodeMessage } from './decode-message.js';
import { DECODE_ERROR_CODES, DECODE_WARNING_CODES } from './protocol-error.js';

const fixtures = new URL('../fixtures/', import.meta.url);
const corpus = readdirSync(fixtures).flatMap((name) =>
  readdirSync(new URL(`${name}/`, fixtures))
    .filter((file) => file.endsWith('.xml'))
    .map((file) => readFileSync(new URL(`${name}/${file}`, fixtures))),
);

const PIECES = [
  ...['<', '>', '/', '</', '/>', '<!', '<?', '?>', '<!--', '-->', '--', '<![CDATA[', ']]>', '<!DOCTYPE', '&', ';', '='],
  ...[
    '&amp;',
    '&lt;',
    '&#65;',
    '&#x0;',
    '&x;',
    '"',
    "'",
    ' ',
    '\n',
    '\r\n',
    '\t',
    '\u0000',
    'ü',
    '\u{1f4de}',
    '\ufffe',
  ],
  ...[
    'WorkpointMessage',
    'DLSMessage',
    'Message',
    'ItemList',
    'Item',
    'Action',
    'ReasonForContact',
    'a',
    ':',
    '0',
    '-',
  ],
  ...[' nonce="A1"', ' name="a"', ' index="0"', ' status="failed"', ' xmlns="x"', ' __proto__="1"', ' constructor="1"'],
  ...['<Item name="a">', '</Item>', '<Message nonce="A">', '</Message>', '<constructor>', '</constructor>', '<br>'],
  ...['<WorkpointMessage>', '</WorkpointMessage>', '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-16"?>'],
];

const CODES: ReadonlySet<string> = new Set([...DECODE_ERROR_CODES, ...DECODE_WARNING_CODES]);

/** What is wrong with an answer; plain comparisons, because this runs tens of thousands of times. */
function faultOf(bytes: Uint8Array, charset?: string): string | undefined {
  const result = decodeMessage(bytes, { charset });
  if (result.ok) return result.warnings.find(({ code }) => !CODES.has(code))?.code;
  const { code, offset, message } = result.error;
  if (!CODES.has(code)) return `the code ${code} is not a known one`;
  if (!(offset >= 0 && offset <= bytes.length)) return `the offset ${offset} is outside the input`;
  // Tolerable for a user, a fault here.
  return message === 'the document cannot be read' ? 'the parser refused what the check had passed' : undefined;
}

function checkAnswer(bytes: Uint8Array, charset?: string): void {
  const fault = faultOf(bytes, charset);
  if (fault !== undefined) throw new Error(fault);
}

const charset = fc.option(fc.constantFrom('utf-8', 'iso-8859-1', 'utf-16', 'us-ascii', 'x', ''), { nil: undefined });

it('answers any bytes with a message or a known code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), charset, (bytes, label) => checkAnswer(bytes, label)),
    { numRuns: 2_000 },
  );
});

it('answers any text with a message or a known code', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => checkAnswer(new TextEncoder().encode(text))),
    { numRuns: 1_000 },
  );
});

it('answers any pile of markup with a message or a known code', () => {
  const pile = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(pile, charset, (text, label) => checkAnswer(new TextEncoder().encode(text), label)),
    { numRuns: 3_000 },
  );
});

it('answers damaged messages with a message or a known code', () => {
  const damage = fc.record({
    bytes: fc.constantFrom(...corpus),
    at: fc.nat(),
    removed: fc.nat({ max: 20 }),
    added: fc.oneof(
      fc.constantFrom(...PIECES).map((piece) => new TextEncoder().encode(piece)),
      fc.uint8Array({ maxLength: 4 }),
    ),
  });
  fc.assert(
    fc.property(damage, ({ bytes, at, removed, added }) => {
      const place = at % (bytes.length + 1);
      checkAnswer(Buffer.concat([bytes.subarray(0, place), added, bytes.subarray(place + removed)]));
    }),
    { numRuns: 3_000 },
  );
});

it('answers every beginning of every message, none but the whole as a message', () => {
  for (const bytes of corpus) {
    const end = bytes.lastIndexOf('>') + 1;
    for (let length = 0; length < end; length++) {
      const result = decodeMessage(bytes.subarray(0, length));
      if (result.ok) throw new Error(`a message of ${end} bytes was accepted when cut to ${length}`);
    }
  }
});

it('answers the same twice, and leaves the input alone', () => {
  fc.assert(
    fc.property(fc.constantFrom(...corpus), (bytes) => {
      const before = Buffer.from(bytes);
      expect(decodeMessage(bytes)).toStrictEqual(decodeMessage(bytes));
      expect(before.equals(bytes)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
