import {
  contactOutcomeSchema,
  contactReasonSchema,
  inventoryDeviceSchema,
  refusedItemSchema,
} from '@opendls/event-contracts';
import { pageSchema, zodToOpenApi, type OpenApiSchema } from '@opendls/http';
import { z } from 'zod';
import type { ContactEntity } from './contact.entity.js';
import type { TimelineEntry } from './domain/contact-timeline.js';
import { NO_INDEX } from './reported-item.entity.js';
import type { ListedItem } from './reported-items.store.js';

/** An item of a phone, as the API shows it. */
export const itemSchema = z.object({
  name: z.string(),
  index: z.int().optional().meta({ description: 'Instance of an indexed item; absent when the item has no index' }),
  value: z.string().optional().meta({ description: 'Absent when the item is secret' }),
  secret: z.literal(true).optional().meta({ description: 'The phone has a value, which is kept nowhere' }),
  reportedAt: z.iso.datetime().meta({ description: 'When the phone last reported this value' }),
});
export type ItemResponse = z.output<typeof itemSchema>;

const stepRef = { at: z.iso.datetime(), orderId: z.uuid(), attempt: z.int(), stepIndex: z.int() };

const timelineEntrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('step'),
    ...stepRef,
    part: z.int().meta({ description: 'Message of the step, from 0' }),
    step: z.string().meta({ example: 'write-items' }),
    outcome: z.string().meta({ example: 'accepted' }),
    writtenCount: z.int().nullable().meta({ description: 'Items written; null: all of the step but the refused ones' }),
    refusedItems: z.array(refusedItemSchema),
  }),
  z.object({
    kind: z.literal('items-reported'),
    ...stepRef,
    scope: z.enum(['all', 'some']),
    fragmentCount: z.int(),
    itemCount: z.int(),
  }),
  z.object({
    kind: z.literal('deployment-reported'),
    at: z.iso.datetime(),
    files: z.array(
      z.object({
        index: z.int().optional(),
        name: z.string().nullable(),
        type: z.string().nullable(),
        status: z.string().meta({ example: 'ok' }),
      }),
    ),
  }),
]);

const connectionSchema = z.object({
  remoteAddress: z.string(),
  listener: z.enum(['default', 'secure', 'legacy']),
  tlsVersion: z.string().nullable().meta({ example: 'TLSv1.2' }),
  tlsCipher: z.string().nullable().meta({ example: 'AES128-SHA' }),
  clientCertificate: z.object({ serialNumber: z.string(), notAfter: z.iso.datetime() }).optional(),
});

/** A contact of a phone, as the API shows it. */
export const contactSchema = z.object({
  contactId: z.string(),
  reason: contactReasonSchema.nullable().meta({ description: 'null when the opening message is missing' }),
  openedAt: z.iso.datetime(),
  connection: connectionSchema.nullable().meta({ description: 'How the phone came; null when its opening is missing' }),
  closedAt: z.iso.datetime().nullable(),
  outcome: contactOutcomeSchema.nullable().meta({ description: 'null while the contact is open' }),
  cleanupReason: z.string().nullable(),
  isSolicitedRequested: z.boolean().nullable(),
  exchanges: z.int().nullable().meta({ description: 'Messages of the phone' }),
  durationMs: z.number().nullable(),
  timeline: z.array(timelineEntrySchema).meta({ description: 'What happened in the contact, oldest first' }),
  omittedTimelineEntries: z.int(),
});
export type ContactResponse = z.output<typeof contactSchema>;

/** An item as the API shows it. */
export function toItem(item: ListedItem): ItemResponse {
  return {
    name: item.name,
    ...(item.itemIndex !== NO_INDEX && { index: item.itemIndex }),
    ...(item.isSecret ? { secret: true as const } : { value: item.value ?? '' }),
    reportedAt: item.reportedAt.toISOString(),
  };
}

/** A contact as the API shows it. */
export function toContact(row: ContactEntity): ContactResponse {
  return {
    contactId: row.contactId,
    reason: row.reason,
    openedAt: row.openedAt.toISOString(),
    connection: row.connection,
    closedAt: row.closedAt?.toISOString() ?? null,
    outcome: row.outcome,
    cleanupReason: row.cleanupReason,
    isSolicitedRequested: row.isSolicitedRequested,
    exchanges: row.exchanges,
    durationMs: row.durationMs,
    timeline: row.timeline.entries.map(toTimelineEntry),
    omittedTimelineEntries: row.timeline.omitted,
  };
}

function toTimelineEntry(entry: TimelineEntry): ContactResponse['timeline'][number] {
  if (entry.kind === 'deployment-reported') return { ...entry, files: [...entry.files] };
  if (entry.kind === 'step') return { ...entry, refusedItems: [...entry.refusedItems] };
  const { fragments, ...rest } = entry;
  const counts = Object.values(fragments);
  return { ...rest, fragmentCount: counts.length, itemCount: counts.reduce((sum, count) => sum + count, 0) };
}

const device: z.output<typeof inventoryDeviceSchema> = inventoryDeviceSchema.parse({
  deviceId: '001ae8005301',
  macAddress: '00:1A:E8:00:53:01',
  deviceType: 'OpenStage 60',
  softwareType: 'Siemens SIP',
  softwareVersion: 'V3 R4.11.0',
  e164: '4989100231',
  basicE164: '4989100231',
  contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
  partNumber: 'S30817-S7403-A101-022',
  remoteAddress: '192.0.2.31',
  listener: 'default',
  firstSeenAt: '2026-01-15T08:00:00.000Z',
  lastSeenAt: '2026-02-01T12:30:00.000Z',
  lastReason: 'start-up',
  startUpCount: 7,
  itemsReportedAt: '2026-01-15T08:00:01.250Z',
  version: 19,
});
const items: readonly ItemResponse[] = [
  { name: 'function-key-def', index: 1, value: '1', reportedAt: '2026-01-15T08:00:01.250Z' },
  { name: 'sip-pwd', secret: true, reportedAt: '2026-01-15T08:00:01.250Z' },
  { name: 'sntp-addr', value: 'ntp.example.org', reportedAt: '2026-02-01T12:30:00.000Z' },
];
const contact: ContactResponse = {
  contactId: 'c2f0b8a4d9e14a7f',
  reason: 'start-up',
  openedAt: '2026-02-01T12:30:00.000Z',
  connection: {
    remoteAddress: '192.0.2.31',
    listener: 'default',
    tlsVersion: 'TLSv1.2',
    tlsCipher: 'ECDHE-RSA-AES128-GCM-SHA256',
  },
  closedAt: '2026-02-01T12:30:00.812Z',
  outcome: 'completed',
  cleanupReason: null,
  isSolicitedRequested: false,
  exchanges: 3,
  durationMs: 812.5,
  timeline: [
    {
      kind: 'step',
      at: '2026-02-01T12:30:00.400Z',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      attempt: 1,
      stepIndex: 0,
      part: 0,
      step: 'write-items',
      outcome: 'accepted',
      writtenCount: 12,
      refusedItems: [{ name: 'device-type', status: 'read only' }],
    },
  ],
  omittedTimelineEntries: 0,
};

/** Answers as the OpenAPI document shows them. */
export const RESPONSES = {
  device: example(inventoryDeviceSchema, device),
  devices: example(pageSchema(inventoryDeviceSchema), { items: [device], nextCursor: null }),
  items: example(pageSchema(itemSchema), { items, nextCursor: null }),
  contacts: example(pageSchema(contactSchema), { items: [contact], nextCursor: null }),
} as const;

function example(schema: z.ZodType, value: unknown): OpenApiSchema {
  return { ...zodToOpenApi(schema), example: value };
}
