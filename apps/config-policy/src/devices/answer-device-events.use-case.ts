import type { OutgoingRecord } from '@opendls/event-bus';
import type { AnyEvent, ContactOpened, DeviceId } from '@opendls/event-contracts';
import type { Outbox, ProcessedEvents, Tx, UnitOfWork } from '@opendls/postgres';
import type { ConfigPolicyMetrics } from '../metrics.js';
import type { DeviceMessages, Question } from './device-messages.js';
import { DeviceWorkspace, type WorkspaceParts } from './device-workspace.js';
import { mergeFacts, type DeviceState } from './domain/device-state.js';
import type { FactsSource } from './domain/feature-rules.js';
import type { Answer } from './domain/managed-device.js';
import { ReportFragments, type ReplyRef } from './domain/report-fragments.js';

export const CONSUMER = 'config-policy.devices';
/** An event that was refused counts as answered, not as handled: given back by an operator, it has its effect. */
const REFUSED = `${CONSUMER}.refused`;

type Kind<Fact extends string> = Extract<AnyEvent, { readonly type: `opendls.gateway.${Fact}` }>;
type Opening = Kind<
  'device-started' | 'device-solicited' | 'local-changes-reported' | 'inventory-changed' | 'deployment-reported'
>;

/** The events that say something about a phone's configuration. */
export type DeviceEvent = Opening | Kind<'items-reported' | 'step-completed' | 'contact-closed' | 'contact-attempted'>;

const OPENINGS: ReadonlySet<string> = new Set<Opening['type']>([
  'opendls.gateway.device-started',
  'opendls.gateway.device-solicited',
  'opendls.gateway.local-changes-reported',
  'opendls.gateway.inventory-changed',
  'opendls.gateway.deployment-reported',
]);
const OTHERS: ReadonlySet<string> = new Set<DeviceEvent['type']>([
  'opendls.gateway.items-reported',
  'opendls.gateway.step-completed',
  'opendls.gateway.contact-closed',
  'opendls.gateway.contact-attempted',
]);

/** Whether config-policy has something to do with an event. */
export function isDeviceEvent(event: AnyEvent): event is DeviceEvent {
  return OPENINGS.has(event.type) || OTHERS.has(event.type);
}

/** Answers the events of phones: what is known of them is updated, and who asks for work gets an order or `no-work`. */
export class AnswerDeviceEvents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly processed: ProcessedEvents,
    private readonly outbox: Outbox,
    private readonly parts: WorkspaceParts,
    private readonly messages: DeviceMessages,
    private readonly metrics: ConfigPolicyMetrics,
  ) {}

  /**
   * Applies events in one transaction. An event that was applied before has no second effect and gets no second answer:
   * its answer was committed with it and is published by the outbox.
   */
  async execute(events: readonly DeviceEvent[]): Promise<void> {
    const stopTimer = this.metrics.batchSeconds.startTimer();
    for (const feature of this.parts.features) await feature.prepare?.(events);
    const { fresh, decided, changedOrders } = await this.unitOfWork.run((tx) => this.apply(tx, events));
    stopTimer();
    this.metrics.countEvents('handled', fresh.length);
    this.metrics.countEvents('repeated', events.length - fresh.length);
    this.metrics.countOrders(changedOrders);
    for (const { type, data } of fresh) {
      if (type === 'opendls.gateway.contact-attempted') this.metrics.countContactAttempt(data.outcome);
    }
    for (const { answer } of decided) {
      this.metrics.countDecision(answer.kind === 'order' ? answer.order.kind : 'no-work');
    }
  }

  /** Answers an event that cannot be applied: the gateway that waits shall not have to wait for its deadline. */
  async refuse(question: Question): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      const fresh = await this.processed.filterNew(tx, REFUSED, [question.eventId]);
      if (fresh.size === 0) return;
      const answer = this.messages.answer(question, { kind: 'no-work', moreOrdersWaiting: false });
      await this.outbox.append(tx, [answer]);
    });
    this.metrics.countDecision('no-work');
  }

  private async apply(tx: Tx, events: readonly DeviceEvent[]): Promise<Applied> {
    const fresh = await this.onlyNew(tx, events);
    if (fresh.length === 0) return { fresh, decided: [], changedOrders: [] };
    const deviceIds = [...new Set(fresh.map(({ subject }) => subject))].sort();
    const states = await this.parts.devices.lockAll(tx, deviceIds, this.parts.clock());
    const workspace = await DeviceWorkspace.open(this.parts, tx, states, {
      orderIds: fresh.flatMap(({ data }) => ('orderId' in data ? [data.orderId] : [])),
      expectedFacts: expectedFacts(fresh, states),
      events: fresh,
    });
    const fragments = await this.loadFragments(tx, fresh);
    const decided: Decided[] = [];
    for (const event of fresh) {
      const question = questionOf(event);
      const answer = this.applyOne(workspace, fragments, event);
      if (question !== undefined) decided.push({ question, answer });
    }
    const changedOrders = await workspace.save(tx);
    await this.parts.devices.saveFragments(tx, fragments.unfinished(), this.parts.clock());
    await this.parts.devices.removeReplies(tx, fragments.completed());
    this.metrics.countEvents('oversized', fragments.givenUp);
    await this.outbox.append(tx, this.records(decided, workspace));
    return { fresh, decided, changedOrders };
  }

  private applyOne(workspace: DeviceWorkspace, fragments: ReportFragments, event: DeviceEvent): Answer {
    const stopTimer = this.metrics.decisionSeconds.startTimer();
    try {
      return applyEvent(workspace, fragments, event);
    } finally {
      stopTimer();
    }
  }

  private records(decided: readonly Decided[], workspace: DeviceWorkspace): OutgoingRecord[] {
    return [
      ...decided.map(({ question, answer }) => this.messages.answer(question, answer)),
      ...workspace.all().flatMap((change) => this.messages.news(change)),
    ];
  }

  private async onlyNew(tx: Tx, events: readonly DeviceEvent[]): Promise<DeviceEvent[]> {
    const ids = [...new Set(events.map(({ id }) => id))];
    const fresh = await this.processed.filterNew(tx, CONSUMER, ids);
    // The same event twice in one batch counts once.
    return events.filter(({ id }) => fresh.delete(id));
  }

  private async loadFragments(tx: Tx, events: readonly DeviceEvent[]): Promise<ReportFragments> {
    return new ReportFragments(await this.parts.devices.loadFragments(tx, fragmentedReplies(events)));
  }
}

interface Decided {
  readonly question: Question;
  readonly answer: Answer;
}

interface Applied {
  readonly fresh: readonly DeviceEvent[];
  readonly decided: readonly Decided[];
  readonly changedOrders: Awaited<ReturnType<DeviceWorkspace['save']>>;
}

function applyEvent(workspace: DeviceWorkspace, fragments: ReportFragments, event: DeviceEvent): Answer {
  const noWork: Answer = { kind: 'no-work', moreOrdersWaiting: false };
  const device = workspace.device(event.subject);
  if (device === undefined) return noWork;
  switch (event.type) {
    case 'opendls.gateway.items-reported':
      device.reportItems(event.data, fragments.add(event.data), event.time);
      return noWork;
    case 'opendls.gateway.step-completed':
      return device.completeStep(event.data, event.time);
    case 'opendls.gateway.contact-closed':
      device.closeContact(event.data.contactId, event.data.outcome, event.data.isSolicitedRequested);
      return noWork;
    case 'opendls.gateway.contact-attempted':
      device.contactAttempted(event.data.requestId, event.data.outcome);
      return noWork;
    case 'opendls.gateway.device-started':
    case 'opendls.gateway.device-solicited':
    case 'opendls.gateway.local-changes-reported':
    case 'opendls.gateway.inventory-changed':
    case 'opendls.gateway.deployment-reported':
      return device.openContact(event.data, event.type.slice('opendls.gateway.'.length), event.time);
  }
}

function questionOf({ id, subject, data, replyTo }: DeviceEvent): Question | undefined {
  if (!('awaitingWork' in data) || !data.awaitingWork || replyTo === undefined) return undefined;
  // The subject of a record is its key, and the contract made sure that the data is about the same phone.
  return { eventId: id, deviceId: subject as DeviceId, contactId: data.contactId, replyTo };
}

/** What phones will have stated after each opening of the batch: their secrets must be loaded before. */
function expectedFacts(events: readonly DeviceEvent[], states: ReadonlyMap<string, DeviceState>): FactsSource[] {
  const stated = new Map([...states].map(([deviceId, { facts }]) => [deviceId, facts]));
  return events.filter(isOpening).map(({ subject, data }) => {
    const known = stated.get(subject);
    const facts = known === undefined ? data.device : mergeFacts(known, data.device);
    stated.set(subject, facts);
    return { deviceId: subject, facts, features: states.get(subject)?.features ?? {} };
  });
}

function isOpening(event: DeviceEvent): event is Opening & { readonly data: ContactOpened } {
  return OPENINGS.has(event.type);
}

/** The replies of a batch that come in parts, and whether their last part is among them. */
function fragmentedReplies(events: readonly DeviceEvent[]): (ReplyRef & { readonly isEnding: boolean })[] {
  const replies = new Map<string, ReplyRef & { readonly isEnding: boolean }>();
  for (const { type, data } of events) {
    if (type !== 'opendls.gateway.items-reported' || (data.fragment === 0 && data.isFinal)) continue;
    const { deviceId, contactId, orderId, stepIndex, isFinal } = data;
    const key = [deviceId, contactId, orderId, stepIndex].join('|');
    const isEnding = isFinal || replies.get(key)?.isEnding === true;
    replies.set(key, { deviceId, contactId, orderId, stepIndex, isEnding });
  }
  return [...replies.values()];
}
