import { readDlsMessage, type DlsMessage } from './messages/dls-message.js';
import type { MissingPart } from './messages/read-message-parts.js';
import { nonceOf } from './messages/read-message-parts.js';
import type { UnknownMessage } from './messages/unknown-message.js';
import { readWorkpointMessage, type WorkpointMessage } from './messages/workpoint-message.js';
import type { DecodeError, DecodeErrorCode, DecodeWarning } from './protocol-error.js';
import { salvageNonce } from './salvage-nonce.js';
import { byteOffset, decodeText, type DecodedText } from './text/decode-text.js';
import { WarningList } from './warnings.js';
import { findXmlProblem } from './xml/check-xml.js';
import { DEFAULT_LIMITS, type CodecLimits } from './xml/limits.js';
import { readXml, type XmlElement } from './xml/read-xml.js';

export type DecodedMessage = WorkpointMessage | DlsMessage | UnknownMessage;

export type DecodeResult =
  | { readonly ok: true; readonly message: DecodedMessage; readonly warnings: readonly DecodeWarning[] }
  | { readonly ok: false; readonly error: DecodeError };

export interface DecodeOptions {
  /** Limits that differ from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<CodecLimits>;
  /** The charset parameter of the Content-Type header, where there is one. */
  readonly charset?: string;
}

/**
 * Decodes one message of either side. Whatever the bytes are, the answer is a message with the oddities that were
 * tolerated, or an error with a code; nothing is thrown.
 */
export function decodeMessage(bytes: Uint8Array, options: DecodeOptions = {}): DecodeResult {
  const limits = limitsWith(options.limits);
  if (bytes.length === 0) return refuse({ code: 'empty', offset: 0, message: 'there is no document' });
  if (bytes.length > limits.maxBytes)
    return refuse({ code: 'too-large', offset: limits.maxBytes, message: 'the document is too large' });
  const text = decodeText(bytes, options.charset);
  if (!text.ok) return text;
  const problem = findXmlProblem(text.decoded.text, limits);
  if (problem !== undefined) {
    const nonce = salvageNonce(text.decoded.text, problem.position);
    return refuseAt(text.decoded, problem.code, problem.position, problem.message, nonce);
  }
  return interpret(text.decoded, limits);
}

// Reading an element calls itself for its children: deeper than this no caller's limit can ask for.
const DEEPEST = 256;

function limitsWith(limits: Partial<CodecLimits> | undefined): CodecLimits {
  if (limits === undefined) return DEFAULT_LIMITS;
  const merged = { ...DEFAULT_LIMITS, ...limits };
  return merged.maxDepth <= DEEPEST ? merged : { ...merged, maxDepth: DEEPEST };
}

// What has been checked can be read. If the parser should think otherwise of some input, that input is refused all the
// same; the fuzzer counts such a refusal as a fault of ours.
function tryReadXml(text: string): XmlElement | undefined {
  try {
    return readXml(text);
  } catch {
    return undefined;
  }
}

function interpret(decoded: DecodedText, limits: CodecLimits): DecodeResult {
  const warnings = new WarningList();
  if (decoded.isConflicting) warnings.add('charset-conflict');
  const document = tryReadXml(decoded.text);
  if (document === undefined)
    return refuse({ code: 'malformed-xml', offset: 0, message: 'the document cannot be read' });
  const root = findMessageRoot(document);
  if (root === undefined) return { ok: true, message: unknownMessage(document), warnings: warnings.warnings };
  const excess = firstExcessItem(root, limits.maxItems);
  if (excess !== undefined) {
    const nonce = nonceBelow(root);
    return refuseAt(decoded, 'too-many-items', positionOf(decoded, excess), 'there are too many items', nonce);
  }
  const result =
    root.localName === 'WorkpointMessage' ? readWorkpointMessage(root, warnings) : readDlsMessage(root, warnings);
  if (!result.ok) return refuseMissing(decoded, result.missing, nonceBelow(root));
  return { ok: true, message: result.message, warnings: warnings.warnings };
}

// A phone's message is always the root; the service's may be wrapped in a signature (PROTOCOL 2.4) and some services
// spell it DlsMessage (2.5).
function findMessageRoot(document: XmlElement): XmlElement | undefined {
  return document.localName === 'WorkpointMessage' ? document : findDlsMessage(document);
}

function findDlsMessage(element: XmlElement): XmlElement | undefined {
  if (element.localName === 'DLSMessage' || element.localName === 'DlsMessage') return element;
  for (const child of element.children) {
    const found = findDlsMessage(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unknownMessage(document: XmlElement): UnknownMessage {
  const nonce = nonceBelow(document);
  const rootName = document.localName;
  return nonce === undefined ? { kind: 'unknown', rootName } : { kind: 'unknown', rootName, nonce };
}

function nonceBelow(root: XmlElement): string | undefined {
  const message = root.children.find((child) => child.localName === 'Message');
  return message === undefined ? undefined : nonceOf(message);
}

function firstExcessItem(root: XmlElement, maxItems: number): XmlElement | undefined {
  let count = 0;
  const lists = [root, ...root.children].flatMap((parent) =>
    parent.children.filter((child) => child.localName === 'ItemList'),
  );
  for (const list of lists)
    for (const child of list.children) if (child.localName === 'Item' && ++count > maxItems) return child;
  return undefined;
}

// The place of an element is only asked for when a message is refused: the check is run again and stopped at it.
function positionOf(decoded: DecodedText, element: XmlElement): number {
  const limits = { ...DEFAULT_LIMITS, maxDepth: Infinity, maxAttributes: Infinity, maxNameLength: Infinity };
  const stop = { ...limits, maxValueLength: Infinity, maxElements: element.ordinal - 1 };
  return findXmlProblem(decoded.text, stop)?.position ?? 0;
}

function refuseMissing(decoded: DecodedText, missing: MissingPart, nonce: string | undefined): DecodeResult {
  return refuseAt(decoded, missing.code, positionOf(decoded, missing.element), missing.message, nonce);
}

function refuseAt(
  decoded: DecodedText,
  code: DecodeErrorCode,
  position: number,
  message: string,
  nonce: string | undefined,
): DecodeResult {
  const error = { code, offset: byteOffset(decoded, position), message };
  return refuse(nonce === undefined ? error : { ...error, nonce });
}

function refuse(error: DecodeError): DecodeResult {
  return { ok: false, error };
}
