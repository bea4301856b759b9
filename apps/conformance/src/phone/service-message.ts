import { decodeMessage, type DlsAction } from '@opendls/dls-codec';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { headerValues, type WireAnswer } from '../wire/read-response.js';

/** One item of a service message. */
export interface ServiceItem {
  readonly name: string;
  readonly index?: number | undefined;
  readonly value: string;
}

/** What a server's answer says. */
export interface ServiceMessage {
  readonly action: DlsAction | 'unknown';
  readonly actionText: string;
  readonly nonce: string;
  readonly items: readonly ServiceItem[];
  readonly hasItemList: boolean;
}

export type ReadMessage =
  { readonly ok: true; readonly message: ServiceMessage } | { readonly ok: false; readonly problem: string };

// The limits of this reader are far above those of the protocol: what is too large is for a case to say.
const LIMITS = { maxBytes: 10_000_000, maxItems: 100_000, maxElements: 200_000, maxValueLength: 5_000_000 };

/** Reads an answer's body; the signed form and the spelling `DlsMessage` are read as well (PROTOCOL 2.4, 2.5). */
export function readServiceMessage(answer: WireAnswer): ReadMessage {
  const charset = /charset="?([^";\s]+)/i.exec(headerValues(answer, 'content-type')[0] ?? '')?.[1];
  const result = decodeMessage(answer.body, { limits: LIMITS, ...(charset === undefined ? {} : { charset }) });
  if (!result.ok) {
    const { code, offset, message } = result.error;
    return { ok: false, problem: `${message} (${code} at byte ${offset})` };
  }
  const second = XMLValidator.validate(bodyText(answer));
  if (second !== true) return { ok: false, problem: `${second.err.msg} (line ${second.err.line})` };
  if (result.message.kind !== 'dls') return { ok: false, problem: 'the document holds no DLSMessage' };
  const { action, actionText, nonce, items } = result.message;
  return {
    ok: true,
    message: {
      action,
      actionText: actionText ?? action,
      nonce,
      items: (items ?? []).map(({ name, index, value }) => ({ name, index, value })),
      hasItemList: items !== undefined,
    },
  };
}

/** The body as text. */
export function bodyText(answer: WireAnswer): string {
  return answer.body.toString('utf8').replace(/^\uFEFF/, '');
}

/** An element as it was written: qualified name, attributes, children. */
export interface RawElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly RawElement[];
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
});

/** The elements of an answer as they were written, for the cases that are about the grammar itself. */
export function rootElements(answer: WireAnswer): readonly RawElement[] {
  return elementsOf(parser.parse(bodyText(answer)));
}

/** The DLSMessage element, also inside a signature. */
export function findMessageElement(elements: readonly RawElement[]): RawElement | undefined {
  for (const element of elements) {
    if (/^(\w+:)?D[Ll][Ss]Message$/.test(element.name)) return element;
    const found = findMessageElement(element.children);
    if (found !== undefined) return found;
  }
  return undefined;
}

// The shape is that of the parser's preserveOrder option: [{ tagName: children, ':@': attributes }].
function elementsOf(parsed: unknown): readonly RawElement[] {
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((node: unknown): RawElement[] => {
    if (typeof node !== 'object' || node === null) return [];
    const entries = Object.entries(node).filter(([name]) => name !== ':@' && name !== '#text');
    const attributes: unknown = Reflect.get(node, ':@');
    return entries.map(([name, children]) => ({
      name,
      attributes: textsOf(attributes),
      children: elementsOf(children),
    }));
  });
}

function textsOf(attributes: unknown): Readonly<Record<string, string>> {
  if (typeof attributes !== 'object' || attributes === null) return {};
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
}
