import { decodeMessage, type DlsMessage } from '@opendls/dls-codec';
import { MAX_NONCE_LENGTH } from '@opendls/dls-interaction';
import { SECRET_MARK } from './fuzz-desk.js';
import type { FuzzedRequest } from './request-grammar.js';
import type { RawAnswer } from './tls-client.js';

export interface Judgement {
  readonly label: string;
  readonly fault?: string;
  /** What the phone reads. */
  readonly message?: DlsMessage;
  readonly cookie?: string;
}

const REFUSALS: ReadonlySet<number> = new Set([400, 404, 405, 408, 413, 415, 417, 431]);

/** Whatever was sent: a well-formed DLSMessage or one of the refusals. */
export function judgeAny({ status, head, body }: RawAnswer): Judgement {
  if (status !== 200)
    return REFUSALS.has(status)
      ? { label: String(status) }
      : fault(`status ${status}: ${body.toString().slice(0, 200)}`);
  const decoded = decodeMessage(body);
  if (!decoded.ok) return fault(`an answer that cannot be read: ${decoded.error.code}`);
  if (decoded.warnings.length > 0) return fault(`an answer with warnings: ${JSON.stringify(decoded.warnings)}`);
  if (decoded.message.kind !== 'dls') return fault(`an answer that is a ${decoded.message.kind}`);
  const { message } = decoded;
  // The one thing a phone may be told in clear is what it is to store.
  if (message.action !== 'WriteItems' && body.includes(SECRET_MARK)) return fault('a secret in an answer');
  const cookie = /^set-cookie: (.*)$/im.exec(head)?.[1];
  return { label: message.action, message, ...(cookie === undefined ? {} : { cookie }) };
}

/** The answer to a request that was HTTP as it should be: one with the same nonce where a nonce can be read. */
export function judgeSound(request: FuzzedRequest, body: Buffer, maxBodyBytes: number, answer: RawAnswer): Judgement {
  const judgement = judgeAny(answer);
  if (judgement.fault !== undefined) return judgement;
  const { status } = answer;
  if (!request.isForService)
    return status === 404 || status === 405 ? judgement : fault(`status ${status} to what is not for the service`);
  if (body.length > maxBodyBytes)
    return status === 413 ? judgement : fault(`status ${status} to a body that is too large`);
  const nonce = nonceOf(body, request.charset, maxBodyBytes);
  if (nonce === undefined) return status === 200 ? fault('an answer to what has no nonce') : judgement;
  if (status !== 200) return fault(`status ${status} although there is a nonce`);
  return judgement.message?.nonce === nonce
    ? judgement
    : fault(`nonce ${judgement.message?.nonce} instead of ${nonce}`);
}

function nonceOf(body: Buffer, charset: string | undefined, maxBytes: number): string | undefined {
  const decoded = decodeMessage(body, { limits: { maxBytes }, ...(charset === undefined ? {} : { charset }) });
  if (decoded.ok && decoded.message.kind !== 'workpoint') return undefined;
  const nonce =
    decoded.ok && decoded.message.kind === 'workpoint'
      ? decoded.message.nonce
      : !decoded.ok
        ? decoded.error.nonce
        : undefined;
  return nonce === undefined || nonce.length > MAX_NONCE_LENGTH ? undefined : nonce;
}

function fault(text: string): Judgement {
  return { label: 'fault', fault: text };
}
