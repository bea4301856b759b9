import type { DynamicModule } from '@nestjs/common';
import type { Registry } from 'prom-client';
import type { HealthCheck } from './ops/health.js';
import type { ProblemTable } from './problem/http-problem.js';

/**
 * A service as the process that hosts it sees it: alone in a process, or beside others behind one API. The order is
 * `start` (consumers, relays), listen, close the API, `stop`.
 */
export interface ServicePart {
  readonly name: string;
  readonly modules: DynamicModule[];
  readonly health: HealthCheck[];
  readonly metrics: Registry;
  /** Answers for the error codes of this service. */
  readonly problems?: ProblemTable;
  /** Rejects with the reason when it stopped consuming for good: the process should exit and be started again. */
  readonly stopped: Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}
