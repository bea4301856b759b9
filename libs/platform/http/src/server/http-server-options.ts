import type { Logger } from '@opendls/logging';
import type { Registry } from 'prom-client';
import type { ApiKeySource } from '../auth/api-key-source.js';
import type { FailureLimits } from '../auth/failure-limiter.js';
import type { HealthCheck, HealthRegistry } from '../ops/health.js';

/** Bounds of what a client may do to a server. */
export interface HttpLimits {
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /** From the arrival of a request to its answer. */
  readonly answerTimeoutMs: number;
  /** Instead of both, for handlers that stream a body or an answer. */
  readonly streamTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxConnections: number;
  /** How long `close` lets requests in flight finish. */
  readonly closeTimeoutMs: number;
  readonly authFailures: FailureLimits;
}

/** What every HTTP server of an application needs. */
export interface HttpServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly apiKeys: ApiKeySource;
  readonly health: HealthRegistry | readonly HealthCheck[];
  /** The first registry also gets the metrics of this server and the process. */
  readonly metrics: Registry | readonly Registry[];
  readonly logger: Logger;
  /** One line per request; a child of `logger` unless given. */
  readonly accessLogger?: Logger;
  readonly limits?: Partial<HttpLimits>;
}

/** A server that listens. */
export interface RunningServer {
  /** Where it can be reached from this machine. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, lets requests in flight finish within the deadline, then cuts. May be called twice. */
  close(): Promise<void>;
}
