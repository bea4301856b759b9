import type { DlsMessage, WorkpointMessage } from '@opendls/dls-codec';
import {
  DEFAULT_SETTINGS,
  IDLE,
  INITIAL_REASONS,
  overload,
  resume,
  resumePointOf,
  step,
  type InteractionState,
  type Order,
  type ResumePoint,
  type Settings,
  type Transition,
} from '../src/index.js';
import type { ScriptedOrders } from './scripted-orders.js';
import type { ScriptedPhone } from './scripted-phone.js';

/** What goes wrong with one exchange. */
export type Fault =
  | 'none'
  | 'request-lost'
  | 'answer-lost'
  /** The phone stored the cookie of the answer, but not the answer. */
  | 'body-lost'
  | 'sent-twice'
  | 'publish-failed'
  /** The publish failed as far as the gateway knows, but the facts are in the log. */
  | 'publish-unknown'
  | 'work-late'
  | 'phone-silent';

export interface Exchange {
  readonly fault: Fault;
  readonly gateway: 0 | 1;
  /** The gateway has forgotten the order it holds. */
  readonly forgets: boolean;
}

export interface SentPart {
  readonly key: string;
  readonly content: string;
}

const MAX_EXCHANGES = 2_000;

/** Two gateways, one phone, the deciding side, and a network that misbehaves as told. */
export class ScriptedWorld {
  readonly sent: SentPart[] = [];
  exchanges = 0;
  private readonly settings: Settings;
  private readonly held: [Held, Held] = [{}, {}];
  private cookie: string | undefined;
  private contacts = 0;

  constructor(
    private readonly phone: ScriptedPhone,
    private readonly orders: ScriptedOrders,
    settings: Partial<Settings> = {},
  ) {
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
  }

  /** One contact of the phone, from its first message to the end. */
  runContact(reason: 'start-up' | 'solicited', nextExchange: () => Exchange): void {
    const contactId = `contact-${this.contacts++}`;
    this.cookie = undefined;
    let message: WorkpointMessage | undefined = this.phone.start(reason);
    while (message !== undefined) {
      if (++this.exchanges > MAX_EXCHANGES) throw new Error('does not end');
      const exchange = nextExchange();
      if (exchange.fault === 'phone-silent') return this.expire();
      if (exchange.fault === 'request-lost') continue;
      const answers = [this.exchange(message, contactId, exchange)];
      if (exchange.fault === 'sent-twice') answers.push(this.exchange(message, contactId, exchange));
      const answer: Answer = answers[answers.length - 1]!;
      if (answer.reply.nonce !== message.nonce) throw new Error('answered with another nonce');
      if (exchange.fault === 'answer-lost') continue;
      this.cookie = answer.cookie ?? this.cookie;
      if (exchange.fault === 'body-lost') continue;
      if (isOverload(answer.reply)) continue;
      message = this.phone.answer(answer.reply);
    }
  }

  private expire(): void {
    for (const gateway of [0, 1] as const) {
      const { closed } = step(this.held[gateway].state ?? IDLE, { kind: 'expired' });
      if (closed) this.orders.closed(closed);
      this.held[gateway] = {};
    }
  }

  private exchange(message: WorkpointMessage, contactId: string, { fault, gateway, forgets }: Exchange): Answer {
    const held = this.held[gateway];
    const order = forgets ? undefined : held.order;
    const isInitial = INITIAL_REASONS.some((reason) => reason === message.reason);
    const point = this.cookie === undefined ? undefined : (JSON.parse(this.cookie) as ResumePoint);
    const isContinuing = !isInitial || message.reason === 'status';
    const state: InteractionState = isContinuing && point ? resume(point, order) : (held.state ?? IDLE);
    const opening = { contactId, deviceId: '001ae8005301' };
    let transition = step(state, { kind: 'message', message, opening }, this.settings);
    for (;;) {
      if (transition.facts.length > 0 && fault === 'publish-failed') return { reply: overload(message.nonce) };
      const work = this.orders.take(transition.facts);
      if (fault === 'publish-unknown' && transition.facts.length > 0) return { reply: overload(message.nonce) };
      this.commit(gateway, transition);
      if (transition.reply !== undefined) return this.answer(transition);
      if (transition.state.name !== 'awaiting-work') throw new Error(`no answer in state ${transition.state.name}`);
      if (work === undefined) throw new Error('asked for work without a fact that asks');
      const input = fault === 'work-late' ? ({ kind: 'work-deadline' } as const) : work;
      transition = step(transition.state, input, this.settings);
    }
  }

  private commit(gateway: 0 | 1, { state, closed }: Transition): void {
    if (closed) this.orders.closed(closed);
    const order = state.name === 'awaiting-reply' ? state.order : undefined;
    this.held[gateway] = { state, order };
  }

  private answer({ state, reply }: Transition): Answer {
    if (reply === undefined) throw new Error('no reply');
    const point = resumePointOf(state);
    if (point !== undefined && reply.action !== 'GetNextFragment') {
      const { orderId, attempt, stepIndex, part } = point.position;
      const key = `${orderId}/${attempt}/${stepIndex}/${part}`;
      this.sent.push({ key, content: JSON.stringify([reply.action, reply.items]) });
    }
    return { reply, cookie: point === undefined ? undefined : JSON.stringify(point) };
  }
}

interface Held {
  readonly state?: InteractionState;
  readonly order?: Order;
}

interface Answer {
  readonly reply: DlsMessage;
  readonly cookie?: string;
}

function isOverload({ items }: DlsMessage): boolean {
  return items?.some(({ name, value }) => name === 'cleanup-reason' && value === 'overload') ?? false;
}
