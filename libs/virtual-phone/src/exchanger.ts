import type { WorkpointMessage } from '@opendls/dls-codec';
import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { checkAnswer } from './check-answer.js';
import type { PhoneClock } from './clock.js';
import type { ContactRecord, Exchange, PhoneObserver } from './contact-result.js';
import type { CookieJar } from './cookie.js';
import type { DlsHttpsClient, HttpAnswer } from './https-client.js';
import { ConnectionError } from './https-client.js';
import type { Misbehaviour } from './misbehaviour.js';
import type { PhoneLimits } from './phone-limits.js';
import type { PhoneInput } from './phone-machine.js';
import type { PhoneFailure } from './phone-state.js';
import type { RandomState } from './random.js';
import { nextBetween } from './random.js';

export interface ExchangerParts {
  readonly macAddress: string;
  /** The connection of the moment: it changes when the phone goes to secure mode. */
  readonly client: () => DlsHttpsClient;
  readonly misbehaviour: Misbehaviour;
  readonly decodesEntities: boolean;
  readonly jar: CookieJar;
  readonly clock: PhoneClock;
  readonly limits: PhoneLimits;
  readonly chance: RandomState;
  readonly signal: AbortSignal;
  readonly observer?: PhoneObserver;
}

/** Sends a message until there is an answer, and turns the answer into what happens to the phone. */
export class Exchanger {
  #chance: RandomState;

  constructor(private readonly parts: ExchangerParts) {
    this.#chance = parts.chance;
  }

  /** Repeats the same message with the same cookie on a new connection when no answer comes, within limits. */
  async exchange(composed: WorkpointMessage, record: ContactRecord): Promise<PhoneInput> {
    const { clock, limits, signal, misbehaviour } = this.parts;
    const number = record.exchanges + 1;
    const message = misbehaviour.tamper(composed, number);
    const body = Buffer.from(encodeWorkpointMessage(message));
    for (let attempt = 0; ; attempt++) {
      const startedAtMs = clock.monotonicMs();
      const answer = await this.#post(body, number, attempt);
      const latencyMs = clock.monotonicMs() - startedAtMs;
      if (!('kind' in answer)) return this.#take(message, answer, record, { latencyMs, requestBytes: body.length });
      this.#tell(message, { failure: answer, latencyMs, requestBytes: body.length });
      const isHopeless = signal.aborted || answer.kind === 'untrusted-server';
      if (isHopeless || attempt >= limits.maxRetries) return { kind: 'failed', failure: answer };
      record.retries++;
      await this.#waitBeforeRetry();
    }
  }

  async #post(body: Buffer, number: number, attempt: number): Promise<HttpAnswer | PhoneFailure> {
    const { client, jar, signal, misbehaviour } = this.parts;
    try {
      const cookie = misbehaviour.cookie(jar, number);
      return await misbehaviour.deliver(client(), body, cookie, { number, attempt, signal });
    } catch (error) {
      if (signal.aborted) return { kind: 'aborted', message: 'the phone was switched off' };
      if (error instanceof ConnectionError) return { kind: error.kind, message: error.message };
      throw error;
    }
  }

  #take(
    message: WorkpointMessage,
    answer: HttpAnswer,
    record: ContactRecord,
    sizes: Pick<Exchange, 'latencyMs' | 'requestBytes'>,
  ): PhoneInput {
    const { message: dlsMessage, rejection, violations } = checkAnswer(answer, message, this.parts.decodesEntities);
    const answerBytes = answer.body.length;
    record.exchanges++;
    record.addViolations(violations);
    if (!dlsMessage || rejection) {
      const failure: PhoneFailure = rejection ?? { kind: 'unexpected', message: 'no message' };
      this.#tell(message, { ...sizes, answerBytes, failure });
      return { kind: rejection?.isHttp ? 'failed' : 'rejected', failure };
    }
    this.parts.jar.accept(answer.headers['set-cookie'] ?? []);
    const { action, items = [] } = dlsMessage;
    const isOverload =
      action === 'CleanUp' && items.some(({ name, value }) => name === 'cleanup-reason' && value === 'overload');
    if (isOverload) record.overloads++;
    else if (action !== 'unknown') record.addAction(action);
    this.#tell(message, { ...sizes, answerBytes, action, isOverload });
    return { kind: 'answered', message: dlsMessage, atMs: this.parts.clock.now() };
  }

  #tell(message: WorkpointMessage, exchange: Pick<Exchange, 'latencyMs' | 'requestBytes'> & Partial<Exchange>): void {
    this.parts.observer?.onExchange?.({
      macAddress: this.parts.macAddress,
      reason: message.reason,
      action: null,
      isOverload: false,
      answerBytes: 0,
      ...exchange,
    });
  }

  async #waitBeforeRetry(): Promise<void> {
    const { clock, limits, signal } = this.parts;
    const [delayMs, chance] = nextBetween(this.#chance, limits.retryDelayMs.min, limits.retryDelayMs.max);
    this.#chance = chance;
    try {
      await clock.sleep(delayMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
