import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { readRecords, topicsWithPrefix } from './kafka-log.js';

/** A place where something may have ended up, and everything in it. */
export interface Sink {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Something found where it must not be. */
export interface Leak {
  readonly sink: string;
  readonly what: string;
  readonly form: string;
}

/** Looks for values in every form in which they may have been written. `what` names a value in the result. */
export function findLeaks(sinks: readonly Sink[], values: Readonly<Record<string, string>>): Leak[] {
  const needles = Object.entries(values).flatMap(([what, value]) =>
    Object.entries(formsOf(value)).map(([form, text]) => ({ what, form, needle: Buffer.from(text) })),
  );
  return sinks.flatMap(({ name, bytes }) =>
    needles.filter(({ needle }) => bytes.includes(needle)).map(({ what, form }) => ({ sink: name, what, form })),
  );
}

/** Base64 without its end, which depends on what follows. */
function formsOf(value: string): Record<string, string> {
  const bytes = Buffer.from(value);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
  return {
    clear: value,
    base64: whole.toString('base64'),
    base64url: whole.toString('base64url'),
    hex: bytes.toString('hex'),
    'upper-case hex': bytes.toString('hex').toUpperCase(),
  };
}

/** Every record of the topics whose names begin so, with key and headers: one sink per topic. */
export async function readTopics(brokers: readonly string[], prefix: string): Promise<Sink[]> {
  const topics = await topicsWithPrefix(brokers, prefix);
  return Promise.all(
    topics.map(async (topic) => {
      const texts = (await readRecords(brokers, topic)).flatMap(({ key, value, headers }) => {
        const lines = Object.entries(headers).map(([name, header]) => ` ${name}=${header}`);
        return [Buffer.from(`\n${key} `), value ?? Buffer.alloc(0), Buffer.from(lines.join(''))];
      });
      return { name: `topic ${topic.slice(prefix.length)}`, bytes: Buffer.concat(texts) };
    }),
  );
}

/** Every row of every table of a database: one sink per table. */
export async function readDatabase(url: string): Promise<Sink[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    const sinks: Sink[] = [];
    for (const { name } of tables.rows) {
      const rows = await client.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`);
      const database = new URL(url).pathname.slice(1);
      const text = rows.rows.map(({ row }) => row).join('\n');
      sinks.push({ name: `table ${database}.${name}`, bytes: Buffer.from(text) });
    }
    return sinks;
  } finally {
    await client.end();
  }
}

/** Every file below a directory, but for those given by their path in it. */
export async function readFiles(directory: string, except: ReadonlySet<string>): Promise<Sink[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sinks: Sink[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(directory, file);
    if (!except.has(name)) sinks.push({ name: `file ${name}`, bytes: await readFile(file) });
  }
  return sinks;
}

/** What everybody on the machine can see of running processes. */
export async function readCommandLines(pids: readonly number[]): Promise<Sink[]> {
  if (process.platform !== 'linux') return [];
  return Promise.all(
    pids.map(async (pid) => ({ name: `command line of ${pid}`, bytes: await readFile(`/proc/${pid}/cmdline`) })),
  );
}
