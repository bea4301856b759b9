import { z } from 'zod';
import {
  CERTIFICATE_PURPOSES,
  CERTIFICATE_STATES,
  SECURITY_MODES,
  type DeviceCertificate,
} from './domain/device-security.js';
import type { SecurityView } from './secure-mode.service.js';
import type { ReportedPhone, RollOut, SecurityCounts } from './security-report.store.js';

const instant = z.iso.datetime();
const state = z
  .enum(SECURITY_MODES)
  .describe(
    '`default`; `requested`: gets its certificate at its next contact; `bootstrapping`: accepted it, has to come to the secure listener; `secure`; `failed`: refused it or did not come, and may still use the default listener',
  );
const listener = z.enum(['default', 'secure', 'legacy']).nullable();

export const certificateSchema = z.object({
  serialNumber: z.string().describe('Lower-case hex'),
  state: z
    .enum(CERTIFICATE_STATES)
    .describe('`issued`: not seen from the phone yet; `superseded`: it shows a newer one'),
  purpose: z.enum(CERTIFICATE_PURPOSES),
  issuedAt: instant,
  notAfter: instant,
  seenAt: instant.nullable().describe('When the phone first showed it'),
  revokedAt: instant.nullable(),
  revokedBy: z.string().nullable().describe('Id of the API key'),
  revokedReason: z.string().nullable(),
});
export type CertificateResponse = z.output<typeof certificateSchema>;

export const secureModeSchema = z.object({
  deviceId: z.string(),
  state,
  stateSince: instant,
  requiresSecureMode: z.boolean().describe('Gateways refuse the phone without its certificate'),
  failureCode: z.string().nullable(),
  listener: listener.describe('How it came last'),
  bootstrapDeadline: instant.nullable().describe('Until when it has to come to the secure listener'),
  refusedOpenings: z.int().describe('Messages in its name that were not believed'),
  lastRefusedAt: instant.nullable(),
  requestedBy: z.string().nullable(),
  rollOutId: z.string().nullable(),
  certificates: z.array(certificateSchema).describe('Newest first'),
});
export type SecureModeResponse = z.output<typeof secureModeSchema>;

const count = z.int();
export const rollOutSchema = z.object({
  rollOutId: z.uuid(),
  selection: z.record(z.string(), z.unknown()),
  deviceCount: count.describe('Phones that were asked'),
  createdAt: instant,
  createdBy: z.string(),
  progress: z.partialRecord(z.enum(SECURITY_MODES), count).describe('Its phones by where they stand now'),
  failed: z
    .array(z.object({ deviceId: z.string(), failureCode: z.string().nullable() }))
    .describe('The first 100 it failed with'),
});
export type RollOutResponse = z.output<typeof rollOutSchema>;

export const insecurePhoneSchema = z.object({
  deviceId: z.string(),
  state,
  stateSince: instant.nullable(),
  failureCode: z.string().nullable(),
  listener,
  refusedOpenings: count,
  deviceType: z.string().nullable(),
  softwareVersion: z.string().nullable(),
  lastSeenAt: instant,
});
export type InsecurePhoneResponse = z.output<typeof insecurePhoneSchema>;

export const securityReportSchema = z.object({
  devices: count,
  byState: z.partialRecord(z.enum(SECURITY_MODES), count),
  byListener: z.partialRecord(z.enum(['default', 'secure', 'legacy', 'unknown']), count),
  certificates: z.partialRecord(z.enum(CERTIFICATE_STATES), count),
  expiringCertificates: count.describe('In use, and so near their end that they are being renewed'),
  expiredCertificates: count.describe('In use until they ended: these phones cannot come any more'),
  phonesWithRefusedOpenings: count,
  certificateAuthorityNotAfter: instant.nullable().describe('null: there is no certificate authority'),
  items: z.array(insecurePhoneSchema).describe('Phones that are not in Secure Mode'),
  nextCursor: z.string().nullable(),
});
export type SecurityReportResponse = z.output<typeof securityReportSchema>;

export function toCertificate(certificate: DeviceCertificate): CertificateResponse {
  const { serialNumber, state, purpose, issuedAt, notAfter, seenAt, revokedAt, revokedBy, revokedReason } = certificate;
  return {
    ...{ serialNumber, state, purpose, revokedBy, revokedReason },
    issuedAt: issuedAt.toISOString(),
    notAfter: notAfter.toISOString(),
    seenAt: seenAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}

export function toSecureMode({ security, certificates }: SecurityView): SecureModeResponse {
  const { deviceId, mode, requiresSecureMode, failureCode, listener, refusedOpenings, requestedBy, rollOutId } =
    security;
  return {
    ...{ deviceId, state: mode, requiresSecureMode, failureCode, listener, refusedOpenings, requestedBy, rollOutId },
    stateSince: security.modeSince.toISOString(),
    bootstrapDeadline: security.bootstrapDeadline?.toISOString() ?? null,
    lastRefusedAt: security.lastRefusedAt?.toISOString() ?? null,
    certificates: certificates.map(toCertificate),
  };
}

export function toRollOut({ createdAt, failed, selection, ...rest }: RollOut): RollOutResponse {
  return { ...rest, selection: { ...selection }, failed: [...failed], createdAt: createdAt.toISOString() };
}

export function toInsecurePhone({ mode, modeSince, lastSeenAt, ...rest }: ReportedPhone): InsecurePhoneResponse {
  return { ...rest, state: mode, stateSince: modeSince?.toISOString() ?? null, lastSeenAt: lastSeenAt.toISOString() };
}

export function toCounts({
  byMode,
  ...rest
}: SecurityCounts): Omit<SecurityReportResponse, 'items' | 'nextCursor' | 'certificateAuthorityNotAfter'> {
  return { ...rest, byState: byMode };
}

const COLUMNS = [
  'deviceId',
  'state',
  'stateSince',
  'failureCode',
  'listener',
  'refusedOpenings',
  'deviceType',
  'softwareVersion',
  'lastSeenAt',
] as const satisfies readonly (keyof InsecurePhoneResponse)[];

export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

export function toCsvRow(phone: InsecurePhoneResponse): string {
  return `${COLUMNS.map((column) => csvField(String(phone[column] ?? ''))).join(',')}\r\n`;
}

/** Phones choose some of these texts: none may become a formula in a spreadsheet. */
function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
