import { randomUUID } from 'node:crypto';
import {
  macAddressOf,
  parseDeviceId,
  toRecord,
  type AnyEvent,
  type ContactOpened,
  type DeviceId,
  type EventDataByType,
  type EventRecord,
  type ReportedItem,
} from '@opendls/event-contracts';

type Opening = Extract<AnyEvent, { data: ContactOpened }>;
type ItemsReported = EventDataByType['opendls.gateway.items-reported'];
type StepCompleted = EventDataByType['opendls.gateway.step-completed'];
type ContactClosed = EventDataByType['opendls.gateway.contact-closed'];

/** An order id that all steps of a test share. */
export const ORDER_ID = '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22';
/** When the story of a test begins. */
export const START = new Date('2026-01-15T08:00:00.000Z');

/** `START` plus some seconds. */
export function after(seconds: number): Date {
  return new Date(START.getTime() + seconds * 1_000);
}

/** The id of the n-th test phone. */
export function deviceIdOf(n: number): DeviceId {
  return parseDeviceId(`001ae8${n.toString(16).padStart(6, '0')}`)!;
}

/** A contact id, valid and different for each text. */
export function contactIdOf(text: string): string {
  return `contact-${text}`.padEnd(20, '-');
}

/** What a test says of an opening message; everything else is plausible. */
export interface OpeningOptions {
  readonly deviceId?: DeviceId;
  readonly contactId?: string;
  readonly at?: Date;
  readonly type?: Opening['type'];
  readonly device?: Partial<ContactOpened['device']>;
  readonly items?: readonly ReportedItem[];
  readonly connection?: Partial<ContactOpened['connection']>;
}

/** An event that opens a contact, `device-started` unless said otherwise. */
export function anOpening(options: OpeningOptions = {}): Opening {
  const deviceId = options.deviceId ?? deviceIdOf(1);
  const data: ContactOpened = {
    contactId: options.contactId ?? contactIdOf('1'),
    deviceId,
    device: {
      macAddress: macAddressOf(deviceId),
      deviceType: 'OpenStage 60',
      softwareType: 'Siemens SIP',
      softwareVersion: 'V3 R4.11.0',
      e164: '4989100231',
      basicE164: '4989100231',
      contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
      partNumber: 'S30817-S7403-A101-022',
      ...options.device,
    },
    configurationChanged: null,
    itemsAttached: false,
    items: [...(options.items ?? [])],
    maxItems: null,
    connection: {
      remoteAddress: '192.0.2.31',
      listener: 'default',
      tlsVersion: 'TLSv1.3',
      tlsCipher: 'TLS_AES_256_GCM_SHA384',
      ...options.connection,
    },
    awaitingWork: true,
  };
  return { ...envelope(deviceId, options.at), type: options.type ?? 'opendls.gateway.device-started', data };
}

/** Items reported in reply to a read: all of them, in one piece, unless said otherwise. */
export function anItemsReport(
  options: Partial<ItemsReported> & { readonly at?: Date },
): AnyEvent & { type: 'opendls.gateway.items-reported' } {
  const { at, ...given } = options;
  const data: ItemsReported = {
    contactId: contactIdOf('1'),
    deviceId: deviceIdOf(1),
    orderId: ORDER_ID,
    attempt: 1,
    stepIndex: 0,
    scope: 'all',
    fragment: 0,
    isFinal: true,
    items: [],
    ...given,
  };
  return { ...envelope(data.deviceId, at), type: 'opendls.gateway.items-reported', data };
}

/** A step of an order that the phone accepted, unless said otherwise. */
export function aStep(options: Partial<StepCompleted> & { readonly at?: Date }): AnyEvent {
  const { at, ...given } = options;
  const data: StepCompleted = {
    contactId: contactIdOf('1'),
    deviceId: deviceIdOf(1),
    orderId: ORDER_ID,
    attempt: 1,
    stepIndex: 0,
    kind: 'write-items',
    part: 0,
    outcome: 'accepted',
    isStepFinished: true,
    isOrderFinished: true,
    writtenItems: null,
    refusedItems: [],
    awaitingWork: false,
    ...given,
  };
  return { ...envelope(data.deviceId, at), type: 'opendls.gateway.step-completed', data };
}

/** The end of a contact, without work unless said otherwise. */
export function aClosing(options: Partial<ContactClosed> & { readonly at?: Date }): AnyEvent {
  const { at, ...given } = options;
  const data: ContactClosed = {
    contactId: contactIdOf('1'),
    deviceId: deviceIdOf(1),
    outcome: 'no-work',
    cleanupReason: null,
    isSolicitedRequested: false,
    exchanges: 1,
    durationMs: 12.5,
    ...given,
  };
  return { ...envelope(data.deviceId, at), type: 'opendls.gateway.contact-closed', data };
}

/** The record of an event, as a gateway publishes it. */
export function recordOf(event: AnyEvent): EventRecord {
  return toRecord(event);
}

function envelope(deviceId: DeviceId, at = START): Pick<AnyEvent, 'id' | 'source' | 'subject' | 'time'> {
  return { id: randomUUID(), source: '/opendls/gateway/test', subject: deviceId, time: at };
}
