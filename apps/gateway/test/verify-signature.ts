import { createHash, verify, type KeyObject } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';

const NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#';
const ATTRIBUTES = ':@';
const TEXT = '#text';

type Node = Readonly<Record<string, unknown>>;
type Scope = ReadonlyMap<string, string>;

/** An element of a parsed document, and the namespaces around it. */
interface Found {
  readonly node: Node;
  readonly scope: Scope;
}

/**
 * What a receiver does, without any code of the signer: parses the document, makes the canonical form of the parts that are
 * signed from the tree, recomputes the digest and checks the signature. Says what is wrong, or nothing.
 */
export function signatureProblem(document: string, publicKey: KeyObject): string | undefined {
  const [root] = parse(document);
  if (root === undefined || nameOf(root) !== 'Signature') return 'the root is no Signature';
  const scope = scopeOf(root, new Map());
  if (scope.get('') !== NAMESPACE) return 'the root is not in the namespace of signatures';
  const order = childrenOf(root).map(nameOf).join(' ');
  if (order !== 'SignedInfo SignatureValue Object') return `the Signature holds ${order}`;
  const object = find(root, ['Object']);
  if (attributesOf(object).get('Id') !== 'DLSMessage') return 'the Object has another Id';
  const digest = createHash('sha1')
    .update(canonicalize({ node: object, scope }))
    .digest('base64');
  if (textOf(find(root, ['SignedInfo', 'Reference', 'DigestValue'])) !== digest) return 'the digest is wrong';
  const info = canonicalize({ node: find(root, ['SignedInfo']), scope });
  const signature = Buffer.from(textOf(find(root, ['SignatureValue'])), 'base64');
  return verify('RSA-SHA1', Buffer.from(info), publicKey, signature) ? undefined : 'the signature is wrong';
}

function parse(document: string): readonly Node[] {
  const parser = new XMLParser({
    ...{ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', ignoreDeclaration: true },
    ...{ parseTagValue: false, parseAttributeValue: false, trimValues: false, processEntities: false },
  });
  // The library's types say `any`; with these options it is a list of nodes.
  return parser.parse(document) as readonly Node[];
}

/** Canonical XML 1.0 of an element and what is in it (REC-xml-c14n-20010315, section 2.3). */
function canonicalize({ node, scope }: Found, shown: Scope = new Map()): string {
  if (TEXT in node) return escape(resolve(String(node[TEXT])), { '&': 'amp', '<': 'lt', '>': 'gt', '\r': '#xD' });
  const name = nameOf(node);
  const inner = scopeOf(node, scope);
  const namespaces = [...inner].filter(([prefix, uri]) => shown.get(prefix) !== uri).sort(([a], [b]) => compare(a, b));
  const attributes = [...attributesOf(node)]
    .filter(([key]) => !isDeclaration(key))
    .map(([key, value]) => ({ key, value, uri: uriOf(key, inner), local: key.slice(key.indexOf(':') + 1) }))
    .sort((a, b) => compare(a.uri, b.uri) || compare(a.local, b.local));
  const written = [
    ...namespaces.map(([prefix, uri]) => [prefix === '' ? 'xmlns' : `xmlns:${prefix}`, uri] as const),
    ...attributes.map(({ key, value }) => [key, value] as const),
  ].map(
    ([key, value]) =>
      ` ${key}="${escape(value, { '&': 'amp', '<': 'lt', '"': 'quot', '\t': '#x9', '\n': '#xA', '\r': '#xD' })}"`,
  );
  const children = childrenOf(node).map((child) => canonicalize({ node: child, scope: inner }, inner));
  return `<${name}${written.join('')}>${children.join('')}</${name}>`;
}

function uriOf(attribute: string, scope: Scope): string {
  const colon = attribute.indexOf(':');
  return colon === -1 ? '' : (scope.get(attribute.slice(0, colon)) ?? '');
}

function scopeOf(node: Node, around: Scope): Scope {
  const declared = [...attributesOf(node)].filter(([key]) => isDeclaration(key));
  return new Map([...around, ...declared.map(([key, uri]) => [key.slice('xmlns:'.length), uri] as const)]);
}

function isDeclaration(key: string): boolean {
  return key === 'xmlns' || key.startsWith('xmlns:');
}

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ATTRIBUTES) ?? '';
}

function childrenOf(node: Node): readonly Node[] {
  const children = node[nameOf(node)];
  return Array.isArray(children) ? (children as readonly Node[]) : []; // a list of nodes, by the parser's options
}

function attributesOf(node: Node): ReadonlyMap<string, string> {
  return new Map(Object.entries(node[ATTRIBUTES] ?? {}).map(([key, value]) => [key, resolve(String(value))]));
}

function find(node: Node, path: readonly string[]): Node {
  return path.reduce<Node>((at, name) => childrenOf(at).find((child) => nameOf(child) === name) ?? {}, node);
}

function textOf(node: Node): string {
  return childrenOf(node)
    .map(({ [TEXT]: text }) => (typeof text === 'string' ? text : ''))
    .join('');
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function resolve(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

function escape(text: string, references: Readonly<Record<string, string>>): string {
  return [...text].map((one) => (references[one] === undefined ? one : `&${references[one]};`)).join('');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
