import { isIP, isIPv6 } from 'node:net';
import { canonicalAddress, type PhoneNetworks } from './phone-networks.js';

/** The phone's web server path for ContactMe (PROTOCOL 8.1). No other is ever asked. */
export const CONTACT_ME_PATH = '/contact_dls.html/ContactDLS';

/** Inclusive range of ports. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Why a `contact-me-uri` is not followed. */
export type ContactTargetErrorCode =
  | 'uri-malformed'
  | 'scheme-not-allowed'
  | 'host-not-allowed'
  | 'port-not-allowed'
  | 'path-not-allowed'
  | 'address-not-allowed';

/** A `contact-me-uri` that may be followed if its host is a phone's. */
export interface ContactTarget {
  /** A name, or an address as `canonicalAddress` writes it. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
  /** For the `Host` header. */
  readonly authority: string;
}

export interface ContactTargetRules {
  readonly networks: PhoneNetworks;
  readonly ports: readonly PortRange[];
  /** Virtual phones: loopback addresses with any unprivileged port as well. */
  readonly simulatedPhones: boolean;
}

type Checked<Value> = ({ readonly ok: true } & Value) | { readonly ok: false; readonly code: ContactTargetErrorCode };

const FIRST_UNPRIVILEGED_PORT = 1_024;
const DEFAULT_HTTP_PORT = 80;
// Host and port as phones write them. Everything else in a URI (userinfo, query, fragment, escapes) matches nothing here.
const URI = /^http:\/\/([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?(\/.*)$/i;
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/i;
/** What may be read as a number by one of the many parsers of IPv4 addresses: `010.1`, `0x7f.1`, `2130706433`. */
const NUMERIC = /(?:^|\.)(?:0x[0-9a-f]*|\d+)\.?$/i;

/**
 * Reads a `contact-me-uri`, which any phone may set to anything: `http:`, the protocol's path to the letter, a port that is
 * allowed, and a host written in the usual way. Nothing is normalised first, so nothing can hide in it.
 */
export function readContactTarget(uri: string, rules: ContactTargetRules): Checked<{ readonly target: ContactTarget }> {
  const text = uri.trim();
  const [, written, portText, path] = URI.exec(text) ?? [];
  if (written === undefined || path === undefined)
    return refused(/^http:/i.test(text) || !/^[a-z][a-z0-9+.-]*:/i.test(text) ? 'uri-malformed' : 'scheme-not-allowed');
  if (path !== CONTACT_ME_PATH) return refused('path-not-allowed');
  const port = portText === undefined ? DEFAULT_HTTP_PORT : Number(portText);
  if (!mayBeAllowed(port, rules)) return refused('port-not-allowed');
  const authority = portText === undefined ? written : `${written}:${port}`;
  const bare = written.startsWith('[') ? written.slice(1, -1) : written;
  const isBracketed = written.startsWith('[');
  const host = isBracketed === isIPv6(bare) ? canonicalAddress(bare) : undefined;
  if (host !== undefined) return { ok: true, target: { host, isAddress: true, port, authority } };
  if (isBracketed || NUMERIC.test(bare) || !NAME.test(bare)) return refused('host-not-allowed');
  return { ok: true, target: { host: bare.toLowerCase(), isAddress: false, port, authority } };
}

/**
 * The address to connect to. All addresses of a name have to be phones': a name with one good and one bad address is
 * somebody's trick. Nothing is resolved after this.
 */
export function chooseAddress(
  { port }: ContactTarget,
  addresses: readonly string[],
  rules: ContactTargetRules,
): Checked<{ readonly address: string }> {
  const canonical = addresses.map(canonicalAddress);
  const [first] = canonical;
  if (first === undefined) return refused('address-not-allowed');
  for (const address of canonical) {
    if (address === undefined || isIP(address) === 0) return refused('address-not-allowed');
    const isSimulated = rules.simulatedPhones && rules.networks.isLoopback(address) && port >= FIRST_UNPRIVILEGED_PORT;
    if (isSimulated) continue;
    if (!rules.networks.includes(address)) return refused('address-not-allowed');
    if (!isListed(port, rules.ports)) return refused('port-not-allowed');
  }
  return { ok: true, address: first };
}

function mayBeAllowed(port: number, { ports, simulatedPhones }: ContactTargetRules): boolean {
  if (port < 1 || port > 65_535) return false;
  return isListed(port, ports) || (simulatedPhones && port >= FIRST_UNPRIVILEGED_PORT);
}

function isListed(port: number, ranges: readonly PortRange[]): boolean {
  return ranges.some(({ first, last }) => port >= first && port <= last);
}

function refused(code: ContactTargetErrorCode): { readonly ok: false; readonly code: ContactTargetErrorCode } {
  return { ok: false, code };
}
