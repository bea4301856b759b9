import { randomBytes } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { CaseFailure } from '../conformance-case.js';
import { Connection } from '../wire/connection.js';
import { headerValues, type WireAnswer } from '../wire/read-response.js';
import { requestHead, type RequestOptions } from '../wire/request-text.js';
import type { Target } from '../wire/target.js';
import { WireError } from '../wire/wire-error.js';
import { parseSetCookie, plainCookie, type Cookie, type CookieForm } from './cookie-jar.js';
import { documentOf, messageText, type MessageParts, type MessageText, type PhoneItem } from './message-text.js';
import { basicItems, FACTORY_ITEMS, PhoneStore, type PhoneTraits } from './phone-items.js';
import { readServiceMessage, type ReadMessage } from './service-message.js';

/** A message that a phone is about to send. */
export interface Outgoing {
  readonly nonce: string;
  readonly text: MessageText;
}

/** The answer to a message. */
export interface Answer {
  readonly nonce: string;
  readonly wire: WireAnswer;
  readonly read: ReadMessage;
}

export interface ExchangeOptions {
  /** Instead of the phone's own; null for none. */
  readonly cookie?: string | null;
  readonly request?: Omit<RequestOptions, 'cookie'>;
  readonly timeoutMs?: number;
}

/** Where exchanges are written down. */
export interface Transcript {
  sent(text: string): void;
  got(answer: WireAnswer): void;
}

export interface PhoneSurroundings {
  readonly target: Target;
  readonly timeoutMs: number;
  readonly transcript: Transcript;
}

/** One scripted phone: its identity, cookie, connection and items. What it says is up to the case. */
export class Phone {
  readonly store: PhoneStore;
  cookie: Cookie | undefined;
  cookieForm: CookieForm = plainCookie;
  /** Otherwise every message comes over a connection of its own. */
  keepsConnection = true;
  /** Otherwise every message has a nonce of its own. */
  constantNonce: string | undefined;
  maxItems: string | null = '-1';
  tls: ConnectionOptions = {};
  #connection: Connection | undefined;

  constructor(
    readonly traits: PhoneTraits,
    private readonly surroundings: PhoneSurroundings,
  ) {
    this.store = new PhoneStore([...basicItems(traits), ...FACTORY_ITEMS]);
  }

  get mac(): string {
    return this.traits.mac;
  }

  /** The nonce of the next message. */
  nextNonce(): string {
    return this.constantNonce ?? randomBytes(16).toString('hex').toUpperCase();
  }

  /** A message with exactly these parts. */
  message(parts: Omit<MessageParts, 'nonce'> & { readonly nonce?: string }): Outgoing {
    const nonce = parts.nonce ?? this.nextNonce();
    return { nonce, text: messageText({ maxItems: this.maxItems, ...parts, nonce }) };
  }

  /** A first message with the basic items, some of them replaced, others added. */
  initial(reason: string, changes: readonly PhoneItem[] = [], nonce?: string): Outgoing {
    const replaced = new Set(changes.map(({ name }) => name));
    const items = [...basicItems(this.traits).filter(({ name }) => !replaced.has(name)), ...changes];
    return this.message({ reason, items, ...(nonce === undefined ? {} : { nonce }) });
  }

  /** A reply to an action; complete unless a fragment is named. */
  reply(action: string, parts: Omit<Partial<MessageParts>, 'action' | 'reason'> = {}): Outgoing {
    return this.message({ reason: 'reply-to', action, status: 'accepted', fragment: 'final', ...parts });
  }

  /** The connection in use, a new one where there is none. */
  async connection(): Promise<Connection> {
    if (this.#connection?.isOpen) return this.#connection;
    const { target, timeoutMs } = this.surroundings;
    this.#connection = await Connection.open(target, timeoutMs, this.tls);
    return this.#connection;
  }

  /** Hangs up. */
  disconnect(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  /** Sends a message and reads the answer, whatever it is. */
  async exchange(outgoing: Outgoing, options: ExchangeOptions = {}): Promise<Answer> {
    const wire = await this.exchangeBytes(documentOf(outgoing.text), options);
    return { nonce: outgoing.nonce, wire, read: readServiceMessage(wire) };
  }

  /** Sends any body and reads the answer, whatever it is. */
  async exchangeBytes(body: string | Buffer, options: ExchangeOptions = {}): Promise<WireAnswer> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const head = requestHead(this.surroundings.target, bytes.length, {
      ...(this.keepsConnection ? {} : { connection: 'close' }),
      ...options.request,
      cookie: options.cookie === undefined ? this.cookieHeader() : (options.cookie ?? undefined),
    });
    try {
      return await this.#roundTrip(Buffer.concat([Buffer.from(head), bytes]), options.timeoutMs);
    } catch (error) {
      throw asFailure(error);
    }
  }

  /** Reads the answer to what a case has written itself. */
  async answerOn(connection: Connection, timeoutMs?: number): Promise<WireAnswer> {
    try {
      const answer = await connection.readAnswer(timeoutMs);
      this.surroundings.transcript.got(answer);
      return answer;
    } catch (error) {
      throw asFailure(error);
    }
  }

  /** The Cookie header of the next request. */
  cookieHeader(): string | undefined {
    return this.cookie === undefined ? undefined : this.cookieForm(this.cookie);
  }

  async #roundTrip(request: Buffer, timeoutMs: number | undefined): Promise<WireAnswer> {
    this.surroundings.transcript.sent(request.toString('utf8'));
    const wasOpen = this.#connection?.isOpen === true;
    const connection = await this.connection();
    await connection.write(request);
    try {
      return this.#received(connection, await connection.readAnswer(timeoutMs));
    } catch (error) {
      // The server may close an idle connection at the very moment a message is on its way: a phone connects again.
      const isLate = wasOpen && error instanceof WireError && error.code === 'closed' && connection.unread.length === 0;
      this.disconnect();
      if (!isLate) throw error;
    }
    const fresh = await this.connection();
    await fresh.write(request);
    return this.#received(fresh, await fresh.readAnswer(timeoutMs));
  }

  #received(connection: Connection, answer: WireAnswer): WireAnswer {
    this.surroundings.transcript.got(answer);
    for (const header of headerValues(answer, 'set-cookie')) this.cookie = parseSetCookie(header) ?? this.cookie;
    const closes = headerValues(answer, 'connection').some((value) => /\bclose\b/i.test(value));
    if (closes || !this.keepsConnection || answer.framing === 'until-close') {
      connection.end();
      this.#connection = undefined;
    }
    return answer;
  }
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof WireError)) return error;
  return new CaseFailure('an answer', error.message, error.code === 'silent');
}
