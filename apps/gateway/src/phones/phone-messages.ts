import { decodeMessage, type WorkpointMessage } from '@opendls/dls-codec';
import { cleanUp, MAX_NONCE_LENGTH } from '@opendls/dls-interaction';
import type { PhoneConnection } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import type { Answer, ContactRunner } from '../contacts/contact-runner.js';
import type { Refusals } from '../contacts/refusals.js';
import type { ResumeTokens } from '../contacts/resume-token.js';
import { sessionTokens, setCookie } from '../contacts/session-cookie.js';
import type { ShownCertificate } from '../directives/mode-check.js';
import type { GatewayMetrics } from '../metrics.js';
import type { SigningConfig } from '../signing-config.js';
import type { Admission } from './admission.js';
import { AnswerEncoder } from './answer-encoder.js';
import type { HttpRefusalCode } from './http-refusal.js';
import { MessageSigner } from './message-signer.js';

/** One POST to the service's path, its body complete. */
export interface PhoneRequest {
  readonly body: Uint8Array;
  readonly path: string;
  readonly cookie: string | undefined;
  readonly contentType: string | undefined;
  readonly host: string | undefined;
  readonly connection: PhoneConnection;
  readonly certificate: ShownCertificate | undefined;
  /** Monotonic clock. */
  readonly arrivedAtMs: number;
}

/** What the listener sends: a message for a phone, or an HTTP error for anybody else. */
export type PhoneResponse =
  | { readonly kind: 'message'; readonly body: string; readonly setCookie: string | undefined }
  | { readonly kind: 'refused'; readonly code: HttpRefusalCode };

export interface PhoneMessagesParts {
  readonly runner: ContactRunner;
  readonly tokens: ResumeTokens;
  readonly admission: Admission;
  readonly refusals: Refusals;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
}

/** From the bytes of a body to the bytes of the answer. A phone always gets a message (PROTOCOL 1.2). */
export class PhoneMessages {
  private readonly encoder = new AnswerEncoder();
  private readonly signer: MessageSigner | undefined;

  constructor(
    private readonly parts: PhoneMessagesParts,
    private readonly options: { readonly maxBodyBytes: number; readonly signing: SigningConfig | null },
  ) {
    if (options.signing !== null) this.signer = new MessageSigner(options.signing.key);
  }

  /** Never rejects. */
  async answer(request: PhoneRequest): Promise<PhoneResponse> {
    const decoded = this.decode(request);
    if (decoded.kind === 'refused') return decoded;
    if (decoded.kind === 'message') return { ...decoded, body: await this.signed(decoded.body, request) };
    const answer = await this.answerMessage(decoded, request);
    this.count(decoded, answer, request);
    const body = await this.signed(this.encoder.encode(answer.message, answer.legacyEntities), request);
    const token = answer.point === undefined ? undefined : this.parts.tokens.write(answer.point);
    return { kind: 'message', body, setCookie: token === undefined ? undefined : setCookie(token, request.path) };
  }

  private async answerMessage(message: WorkpointMessage, request: PhoneRequest): Promise<Answer> {
    const { admission, runner, tokens, refusals, logger } = this.parts;
    const refusal = admission.refusal();
    if (refusal !== undefined) return runner.overloaded(message, refusal);
    const { body, host, connection, certificate, arrivedAtMs } = request;
    admission.enter();
    try {
      const point = tokens.readNewest(sessionTokens(request.cookie));
      return await runner.handle({ message, body, host, connection, certificate, point, arrivedAtMs });
    } catch (error) {
      logger.error({ err: error }, 'message failed');
      refusals.add('internal-error', null, connection);
      return { message: cleanUp(message.nonce) };
    } finally {
      admission.leave();
    }
  }

  /** The message as this listener sends it. One that cannot be signed goes as it is: phones in Default Mode obey it. */
  private async signed(body: string, { connection }: PhoneRequest): Promise<string> {
    if (this.signer === undefined || !this.options.signing?.listeners.includes(connection.listener)) return body;
    try {
      return await this.signer.sign(body);
    } catch (error) {
      this.parts.logger.error({ err: error }, 'message not signed');
      return body;
    }
  }

  private decode({ body, contentType, connection }: PhoneRequest): WorkpointMessage | PhoneResponse {
    const charset = /;\s*charset\s*=\s*"?([^\s;"]{1,40})/i.exec(contentType ?? '')?.[1];
    const result = decodeMessage(body, {
      limits: { maxBytes: this.options.maxBodyBytes },
      ...(charset ? { charset } : {}),
    });
    if (!result.ok) {
      const { code, nonce } = result.error;
      if (nonce !== undefined && nonce.length <= MAX_NONCE_LENGTH) return this.unusable(nonce, code, connection);
      if (code === 'missing-nonce') return { kind: 'refused', code };
      const isXml = contentType === undefined || contentType.toLowerCase().includes('xml');
      return { kind: 'refused', code: isXml ? 'not-a-message' : 'not-xml' };
    }
    const { message } = result;
    if (message.kind !== 'workpoint') return { kind: 'refused', code: 'wrong-root' };
    // An answer has to carry the nonce; phones use 32 characters.
    return message.nonce.length > MAX_NONCE_LENGTH ? { kind: 'refused', code: 'not-a-message' } : message;
  }

  /** Broken, but with a nonce that could be read: the phone ends its interaction and starts anew. */
  private unusable(nonce: string, code: string, connection: PhoneConnection): PhoneResponse {
    this.parts.refusals.add('unusable-message', null, connection);
    this.parts.logger.debug({ code, remoteAddress: connection.remoteAddress }, 'unusable message');
    return { kind: 'message', body: this.encoder.encode(cleanUp(nonce)), setCookie: undefined };
  }

  private count({ reason }: WorkpointMessage, { message }: Answer, { connection: { listener } }: PhoneRequest): void {
    const isOverload = message.items?.some(({ name, value }) => name === 'cleanup-reason' && value === 'overload');
    this.parts.metrics.requests.inc({ listener, reason, outcome: isOverload ? 'overload' : message.action });
  }
}
