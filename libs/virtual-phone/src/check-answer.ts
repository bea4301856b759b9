import type { DlsMessage, WorkpointMessage } from '@opendls/dls-codec';
import { decodeMessage, MAX_MESSAGE_BYTES } from '@opendls/dls-codec';
import type { HttpAnswer } from './https-client.js';
import type { PhoneFailure } from './phone-state.js';

/** What a phone makes of an answer. */
export interface CheckedAnswer {
  /** Absent: the answer is unusable. */
  readonly message?: DlsMessage;
  /** Why the answer is unusable, and whether the phone can still say so. */
  readonly rejection?: PhoneFailure & { readonly isHttp: boolean };
  /** Breaches that some phones survive and some do not. */
  readonly violations: readonly PhoneFailure[];
}

/** Holds an answer against every rule a phone relies on. */
export function checkAnswer(answer: HttpAnswer, sent: WorkpointMessage, decodesEntities = true): CheckedAnswer {
  if (answer.status !== 200) {
    // PROTOCOL 1.2: everything else than 200 is undefined for phones.
    return unusable('http-status', `HTTP status ${answer.status} instead of 200`, true);
  }
  const violations = [...checkHeaders(answer), ...checkSize(answer)];
  const contentType = answer.headers['content-type'];
  const charset = /charset="?([^\s;"]+)/i.exec(contentType ?? '')?.[1];
  const decoded = decodeMessage(
    decodesEntities ? answer.body : withLiteralEntities(answer.body),
    charset === undefined ? {} : { charset },
  );
  if (!decoded.ok) {
    return { ...unusable('undecodable', `${decoded.error.code} at byte ${decoded.error.offset}`), violations };
  }
  const { message } = decoded;
  if (message.kind !== 'dls')
    return { ...unusable('not-a-dls-message', `the answer is a ${message.kind} message`), violations };
  if (message.nonce !== sent.nonce) {
    // PROTOCOL 2.3: the answer carries the nonce of the message it answers.
    return { ...unusable('nonce-mismatch', 'the answer carries another nonce'), violations };
  }
  return { message, violations: [...violations, ...checkItemCount(message, sent)] };
}

/**
 * Old firmware takes `&lt;`, `&gt;` and `&amp;`, named or numeric, for what they look like; quotes it understands
 * (PROTOCOL 6.5). Latin 1 keeps every byte as it is.
 */
function withLiteralEntities(body: Buffer): Buffer {
  const text = body.toString('latin1');
  return Buffer.from(text.replace(/&(?=(?:lt|gt|amp|#0*(?:38|60|62)|#x0*(?:26|3c|3e));)/gi, '&amp;'), 'latin1');
}

function checkHeaders({ headers, body }: HttpAnswer): PhoneFailure[] {
  const violations: PhoneFailure[] = [];
  if (headers['transfer-encoding'] !== undefined) {
    violations.push({ kind: 'chunked', message: 'firmware up to V2R2 does not understand chunked answers' });
  } else if (headers['content-length'] !== String(body.length)) {
    violations.push({ kind: 'missing-content-length', message: 'the answer has no Content-Length' });
  }
  const contentType = headers['content-type'] ?? '';
  if (!/^text\/xml(?:\s*;|$)/i.test(contentType)) {
    violations.push({ kind: 'content-type', message: `Content-Type is not text/xml but "${contentType}"` });
  }
  return violations;
}

function checkSize({ body }: HttpAnswer): PhoneFailure[] {
  if (body.length <= MAX_MESSAGE_BYTES) return [];
  return [{ kind: 'oversized', message: `the message has ${body.length} bytes, the limit is ${MAX_MESSAGE_BYTES}` }]; // PROTOCOL 5.1
}

function checkItemCount({ items = [] }: DlsMessage, { maxItems = -1 }: WorkpointMessage): PhoneFailure[] {
  if (maxItems <= 0 || items.length <= maxItems) return [];
  return [{ kind: 'too-many-items', message: `the message has ${items.length} items, the phone takes ${maxItems}` }]; // PROTOCOL 2.2
}

function unusable(kind: PhoneFailure['kind'], message: string, isHttp = false): CheckedAnswer {
  return { rejection: { kind, message, isHttp }, violations: [] };
}
