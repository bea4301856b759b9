import { isIP } from 'node:net';

/** Where phones send their messages (PROTOCOL 1.1). */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** The path that phones use when the address names none. */
const SERVICE_PATH = '/DeploymentService/LoginService';
const DEFAULT_PORT = 18_443;

/**
 * Reads the address of a server.
 *
 * @returns undefined when it is not an https address
 */
export function parseTarget(url: string): Target | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol !== 'https:') return undefined;
  // The standard port cannot be told from none: a phone's service has one of its own.
  const given = /^https:\/\/(?:\[[^\]]*\]|[^/:]+):443(?:\/|$)/i.test(url) ? 443 : DEFAULT_PORT;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? given : Number(port),
    path: pathname === '/' ? SERVICE_PATH : pathname,
  };
}

/** The value of the Host header. */
export function hostHeader({ host, port }: Target): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
