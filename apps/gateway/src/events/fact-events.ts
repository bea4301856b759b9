import type { ContactClosed, Fact, InitialReason } from '@opendls/dls-interaction';
import {
  parseDeviceId,
  toRecord,
  UNIDENTIFIED_DEVICE,
  type DeviceId,
  type EventDataByType,
  type EventRecord,
  type EventType,
  type PhoneConnection,
} from '@opendls/event-contracts';
import { basicItems } from './device-facts.js';
import type { PhoneSecrets } from './phone-secrets.js';
import { ItemReporter } from './reported-items.js';

const OPENED_TYPES = {
  'start-up': 'opendls.gateway.device-started',
  solicited: 'opendls.gateway.device-solicited',
  'local-changes': 'opendls.gateway.local-changes-reported',
  'inventory-changes': 'opendls.gateway.inventory-changed',
  status: 'opendls.gateway.deployment-reported',
} as const satisfies Record<InitialReason, EventType>;

/** A refusal worth telling others. */
export interface Refusal {
  readonly deviceId: DeviceId | null;
  readonly code: string;
  readonly detail: string;
  readonly connection: PhoneConnection;
}

/** Turns what happened in an interaction into records of this gateway's stream. Ids and time come from outside. */
export class FactEvents {
  private readonly source: string;
  private readonly items = new ItemReporter();

  constructor(
    private readonly instanceId: string,
    private readonly topicPrefix: string,
    private readonly secrets: PhoneSecrets,
    private readonly newId: () => string,
    private readonly now: () => Date,
  ) {
    this.source = `/opendls/gateway/${instanceId}`;
  }

  /** The records of some facts, and the id of the one that asks for work. */
  records(
    facts: readonly Fact[],
    connection: PhoneConnection,
  ): { readonly records: readonly EventRecord[]; readonly askingId: string | undefined } {
    let askingId: string | undefined;
    const records = facts.map((fact) => {
      const id = this.newId();
      const isAsking = fact.type !== 'items-reported' && fact.awaitingWork;
      if (isAsking) askingId = id;
      return this.factRecord(fact, id, connection, isAsking);
    });
    return { records, askingId };
  }

  closedRecord(closed: ContactClosed, durationMs: number | null): EventRecord {
    const { outcome, cleanupReason, isSolicitedRequested, exchanges, contactId } = closed;
    const deviceId = known(closed.deviceId);
    const data = { contactId, deviceId, outcome, cleanupReason, isSolicitedRequested, exchanges, durationMs };
    return this.record('opendls.gateway.contact-closed', deviceId, data);
  }

  refusedRecord(refusal: Refusal): EventRecord {
    const subject = refusal.deviceId ?? known(UNIDENTIFIED_DEVICE);
    return this.record('opendls.gateway.contact-refused', subject, { ...refusal });
  }

  private factRecord(fact: Fact, id: string, connection: PhoneConnection, isAsking: boolean): EventRecord {
    const deviceId = known(fact.deviceId);
    const { contactId } = fact;
    switch (fact.type) {
      case 'contact-opened': {
        const { maxItems, awaitingWork } = fact;
        const items = this.items.report(fact.items);
        const basics = basicItems(deviceId, fact.items);
        const userPassword = this.secrets.logonPassword(deviceId, fact.reason, fact.items);
        const password = userPassword === undefined ? {} : { userPassword };
        const data = { contactId, deviceId, ...basics, items, ...password, maxItems, connection, awaitingWork };
        return this.record(OPENED_TYPES[fact.reason], deviceId, data, id, isAsking);
      }
      case 'items-reported': {
        const { scope, fragment, isFinal } = fact;
        const items = this.items.report(fact.items, this.secrets.userData(deviceId));
        const data = { ...stepOf(fact, deviceId), scope, fragment, isFinal, items };
        return this.record('opendls.gateway.items-reported', deviceId, data, id, isAsking);
      }
      case 'step-completed': {
        const { kind, part, outcome, isStepFinished, isOrderFinished, awaitingWork } = fact;
        const data = {
          ...stepOf(fact, deviceId),
          ...{ kind, part, outcome, isStepFinished, isOrderFinished, awaitingWork },
          writtenItems: fact.writtenItems === null ? null : [...fact.writtenItems],
          refusedItems: this.items.refused(fact.refusedItems),
        };
        return this.record('opendls.gateway.step-completed', deviceId, data, id, isAsking);
      }
    }
  }

  private record<Type extends EventType>(
    type: Type,
    subject: DeviceId,
    data: EventDataByType[Type],
    id = this.newId(),
    isAsking = false,
  ): EventRecord {
    const replyTo = isAsking ? this.instanceId : undefined;
    return toRecord({ id, type, source: this.source, subject, time: this.now(), data, replyTo }, this.topicPrefix);
  }
}

function stepOf(
  { contactId, orderId, attempt, stepIndex }: Exclude<Fact, { type: 'contact-opened' }>,
  deviceId: DeviceId,
): { contactId: string; deviceId: DeviceId; orderId: string; attempt: number; stepIndex: number } {
  return { contactId, deviceId, orderId, attempt, stepIndex };
}

/** Device ids in an interaction come from `deviceIdFromIdentity` or from a cookie that a gateway signed. */
function known(deviceId: string): DeviceId {
  const parsed = parseDeviceId(deviceId);
  if (parsed === undefined) throw new TypeError('an interaction without a valid device id');
  return parsed;
}
