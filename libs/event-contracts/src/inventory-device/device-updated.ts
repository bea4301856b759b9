import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { deviceFactsSchema } from '../gateway-device/contact.schema.js';
import { deviceIdSchema } from '../identity.js';

/** Why a phone last came (PROTOCOL: ReasonForContact). */
export const contactReasonSchema = z.enum(['start-up', 'solicited', 'local-changes', 'inventory-changes', 'status']);
export type ContactReason = z.output<typeof contactReasonSchema>;

/** The record of a phone as API, exports and CMDBs see it. */
export const inventoryDeviceSchema = deviceFactsSchema.extend({
  deviceId: deviceIdSchema,
  remoteAddress: z.string().nullable(),
  listener: z.enum(['default', 'secure', 'legacy']),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  lastReason: contactReasonSchema,
  startUpCount: z.int().min(0),
  itemsReportedAt: z.iso.datetime().nullable().meta({ description: 'When the phone last reported all its items' }),
  version: z.int().min(1).meta({ description: 'Rises with every change of the record' }),
});
export type InventoryDevice = z.output<typeof inventoryDeviceSchema>;

const minimal = {
  deviceId: 'id-softclient-7',
  macAddress: null,
  deviceType: null,
  softwareType: null,
  softwareVersion: null,
  e164: null,
  basicE164: null,
  contactMeUri: null,
  partNumber: null,
  remoteAddress: null,
  listener: 'default' as const,
  firstSeenAt: '2026-01-15T08:00:00.000Z',
  lastSeenAt: '2026-01-15T08:00:00.000Z',
  lastReason: 'start-up' as const,
  startUpCount: 1,
  itemsReportedAt: null,
  version: 1,
};

export const deviceUpdated = defineEvent({
  type: 'opendls.inventory.device-updated',
  topic: 'inventory.device.v1',
  description: 'The whole current record of a phone. A record without a value (tombstone) means that it was removed.',
  data: inventoryDeviceSchema,
  fixtures: {
    minimal,
    full: {
      ...minimal,
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
      listener: 'legacy' as const,
      lastSeenAt: '2026-02-01T12:30:00.000Z',
      lastReason: 'solicited' as const,
      startUpCount: 7,
      itemsReportedAt: '2026-02-01T12:30:00.000Z',
      version: 19,
    },
  },
});
