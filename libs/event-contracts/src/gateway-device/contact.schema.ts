import { z } from 'zod';
import { deviceIdSchema } from '../identity.js';
import { reportedItemSchema } from '../items.js';
import { sealedValueSchema } from '../sealed.js';

export const contactIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,64}$/)
  .meta({ description: 'One contact of a phone; a message that the phone repeats keeps its contact id' });

/** The facts a phone states of itself in every opening message; null where it did not. */
export const deviceFactsSchema = z.object({
  macAddress: z.string().nullable().meta({ description: 'Upper-case hex with colons; null for clients without a MAC' }),
  deviceType: z
    .string()
    .nullable()
    .meta({ examples: ['OpenStage 60'] }),
  softwareType: z
    .string()
    .nullable()
    .meta({ examples: ['Siemens SIP'] }),
  softwareVersion: z
    .string()
    .nullable()
    .meta({ examples: ['V3 R5.12.0'] }),
  e164: z.string().nullable(),
  basicE164: z.string().nullable(),
  contactMeUri: z.string().nullable(),
  partNumber: z.string().nullable(),
});
export type DeviceFacts = z.output<typeof deviceFactsSchema>;

/** A client certificate whose chain, time, device id and revocation were checked (PROTOCOL 7.2). */
export const clientCertificateSchema = z.object({
  serialNumber: z.string().regex(/^[0-9a-f]{1,64}$/),
  notAfter: z.iso.datetime(),
});
export type ClientCertificate = z.output<typeof clientCertificateSchema>;

/** How the phone reached the gateway. */
export const connectionSchema = z.object({
  remoteAddress: z.string(),
  listener: z.enum(['default', 'secure', 'legacy']),
  tlsVersion: z.string().nullable(),
  tlsCipher: z.string().nullable(),
  clientCertificate: clientCertificateSchema
    .optional()
    .meta({ description: 'On the secure listener: the certificate the phone showed; it is valid and of this phone' }),
});
export type PhoneConnection = z.output<typeof connectionSchema>;

/** Who talks in which contact: part of every gateway event. */
export const contactRefSchema = z.object({ contactId: contactIdSchema, deviceId: deviceIdSchema });

/** The data of an event that opens a contact. */
export const contactOpenedSchema = contactRefSchema.extend({
  device: deviceFactsSchema,
  configurationChanged: z.boolean().nullable().meta({
    description: '`configuration-changed-flag`: false means unchanged since the last contact; null when not stated',
  }),
  itemsAttached: z
    .boolean()
    .meta({ description: '`configuration-attached-flag`: the changed items are among `items`' }),
  items: z.array(reportedItemSchema),
  userPassword: sealedValueSchema.optional().meta({
    description:
      'On `inventory-changes` of a mobility logon: the password typed, sealed for config-policy (PROTOCOL 4.12)',
  }),
  maxItems: z.int().nullable().meta({ description: 'Most items the phone takes in one message; null or -1: no limit' }),
  connection: connectionSchema,
  awaitingWork: z.boolean().meta({ description: 'A gateway (header `replyto`) waits for an order or `no-work`' }),
});
export type ContactOpened = z.output<typeof contactOpenedSchema>;
