import type { Random } from './random.js';

type Mutation = (text: string, random: Random, corpus: readonly string[]) => string;

const NAMES = [
  ...['WorkpointMessage', 'DLSMessage', 'DlsMessage', 'Message', 'ReasonForContact', 'Action', 'ItemList', 'Item'],
  ...[
    'Signature',
    'Object',
    'x:Item',
    'constructor',
    '__proto__',
    'toString',
    'prototype',
    'xmlns',
    'ä',
    '_',
    'a'.repeat(257),
  ],
];
const ATTRIBUTES = [
  'nonce',
  'maxItems',
  'fragment',
  'action',
  'status',
  'name',
  'index',
  'type',
  'xmlns',
  'xml:lang',
  '__proto__',
];
const VALUES = [
  ...[
    '',
    '0',
    '-1',
    '999999999999',
    '1e3',
    'NaN',
    'next',
    'final',
    'accepted',
    'busy',
    'failed',
    'read-only',
    'secure',
  ],
  ...[
    'start-up',
    'reply-to',
    'clean-up',
    'ReadAllItems',
    'WriteItems',
    'x'.repeat(70_000),
    '&amp;lt;',
    '&#0;',
    '&#x10FFFF;',
  ],
  ...['&unknown;', '<', '>', ']]>', '--', '\u0000', '\ufffe', '\r\n\t ', '\u{1f4de}', '\u00a0', "' a='", '" a="'],
];
const MARKUP = [
  ...[
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '<!ENTITY b "c">',
    '<?x y?>',
    '<?xml version="1.0"?>',
    '<!-- c -->',
    '<!----->',
  ],
  ...['<![CDATA[<x>&]]>', '<![CDATA[', ']]>', '<a>', '</a>', '<a/>', '</', '<', '&', '"', "'", '=', '\u0000', '\ufeff'],
];

const TAG = /<[^<>!?]*>/g;
const ELEMENT = /<(Item|ItemList|Action|ReasonForContact|Message)\b[^<>]*?(?:\/>|>[^]*?<\/\1\s*>)/g;

/** One of the pieces that a pattern finds: its place and text. */
function choose(text: string, pattern: RegExp, random: Random): { at: number; piece: string } | undefined {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return undefined;
  const match = random.pick(matches);
  return { at: match.index, piece: match[0] };
}

function replaceAt(text: string, at: number, length: number, replacement: string): string {
  return text.slice(0, at) + replacement + text.slice(at + length);
}

/** Replaces one piece that a pattern finds by what is made of it. */
function changeOne(pattern: RegExp, change: (piece: string, random: Random) => string): Mutation {
  return (text, random) => {
    const chosen = choose(text, pattern, random);
    if (chosen === undefined) return text;
    return replaceAt(text, chosen.at, chosen.piece.length, change(chosen.piece, random));
  };
}

const MUTATIONS: readonly Mutation[] = [
  changeOne(ELEMENT, () => ''),
  changeOne(ELEMENT, (piece) => piece + piece),
  changeOne(ELEMENT, (piece, random) => piece.repeat(2 ** random.below(9))),
  changeOne(ELEMENT, (piece, random) => {
    const name = random.pick(NAMES);
    return `<${name}>${piece}</${name}>`;
  }),
  changeOne(ELEMENT, (piece, random) => {
    const depth = 2 ** random.below(7);
    return '<a>'.repeat(depth) + piece + '</a>'.repeat(depth);
  }),
  changeOne(TAG, () => ''),
  changeOne(TAG, (piece, random) => `${piece.slice(0, -1)} ${random.pick(ATTRIBUTES)}="${random.pick(VALUES)}">`),
  changeOne(TAG, (piece, random) => piece.replace(/[\w:-]+/, random.pick(NAMES))),
  changeOne(TAG, (piece, random) => piece.replace(/\s/g, random.pick(['', '  ', '\n', '\t', '\u00a0']))),
  changeOne(/"[^"<>]*"/g, (_, random) => `"${random.pick(VALUES)}"`),
  changeOne(/"[^"<>]*"/g, (piece, random) =>
    random.pick([`'${piece.slice(1, -1)}'`, piece.slice(0, -1), piece.slice(1, -1)]),
  ),
  changeOne(/>[^<>]*</g, (_, random) => `>${random.pick(VALUES)}<`),
  changeOne(/>[^<>]*</g, (piece, random) => `>${piece.slice(1, -1)}${random.pick(MARKUP)}<`),
  (text, random) => replaceAt(text, random.below(text.length + 1), 0, random.pick(MARKUP)),
  (text, random) => replaceAt(text, random.below(text.length + 1), random.below(30), ''),
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => text.slice(random.below(text.length + 1)),
  (text, random) => replaceAt(text, random.below(text.length + 1), 1, String.fromCharCode(random.below(0x10000))),
  (text, random, corpus) => {
    const other = random.pick(corpus);
    return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1));
  },
  (text, random, corpus) => {
    const other = choose(random.pick(corpus), ELEMENT, random);
    return other === undefined ? text : replaceAt(text, random.below(text.length + 1), 0, other.piece);
  },
];

/** A message of the corpus, changed a few times along its grammar. */
export function mutate(random: Random, corpus: readonly string[]): string {
  let text = random.pick(corpus);
  const rounds = 1 + random.below(5);
  // Repeating repetitions grows fast; what is larger than any accepted input is not worth the time.
  for (let round = 0; round < rounds && text.length < 1_500_000; round++)
    text = random.pick(MUTATIONS)(text, random, corpus);
  return text;
}

/** The text as bytes in some encoding, now and then with damaged bytes. */
export function toBytes(text: string, random: Random): Uint8Array {
  const way = random.below(20);
  const bytes =
    way === 0
      ? Buffer.from(`\ufeff${text}`, 'utf16le')
      : way === 1
        ? Buffer.from(text, 'latin1')
        : Buffer.from(text, 'utf8');
  if (way === 2) return Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), bytes]);
  if (way < 5 && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}
