import { createTestDatabase } from '@opendls/testing-postgres';
import { Client } from 'pg';
import { BusSet } from '../testing/bus-set.js';
import type { EventBusHarness } from '../testing/check.js';
import { describeEventBus } from '../testing/describe-event-bus.js';
import { createPostgresEventBus, type PostgresEventBus } from './postgres-event-bus.js';

const DEADLINE_MS = 15_000;

/** No connection to the database lives or can be made, as while its server restarts. */
async function beginOutage(databaseUrl: string): Promise<{ end(): Promise<void> }> {
  const url = new URL(databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const admin = new Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  return {
    async end() {
      await admin.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
      await admin.end();
    },
  };
}

describeEventBus(
  'the log in PostgreSQL',
  async (): Promise<EventBusHarness> => {
    const database = await createTestDatabase();
    const buses = new BusSet<PostgresEventBus>();
    return {
      deadlineMs: DEADLINE_MS,
      open: async () =>
        buses.add(
          createPostgresEventBus({
            databaseUrl: database.url,
            pollMs: 200,
            retryBackoff: { firstMs: 5, maxMs: 20 },
          }),
        ),
      crash: (bus) => buses.crash(bus),
      outage: () => beginOutage(database.url),
      dispose: async () => {
        await buses.close();
        await database.drop();
      },
    };
  },
  { deadlineMs: DEADLINE_MS, hasOutage: true },
);
