import { randomUUID } from 'node:crypto';
import type { OutgoingRecord } from '@opendls/event-bus';
import { toRecord, type DeviceId, type EventDataByType } from '@opendls/event-contracts';
import { isDeepStrictEqual } from 'node:util';
import type { DeviceChange } from './device-workspace.js';
import type { Answer } from './domain/managed-device.js';

/** An event that a gateway waits for an answer to. */
export interface Question {
  readonly eventId: string;
  readonly deviceId: DeviceId;
  readonly contactId: string;
  readonly replyTo: string;
}

/** Writes what config-policy has to say as records for the outbox. */
export class DeviceMessages {
  constructor(
    /** `ce_source`: `/opendls/config-policy/<instance>`. */
    private readonly source: string,
    private readonly topicPrefix: string,
    private readonly clock: () => Date,
  ) {}

  answer(question: Question, answer: Answer): OutgoingRecord {
    const { eventId: inReplyTo, deviceId, contactId, replyTo } = question;
    const envelope = { id: randomUUID(), source: this.source, subject: deviceId, time: this.clock(), replyTo };
    if (answer.kind === 'no-work') {
      const { moreOrdersWaiting } = answer;
      const data = { contactId, deviceId, inReplyTo, moreOrdersWaiting };
      return toRecord({ ...envelope, type: 'opendls.config-policy.no-work', data }, this.topicPrefix);
    }
    const { orderId, kind, attempt, steps, fromStep, fromPart } = answer.order;
    const data: EventDataByType['opendls.config-policy.work-order-issued'] = {
      ...{ contactId, deviceId, inReplyTo, orderId, kind, attempt, fromStep, fromPart },
      steps: [...steps],
      moreOrdersWaiting: false,
    };
    return toRecord({ ...envelope, type: 'opendls.config-policy.work-order-issued', data }, this.topicPrefix);
  }

  /** What others have to know of a phone since it changed. */
  news(change: DeviceChange): OutgoingRecord[] {
    return [...this.compliance(change), ...this.directive(change)];
  }

  /** Asks that a phone be woken. */
  contactRequest(request: EventDataByType['opendls.config-policy.contact-requested']): OutgoingRecord {
    const { requestId: id, deviceId: subject } = request;
    const type = 'opendls.config-policy.contact-requested';
    return toRecord({ id, type, source: this.source, subject, time: this.clock(), data: request }, this.topicPrefix);
  }

  /** What gateways have to know of a phone before it calls, if it changed. */
  private directive({ before, device: { state } }: DeviceChange): OutgoingRecord[] {
    const { directive } = state;
    if (directive === null || isDeepStrictEqual(before.directive, directive)) return [];
    const deviceId = state.deviceId as DeviceId;
    const type = 'opendls.config-policy.device-directive-changed';
    const data = { deviceId, ...directive };
    const envelope = { id: randomUUID(), type, source: this.source, subject: deviceId, time: this.clock() } as const;
    return [toRecord({ ...envelope, data }, this.topicPrefix)];
  }

  /** The news about a phone's compliance, if there is any. */
  private compliance({ before, device: { state } }: DeviceChange): OutgoingRecord[] {
    const isKnown = before.contactId !== null && before.compliance === state.compliance;
    if (isKnown && isDeepStrictEqual(before.openItems, state.openItems)) return [];
    // The id is one of ours, made by the contract's own parser when the event was read.
    const deviceId = state.deviceId as DeviceId;
    return [
      toRecord(
        {
          id: randomUUID(),
          type: 'opendls.config-policy.compliance-changed',
          source: this.source,
          subject: deviceId,
          time: this.clock(),
          data: {
            deviceId,
            state: state.compliance,
            openItems: [...state.openItems],
            changedAt: state.complianceSince.toISOString(),
          },
        },
        this.topicPrefix,
      ),
    ];
  }
}
