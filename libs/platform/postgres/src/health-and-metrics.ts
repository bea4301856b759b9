import type { DataSource } from 'typeorm';
import { Counter, Gauge, type Registry } from 'prom-client';
import { translateDatabaseError } from './database-errors.js';
import { pendingMigrations } from './migrations.js';
import type { OutboxRelay } from './outbox-relay.js';

export interface HealthCheck {
  readonly name: string;
  /** Rejects when unhealthy. */
  check(): Promise<void>;
}

/** The database answers. */
export function databaseHealth(dataSource: DataSource): HealthCheck {
  return {
    name: 'database',
    check: async () => {
      try {
        await dataSource.query('SELECT 1');
      } catch (error) {
        throw translateDatabaseError(error);
      }
    },
  };
}

/** The schema is the one this program was built for. Once it was, it stays so. */
export function migrationsHealth(dataSource: DataSource): HealthCheck {
  let isCurrent = false;
  return {
    name: 'migrations',
    check: async () => {
      if (isCurrent) return;
      const pending = await pendingMigrations(dataSource);
      if (pending.length > 0) throw new Error(`migrations to run: ${pending.join(', ')}`);
      isCurrent = true;
    },
  };
}

/** Connections of the pool: open, idle, and callers waiting for one. `prefix` keeps services of one process apart. */
export function registerPoolMetrics(registry: Registry, dataSource: DataSource, prefix = 'opendls'): void {
  new Gauge({
    name: `${prefix}_database_pool_connections`,
    help: 'Database connections by state; waiting: callers without one',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const pool: unknown = Reflect.get(dataSource.driver, 'master');
      if (!isPool(pool)) return;
      this.set({ state: 'open' }, pool.totalCount);
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'waiting' }, pool.waitingCount);
    },
  });
}

interface PoolCounts {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

function isPool(value: unknown): value is PoolCounts {
  return typeof value === 'object' && value !== null && 'totalCount' in value && 'waitingCount' in value;
}

/** A backlog is counted up to here: counting millions of rows on every scrape would be part of the problem. */
const COUNT_LIMIT = 100_000;

/**
 * Size and age of what is unsent, whether this replica publishes, and what it has published. `prefix` keeps services of
 * one process apart.
 */
export function registerOutboxMetrics(
  registry: Registry,
  dataSource: DataSource,
  relay: OutboxRelay,
  prefix = 'opendls',
): void {
  const registers = [registry];
  const stats = onePerScrape(() => outboxStats(dataSource));
  const gauge = (name: string, help: string, valueOf: (found: OutboxStats) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const found = await stats();
        // A database that is down has its own signals; the last values stay.
        if (found) this.set(valueOf(found));
      },
    });
  };
  gauge(`${prefix}_outbox_unsent`, `Records to publish, counted up to ${COUNT_LIMIT}`, ({ unsent }) => unsent);
  gauge(
    `${prefix}_outbox_oldest_age_seconds`,
    'Age of the oldest record to publish',
    (found) => found.oldestAgeSeconds,
  );
  gauge(`${prefix}_outbox_parked`, 'Records set aside because they are refused', ({ parked }) => parked);
  const counter = (name: keyof typeof relay.counts, help: string): void => {
    new Counter({
      name: `${prefix}_outbox_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(relay.counts[name]);
      },
    });
  };
  counter('published', 'Records published by this replica');
  counter('failures', 'Publications that failed');
  new Gauge({
    name: `${prefix}_outbox_active`,
    help: '1 on the replica that publishes',
    registers,
    collect() {
      this.set(relay.isActive() ? 1 : 0);
    },
  });
}

/** The gauges of one scrape are asked at the same time: they share one look into the database. */
function onePerScrape(look: () => Promise<OutboxStats>): () => Promise<OutboxStats | undefined> {
  let running: Promise<OutboxStats | undefined> | undefined;
  return () => {
    running ??= look()
      .catch(() => undefined)
      .finally(() => (running = undefined));
    return running;
  };
}

export interface OutboxStats {
  readonly unsent: number;
  readonly oldestAgeSeconds: number;
  readonly parked: number;
}

/** What is in the outbox and not sent. */
export async function outboxStats(dataSource: DataSource): Promise<OutboxStats> {
  const rows: { unsent: string; age: number; parked: string }[] = await dataSource.query(
    `WITH unsent AS (
       SELECT created_at FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL ORDER BY id LIMIT $1)
     SELECT count(*) AS unsent,
            coalesce(greatest(extract(epoch FROM clock_timestamp() - min(created_at)), 0), 0)::float8 AS age,
            (SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL) AS parked
     FROM unsent`,
    [COUNT_LIMIT],
  );
  const [row] = rows;
  return { unsent: Number(row?.unsent), oldestAgeSeconds: row?.age ?? 0, parked: Number(row?.parked) };
}
