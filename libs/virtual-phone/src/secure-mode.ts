import type { Item, ItemStatus } from '@opendls/dls-codec';
import type { PhoneItems, StoredItem } from './phone-items.js';
import type { PhoneProfile, PhoneState } from './phone-state.js';
import { certificateInfoText, isPemCertificate, readPkcs12 } from './pkcs12.js';

/** How the phone connects to its service (PROTOCOL 7.1). */
export interface Security {
  readonly mode: 'default' | 'secure';
  /** Secure mode only: the port, the phone's own certificate (Base64 PKCS#12) and the authorities it trusts (PEM). */
  readonly connection: SecureConnection | null;
  /** Takes effect when the interaction is over. */
  readonly pending: 'go' | 'renew' | 'leave' | null;
}

export interface SecureConnection {
  readonly port: number;
  readonly clientCertificate: string;
  readonly serverCa: readonly string[];
}

export const DEFAULT_MODE: Security = { mode: 'default', connection: null, pending: null };

const DEFAULT_SECURE_PORT = 18444;

/** Why an item of secure mode or a certificate is refused; undefined: it is stored. */
export function refusalOfSecurityItem(
  profile: PhoneProfile,
  items: PhoneItems,
  { name, value }: StoredItem,
  written: readonly Item[],
): ItemStatus | undefined {
  switch (name) {
    case 'goto-secure-mode':
      if (value === 'pin') return 'not supported'; // the form of its data is printed nowhere (PROTOCOL 7.3)
      if (value !== 'nopin') return 'invalid data';
      return canGoSecure(profile, items, written) ? undefined : 'failed';
    case 'secure-mode-data':
      return 'not supported';
    case 'dls-client-certificate':
    case 'wbm-server-certificate':
      return readPkcs12(value, profile.certificatePassphrase) ? undefined : 'invalid data';
    case 'dls-server-ca':
      return value === '' || isPemCertificate(value) ? undefined : 'invalid data'; // the second may be empty
    default:
      return undefined;
  }
}

function canGoSecure(profile: PhoneProfile, items: PhoneItems, written: readonly Item[]): boolean {
  const valuesOf = (name: string): string[] => {
    const sent = written.filter((item) => item.name === name).map(({ value }) => value);
    return sent.length > 0 ? sent : items.instances(name).map(({ value }) => value);
  };
  const [certificate = ''] = valuesOf('dls-client-certificate');
  return (
    readPkcs12(certificate, profile.certificatePassphrase) !== undefined &&
    valuesOf('dls-server-ca').some((pem) => isPemCertificate(pem))
  );
}

const CONNECTION_ITEMS: readonly string[] = ['dls-client-certificate', 'dls-server-ca', 'dls-secure-port'];

/** Items a service wrote change how the phone connects, once the interaction is over. */
export function writeSecurity(state: PhoneState, stored: readonly StoredItem[]): PhoneState {
  const valueOf = (name: string): string | undefined => stored.findLast((item) => item.name === name)?.value;
  const info = certificateInfo(state.profile, valueOf('wbm-server-certificate'));
  const items = info ? state.items.with([info]) : state.items;
  const pending = pendingAfter(state.security, stored);
  return { ...state, items, security: { ...state.security, pending } };
}

function pendingAfter(security: Security, stored: readonly StoredItem[]): Security['pending'] {
  const has = (name: string, value?: string): boolean =>
    stored.some((item) => item.name === name && (value === undefined || item.value === value));
  if (has('goto-secure-mode', 'nopin')) return 'go';
  if (security.mode === 'default') return security.pending;
  if (has('dls-mode-secure', '0')) return 'leave';
  return CONNECTION_ITEMS.some((name) => has(name)) ? (security.pending ?? 'renew') : security.pending;
}

function certificateInfo(profile: PhoneProfile, certificate: string | undefined): StoredItem | undefined {
  const info = certificate === undefined ? undefined : readPkcs12(certificate, profile.certificatePassphrase);
  return info && { name: 'wbm-server-certificate-info', value: certificateInfoText(info) };
}

/** What was written takes effect; `restarts` when the phone has to register anew (PROTOCOL 7.2, step 5). */
export function settleSecurity(state: PhoneState): { readonly state: PhoneState; readonly restarts: boolean } {
  const { pending } = state.security;
  if (pending === null) return { state, restarts: false };
  const isSecure = pending !== 'leave';
  const items = state.items
    .without(({ name }) => name === 'goto-secure-mode')
    .with([{ name: 'dls-mode-secure', value: isSecure ? '1' : '0' }]);
  const security: Security = isSecure
    ? { mode: 'secure', connection: connectionOf(state.items), pending: null }
    : DEFAULT_MODE;
  return { state: { ...state, items, security }, restarts: pending !== 'renew' };
}

function connectionOf(items: PhoneItems): SecureConnection {
  return {
    port: Number(items.get('dls-secure-port')?.value ?? '') || DEFAULT_SECURE_PORT,
    clientCertificate: items.get('dls-client-certificate')?.value ?? '',
    serverCa: items
      .instances('dls-server-ca')
      .map(({ value }) => value)
      .filter((pem) => isPemCertificate(pem)),
  };
}
