import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { testServerUrl } from './test-server.js';

export interface TestDatabaseOptions {
  /** Brings an empty database to its schema. Runs once per template, not once per database. */
  readonly migrate?: (url: string) => Promise<void>;
  /**
   * Shares the migrated template with every test file of the Jest run that names the same key. Without one the template
   * belongs to the `migrate` function of this test file.
   */
  readonly key?: string;
}

export interface TestDatabase {
  readonly url: string;
  /** Cuts the connections that are left and drops the database. */
  drop(): Promise<void>;
}

const functionKeys = new WeakMap<object, string>();

/** An own database for one test: empty, or cloned from a template that was migrated once. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const adminUrl = await testServerUrl();
  const template = options.migrate ? await ensureTemplate(adminUrl, options.migrate, options.key) : 'template0';
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(adminUrl, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  return {
    url: databaseUrl(adminUrl, name),
    drop: async () => {
      await asAdmin(adminUrl, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** Migrated under another name and renamed when complete; test files in other processes wait for the first one. */
async function ensureTemplate(
  adminUrl: string,
  migrate: (url: string) => Promise<void>,
  key: string | undefined,
): Promise<string> {
  const digest = createHash('sha256').update(templateKey(migrate, key)).digest('hex').slice(0, 24);
  const name = `template_${digest}`;
  await asAdmin(adminUrl, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1::bigint)', [BigInt(`0x${digest.slice(0, 15)}`).toString()]);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return;
    const draft = `draft_${digest}`;
    await admin.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${draft} TEMPLATE template0`);
    await migrate(databaseUrl(adminUrl, draft));
    await admin.query(`ALTER DATABASE ${draft} ALLOW_CONNECTIONS false`);
    await cutConnections(admin, draft); // those that the migration closed may take a moment to end
    await admin.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
  });
  return name;
}

function templateKey(migrate: object, key: string | undefined): string {
  // A server that outlives the run must not offer the schema of an earlier one.
  if (key !== undefined) return `${process.ppid}/${key}`;
  let own = functionKeys.get(migrate);
  if (own === undefined) functionKeys.set(migrate, (own = randomUUID()));
  return own;
}

async function cutConnections(admin: pg.Client, database: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { rowCount } = await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [database],
    );
    if (!rowCount) return;
    if (Date.now() > deadline) throw new Error(`connections to ${database} do not end`);
  }
}

async function asAdmin<T>(url: string, use: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.end();
  }
}

function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}
