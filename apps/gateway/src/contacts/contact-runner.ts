import { hash } from 'node:crypto';
import type { DlsMessage, WorkpointMessage } from '@opendls/dls-codec';
import {
  IDLE,
  INITIAL_REASONS,
  overload,
  resume,
  resumePointOf,
  step,
  type ContactClosed,
  type Input,
  type InteractionState,
  type Order,
  type ResumePoint,
  type Settings,
  type Transition,
} from '@opendls/dls-interaction';
import { PublishError } from '@opendls/event-bus';
import { parseDeviceId, type PhoneConnection } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import type { BusLink } from '../bus-link.js';
import type { DeviceDirectives } from '../directives/device-directives.js';
import type { ModeCheck, ShownCertificate } from '../directives/mode-check.js';
import { deviceIdOf } from '../events/device-facts.js';
import type { FactEvents } from '../events/fact-events.js';
import type { GatewayMetrics, OverloadCause } from '../metrics.js';
import type { Work } from '../work-orders/order-of-event.js';
import type { WorkWaiter, WorkWaiters } from '../work-orders/work-waiters.js';
import { choosePoint, type SeenMessage } from './choose-point.js';
import { contactIdOf } from './contact-id.js';
import { LogLimiter } from './log-limiter.js';
import type { ContactStore, OpenContact } from './contact-store.js';
import type { DeviceQueue } from './device-queue.js';
import { HeldOrder } from './held-order.js';
import type { Refusals, RefusalCode } from './refusals.js';

/** What a phone gets, and the resume point it has to bring back. */
export interface Answer {
  readonly message: DlsMessage;
  readonly point?: ResumePoint;
  /** The phone does not decode XML's own entities. */
  readonly legacyEntities?: boolean;
}

/** A message and how it came. */
export interface Arrival {
  readonly message: WorkpointMessage;
  /** The message as it came. */
  readonly body: Uint8Array;
  /** Without the client certificate: whether it is the phone's own shows only here. */
  readonly connection: PhoneConnection;
  readonly certificate: ShownCertificate | undefined;
  /** `Host` header of the request. */
  readonly host: string | undefined;
  /** What the session cookie says; trusted, as a gateway signed it. */
  readonly point: ResumePoint | undefined;
  /** Monotonic clock. */
  readonly arrivedAtMs: number;
}

export interface RunnerOptions {
  readonly deadlineMs: number;
  readonly publishDeadlineMs: number;
  readonly settings: Omit<Settings, 'reveal'>;
  /** Makes the readable values of one phone's items; `host` is where the phone reached this gateway. */
  readonly reveal: (deviceId: string, host: string | undefined) => Settings['reveal'];
  readonly nowMs: () => number;
}

export interface RunnerParts {
  readonly link: BusLink;
  readonly events: FactEvents;
  readonly waiters: WorkWaiters;
  readonly store: ContactStore;
  readonly queue: DeviceQueue;
  readonly refusals: Refusals;
  readonly directives: DeviceDirectives;
  readonly modes: ModeCheck;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
}

/** What is carried through one message's way. */
interface Run {
  readonly arrival: Arrival;
  readonly deviceId: string;
  readonly settings: Settings;
  readonly deadlineAtMs: number;
  /** What is remembered of this phone. */
  readonly remembered: OpenContact | undefined;
  /** Contact that this message opens. */
  readonly openingId: string | undefined;
  readonly seen: SeenMessage;
  /** What is remembered of the order, opened. */
  readonly order: Order | undefined;
}

/**
 * Runs the pure interaction: publishes its facts, waits for the acknowledgement, asks for work, and answers the phone. A
 * state counts only after its facts are safe; otherwise everything stays as it was and the phone repeats its message.
 */
export class ContactRunner {
  private readonly unpublishedLog: LogLimiter;

  constructor(
    private readonly parts: RunnerParts,
    private readonly options: RunnerOptions,
  ) {
    this.unpublishedLog = new LogLimiter(options.nowMs);
  }

  /** The answer to one message of one phone. */
  async handle(arrival: Arrival): Promise<Answer> {
    const { message, point, connection, certificate } = arrival;
    const named = deviceIdOf(message.items);
    const isInitial = INITIAL_REASONS.some((reason) => reason === message.reason);
    if (isInitial && named === undefined && (message.reason !== 'status' || point === undefined)) {
      return this.refuse(message, 'invalid-identity', null, connection);
    }
    if (!isInitial && point === undefined) return this.refuse(message, 'no-session', named ?? null, connection);
    if (!isInitial && named !== undefined && named !== point?.contact.deviceId) {
      return this.refuse(message, 'device-mismatch', named, connection);
    }
    if (message.reason === 'unknown') this.parts.refusals.add('unknown-reason', named ?? null, connection);
    const deviceId = (isInitial ? named : undefined) ?? parseDeviceId(point?.contact.deviceId ?? '');
    if (deviceId === undefined) return this.refuse(message, 'invalid-identity', null, connection);
    if (!this.parts.link.isUp) return this.overloaded(message, 'bus-down');
    // Who must be refused is not known yet.
    if (!this.parts.directives.isCaughtUp) return this.overloaded(message, 'directives');
    const refusal = this.parts.modes.refusal(deviceId, connection.listener, certificate);
    if (refusal !== undefined) return this.refuse(message, refusal, deviceId, connection);
    const admitted = { ...arrival, connection: withCertificate(connection, certificate) };
    const result = this.parts.queue.run(deviceId, () => this.run(admitted, deviceId, isInitial));
    return result ?? this.overloaded(message, 'phone-queue');
  }

  /** `CleanUp` with `overload`: the phone sends the same message again. */
  overloaded(message: { readonly nonce: string }, cause: OverloadCause): Answer {
    this.parts.metrics.overloads.inc({ cause });
    return { message: overload(message.nonce) };
  }

  /** Ends the contacts whose phones did not go on. */
  expire(): void {
    this.end(this.parts.store.takeExpired(this.options.nowMs()));
  }

  private refuse(
    message: WorkpointMessage,
    code: RefusalCode,
    deviceId: ReturnType<typeof deviceIdOf> | null,
    connection: PhoneConnection,
  ): Answer {
    this.parts.refusals.add(code, deviceId ?? null, connection);
    return { message: { kind: 'dls', nonce: message.nonce, action: 'CleanUp' } };
  }

  private async run(arrival: Arrival, deviceId: string, isInitial: boolean): Promise<Answer> {
    const { message, point, arrivedAtMs } = arrival;
    const deadlineAtMs = arrivedAtMs + this.options.deadlineMs;
    const nowMs = this.options.nowMs();
    if (nowMs >= deadlineAtMs) return this.overloaded(message, 'phone-queue');
    const remembered = this.parts.store.get(deviceId);
    // The phone went on: what is remembered must not expire under the message that is being worked on.
    if (remembered) this.parts.store.put(deviceId, { ...remembered, touchedAtMs: nowMs });
    // `status` may belong to the contact of its phone that goes on; any other initial message begins anew, whatever the
    // cookie says.
    const isAnew = (isInitial && message.reason !== 'status') || point?.contact.deviceId !== deviceId;
    const digest = isInitial ? '' : hash('sha256', arrival.body, 'base64url');
    const choice = choosePoint(isAnew ? undefined : point, remembered, message, digest);
    const chosen = choice.point ?? (isInitial ? remembered?.point : undefined);
    const order = chosen && remembered?.order?.open(chosen.position);
    const state: InteractionState = chosen ? resume(chosen, order) : IDLE;
    const openingId = isInitial ? contactIdOf(deviceId, message.reason, message.nonce) : undefined;
    const settings = { ...this.options.settings, reveal: this.options.reveal(deviceId, arrival.host) };
    const run: Run = { arrival, deviceId, settings, deadlineAtMs, remembered, openingId, order, seen: choice.seen };
    return this.play(run, state, {
      kind: 'message',
      message,
      ...(openingId === undefined ? {} : { opening: { contactId: openingId, deviceId } }),
    });
  }

  private async play(run: Run, before: InteractionState, input: Input): Promise<Answer> {
    let transition = step(before, input, run.settings);
    for (;;) {
      const published = await this.publish(run, transition);
      if (!published.ok) return published.answer;
      this.noteProgress(run, transition);
      if (transition.reply !== undefined) return this.commit(run, transition, transition.reply);
      const arrived = await this.work(run, published.waiter);
      transition = step(transition.state, arrived ?? { kind: 'work-deadline' }, run.settings);
    }
  }

  private async publish(
    run: Run,
    { facts }: Transition,
  ): Promise<{ ok: true; waiter: WorkWaiter | undefined } | { ok: false; answer: Answer }> {
    if (facts.length === 0) return { ok: true, waiter: undefined };
    const { link, events, waiters, metrics } = this.parts;
    const { records, askingId } = events.records(facts, run.arrival.connection);
    const waiter = askingId === undefined ? undefined : waiters.expect(askingId);
    const begunAtMs = this.options.nowMs();
    try {
      await link.publish(records, Math.min(this.options.publishDeadlineMs, Math.max(1, run.deadlineAtMs - begunAtMs)));
      metrics.publishDurations.observe((this.options.nowMs() - begunAtMs) / 1_000);
      return { ok: true, waiter };
    } catch (error) {
      waiter?.cancel();
      return { ok: false, answer: this.unpublished(run, error) };
    }
  }

  /** Not safe, so nothing happened: the phone repeats. What the bus will never take must not be repeated for ever. */
  private unpublished({ arrival: { message, connection }, deviceId }: Run, error: unknown): Answer {
    const code = error instanceof PublishError ? error.code : 'unknown';
    this.parts.metrics.publishFailures.inc({ code });
    this.unpublishedLog.write((skipped) =>
      this.parts.logger.warn({ deviceId, code, skipped, err: error }, 'event not acknowledged'),
    );
    return code === 'rejected'
      ? this.refuse(message, 'unpublishable', null, connection)
      : this.overloaded(message, 'publish-failed');
  }

  private async work(run: Run, waiter: WorkWaiter | undefined): Promise<Work | undefined> {
    if (waiter === undefined) throw new Error('an interaction waits for work it did not ask for');
    const begunAtMs = this.options.nowMs();
    const arrived = await waiter.wait(run.deadlineAtMs - begunAtMs);
    if (arrived) this.parts.metrics.workDurations.observe((this.options.nowMs() - begunAtMs) / 1_000);
    return arrived;
  }

  /** The facts are safe: what they replace is gone, what they ended is told. */
  private noteProgress(run: Run, { facts, closed, warnings = [] }: Transition): void {
    const { metrics, logger, store } = this.parts;
    if (facts.some(({ type }) => type === 'contact-opened')) metrics.countTls(run.arrival.connection);
    for (const { code, detail } of warnings) {
      metrics.interactionWarnings.inc({ code });
      logger.warn({ deviceId: run.deviceId, code, detail }, 'odd interaction');
    }
    if (closed === undefined) return;
    store.remove(run.deviceId);
    this.tellClosed(closed, openedAt(run, closed.contactId));
  }

  private commit(run: Run, { state, closed }: Transition, message: DlsMessage): Answer {
    const point = resumePointOf(state);
    const isOver = closed !== undefined && closed.outcome !== 'replaced';
    const legacyEntities = state.name !== 'idle' && state.contact.traits.legacyEntities;
    if (point === undefined || state.name !== 'awaiting-reply') return { message, legacyEntities };
    if (!isOver) {
      const evicted = this.parts.store.put(run.deviceId, {
        point: detached(point),
        seen: run.seen,
        ...(state.order === undefined ? {} : { order: held(run, state.order) }),
        openedAtMs: openedAt(run, point.contact.contactId),
        touchedAtMs: this.options.nowMs(),
      });
      this.end(evicted);
    }
    return { message, point, legacyEntities };
  }

  private end(contacts: readonly OpenContact[]): void {
    for (const { point, openedAtMs } of contacts) {
      const { closed } = step(resume(point), { kind: 'expired' });
      if (closed) this.tellClosed(closed, openedAtMs);
    }
  }

  private tellClosed(closed: ContactClosed, openedAtMs: number | undefined): void {
    const { link, events, metrics, logger } = this.parts;
    const durationMs = openedAtMs === undefined ? null : Math.max(0, this.options.nowMs() - openedAtMs);
    metrics.closedContacts.inc({ outcome: closed.outcome });
    const { deviceId, contactId, outcome, exchanges } = closed;
    logger.info({ deviceId, contactId, outcome, exchanges, durationMs }, 'contact closed');
    link.publishLater(events.closedRecord(closed, durationMs));
  }
}

/** What events tell of a connection; the certificate is valid and of this phone. */
function withCertificate(connection: PhoneConnection, certificate: ShownCertificate | undefined): PhoneConnection {
  if (certificate === undefined) return connection;
  const { serialNumber, notAfter } = certificate;
  return { ...connection, clientCertificate: { serialNumber, notAfter: notAfter.toISOString() } };
}

/** When a contact was opened here; undefined when it was elsewhere. */
function openedAt({ remembered, openingId, arrival }: Run, contactId: string): number | undefined {
  if (remembered?.point.contact.contactId === contactId) return remembered.openedAtMs;
  return openingId === contactId ? arrival.arrivedAtMs : undefined;
}

/** The order at rest: as it was, when it is the same. */
function held({ remembered, order }: Run, current: Order): HeldOrder {
  return current === order && remembered?.order ? remembered.order : HeldOrder.of(current);
}

/** A nonce cut out of a message keeps the whole text of the message in memory; a copy does not. */
function detached(point: ResumePoint): ResumePoint {
  const nonce = Buffer.from(point.contact.nonce).toString();
  return { ...point, contact: { ...point.contact, nonce } };
}
