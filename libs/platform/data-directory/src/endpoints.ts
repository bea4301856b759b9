import { rm } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from './files.js';

/** One process of a running installation. */
export interface EndpointProcess {
  readonly name: string;
  readonly pid: number;
  /** Where the process itself answers; null when it has no port of its own. */
  readonly url: string | null;
}

/** What `<data-dir>/endpoints.json` says while a server runs: scripts find everything from here. */
export interface Endpoints {
  /** `https://host:port` that phones are pointed at. */
  readonly phones: string;
  /** `https://host:port` of the legacy listener, where there is one. */
  readonly legacyPhones?: string;
  /** `https://host:port` of the listener for phones in Secure Mode, where there is one. */
  readonly securePhones?: string;
  /** `http://host:port` of the listener for DCMP polls, where there is one; `/dcmp` is the path phones are given. */
  readonly dcmp?: string;
  /** `http://host:port` of all HTTP APIs. */
  readonly api: string;
  /** Broker addresses; null when events are kept in PostgreSQL. */
  readonly kafka: readonly string[] | null;
  readonly processes: readonly EndpointProcess[];
}

const ENDPOINTS_FILE = 'endpoints.json';
const EVENT_LOG_URL_FILE = 'event-log-url';

export async function writeEndpoints(directory: string, endpoints: Endpoints): Promise<void> {
  await writeFileAtomically(path.join(directory, ENDPOINTS_FILE), `${JSON.stringify(endpoints, null, 2)}\n`, 0o644);
}

/** Where the event log is, when it is in PostgreSQL. */
export async function writeEventLogUrl(directory: string, url: string): Promise<void> {
  await writeFileAtomically(path.join(directory, EVENT_LOG_URL_FILE), `${url}\n`, 0o600);
}

export async function removeEndpoints(directory: string): Promise<void> {
  for (const file of [ENDPOINTS_FILE, EVENT_LOG_URL_FILE]) await rm(path.join(directory, file), { force: true });
}
