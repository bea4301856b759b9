import type { ContactOpened, DeviceDirective, PhoneConnection } from '@opendls/event-contracts';

/**
 * Where a phone stands (PROTOCOL 7):
 * - `default`: Default Mode, nobody wants more;
 * - `requested`: it is to go to Secure Mode; its certificate is being made, or waits in an order for the phone;
 * - `bootstrapping`: it accepted, and has to come to the secure listener now;
 * - `secure`: it came there with a certificate of ours, and is refused everywhere else;
 * - `failed`: it refused, or did not come in time. It may still use the default listener, and becomes `secure` if it comes late.
 */
export const SECURITY_MODES = ['default', 'requested', 'bootstrapping', 'secure', 'failed'] as const;
export type SecurityMode = (typeof SECURITY_MODES)[number];

/** `issued`: made, not seen yet; `superseded`: the phone shows a newer one. */
export const CERTIFICATE_STATES = ['issued', 'active', 'superseded', 'revoked'] as const;
export type CertificateState = (typeof CERTIFICATE_STATES)[number];

export const CERTIFICATE_PURPOSES = ['secure-mode', 'certificate-renewal'] as const;
export type CertificatePurpose = (typeof CERTIFICATE_PURPOSES)[number];

export type Listener = PhoneConnection['listener'];

/** A client certificate of a phone. */
export interface DeviceCertificate {
  /** Lower-case hex. */
  readonly serialNumber: string;
  readonly purpose: CertificatePurpose;
  readonly issuedAt: Date;
  readonly notAfter: Date;
  readonly state: CertificateState;
  /** When the phone first showed it. */
  readonly seenAt: Date | null;
  readonly revokedAt: Date | null;
  /** Id of the API key. */
  readonly revokedBy: string | null;
  readonly revokedReason: string | null;
}

/** What is known of the security of one phone. */
export interface DeviceSecurity {
  readonly deviceId: string;
  readonly mode: SecurityMode;
  readonly modeSince: Date;
  /** It was seen in Secure Mode: no other listener may be believed any more. */
  readonly requiresSecureMode: boolean;
  readonly failureCode: string | null;
  /** The certificate an order carries to the phone, or will. */
  readonly pendingSerial: string | null;
  /** Contact in which the phone accepted; nothing else is written to it in that one (PROTOCOL 7.2 step 4). */
  readonly bootstrapContactId: string | null;
  readonly bootstrapDeadline: Date | null;
  /** Not before this time another renewal is tried. */
  readonly renewAfter: Date | null;
  /** How the phone came last. */
  readonly listener: Listener | null;
  /** Messages that claimed to come from this phone, but not in Secure Mode; they had no effect. */
  readonly refusedOpenings: number;
  readonly lastRefusedAt: Date | null;
  readonly requestedBy: string | null;
  readonly wantsContactNow: boolean;
  readonly rollOutId: string | null;
}

/** A phone nobody has said anything about. */
export function unknownSecurity(deviceId: string, now: Date): DeviceSecurity {
  return {
    deviceId,
    mode: 'default',
    modeSince: now,
    requiresSecureMode: false,
    failureCode: null,
    pendingSerial: null,
    bootstrapContactId: null,
    bootstrapDeadline: null,
    renewAfter: null,
    listener: null,
    refusedOpenings: 0,
    lastRefusedAt: null,
    requestedBy: null,
    wantsContactNow: false,
    rollOutId: null,
  };
}

/**
 * Whether a message that claims to come from the phone is to be believed. Gateways refuse what a secure phone sends elsewhere, and
 * revoked certificates; what they let through before they heard of it comes here.
 */
export function isBelievable(
  { requiresSecureMode }: DeviceSecurity,
  certificates: ReadonlyMap<string, DeviceCertificate>,
  { connection }: Pick<ContactOpened, 'connection'>,
): boolean {
  const shown = connection.clientCertificate;
  if (connection.listener !== 'secure' || shown === undefined) return !requiresSecureMode;
  return certificates.get(shown.serialNumber)?.state !== 'revoked';
}

/** A message that was not believed is counted: somebody may be pretending to be the phone. */
export function countRefused(security: DeviceSecurity, now: Date): DeviceSecurity {
  return { ...security, refusedOpenings: Math.min(security.refusedOpenings + 1, 2 ** 31 - 1), lastRefusedAt: now };
}

/** A believable message: the phone is in Secure Mode from the first time it shows a certificate of ours on the secure listener. */
export function seenOn(
  security: DeviceSecurity,
  { connection }: Pick<ContactOpened, 'connection'>,
  now: Date,
): DeviceSecurity {
  const seen = security.listener === connection.listener ? security : { ...security, listener: connection.listener };
  const shown = connection.clientCertificate;
  if (connection.listener !== 'secure' || shown === undefined) return seen;
  const isArrived = seen.pendingSerial === shown.serialNumber;
  if (seen.mode === 'secure' && !isArrived) return seen;
  return {
    ...seen,
    mode: 'secure',
    modeSince: seen.mode === 'secure' ? seen.modeSince : now,
    requiresSecureMode: true,
    failureCode: null,
    // A phone that is there needs no order that would send it there.
    pendingSerial: null,
    bootstrapContactId: null,
    bootstrapDeadline: null,
    wantsContactNow: false,
  };
}

/** The certificates after the phone showed one: that one is in use, older ones are not any more. */
export function certificatesSeen(
  certificates: ReadonlyMap<string, DeviceCertificate>,
  shown: NonNullable<PhoneConnection['clientCertificate']>,
  now: Date,
): DeviceCertificate[] {
  const known = certificates.get(shown.serialNumber);
  if (known?.state === 'active' || known?.state === 'superseded' || known?.state === 'revoked') return [];
  // One of our authority that the database does not have was issued before a restore from a backup.
  const active: DeviceCertificate = {
    ...(known ?? adopted(shown, now)),
    state: 'active',
    seenAt: now,
  };
  const older = [...certificates.values()].filter(
    ({ serialNumber, state, issuedAt }) =>
      serialNumber !== active.serialNumber && (state === 'issued' || state === 'active') && issuedAt <= active.issuedAt,
  );
  return [active, ...older.map((one) => ({ ...one, state: 'superseded' as const }))];
}

/** The phone took the message that sends it to the secure listener. */
export function accepted(
  security: DeviceSecurity,
  contactId: string | null,
  now: Date,
  timeoutMs: number,
): DeviceSecurity {
  if (security.mode !== 'requested') return security;
  return {
    ...security,
    mode: 'bootstrapping',
    modeSince: now,
    failureCode: null,
    bootstrapContactId: contactId,
    bootstrapDeadline: new Date(now.getTime() + timeoutMs),
  };
}

/** It did not work. The certificate stays good: the phone may have taken it, and come with it after all. */
export function failedWith(security: DeviceSecurity, failureCode: string, now: Date): DeviceSecurity {
  if (security.mode === 'secure') return { ...security, pendingSerial: null };
  return {
    ...security,
    mode: 'failed',
    modeSince: now,
    failureCode,
    pendingSerial: null,
    bootstrapContactId: null,
    bootstrapDeadline: null,
    wantsContactNow: false,
  };
}

/** What gateways have to know. */
export function directiveOf(
  { requiresSecureMode }: DeviceSecurity,
  certificates: ReadonlyMap<string, DeviceCertificate>,
  now: Date,
): Pick<DeviceDirective, 'requiresSecureMode' | 'revokedCertificates'> {
  const revoked = [...certificates.values()].filter(({ state, notAfter }) => state === 'revoked' && notAfter > now);
  return { requiresSecureMode, revokedCertificates: revoked.map(({ serialNumber }) => serialNumber).sort() };
}

function adopted(
  { serialNumber, notAfter }: NonNullable<PhoneConnection['clientCertificate']>,
  now: Date,
): Omit<DeviceCertificate, 'state' | 'seenAt'> {
  return {
    serialNumber,
    purpose: 'secure-mode',
    issuedAt: now,
    notAfter: new Date(notAfter),
    revokedAt: null,
    revokedBy: null,
    revokedReason: null,
  };
}
