import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { InMemoryEventBus } from '@opendls/event-bus/testing';
import type { AnyEvent } from '@opendls/event-contracts';
import { ApiKeyFile, createApiKey, createApiServer } from '@opendls/http';
import { silentLogger } from '@opendls/logging';
import { createTestDatabase } from '@opendls/testing-postgres';
import { createInventory, migrateInventory, type InventoryPart } from '../src/index.js';
import { openDatabaseLink, type DatabaseLink } from './database-link.js';
import { recordOf } from './device-events.js';

export type Role = 'viewer' | 'operator' | 'admin';

// Databases are made and servers started: a busy machine needs more than the usual five seconds.
jest.setTimeout(60_000);

/** Members of the answers of this API, as far as tests look into them. */
export interface AnswerBody {
  readonly items: readonly { readonly deviceId: string; readonly [name: string]: unknown }[];
  readonly nextCursor: string | null;
  readonly code: string;
  readonly checks: readonly unknown[];
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: AnswerBody;
}

/** The whole service: events in on a bus, HTTP out. */
export interface TestService {
  readonly bus: InMemoryEventBus;
  readonly inventory: InventoryPart;
  /** Its way to the database. */
  readonly link: DatabaseLink;
  publish(...events: readonly AnyEvent[]): Promise<void>;
  call(method: string, path: string, role?: Role | null): Promise<Answer>;
  get(path: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts the service on a database and a bus of its own. */
export async function startTestService(bus = new InMemoryEventBus()): Promise<TestService> {
  const logger = silentLogger();
  const directory = await mkdtemp(path.join(tmpdir(), 'opendls-inventory-'));
  const keyFile = path.join(directory, 'api-keys.json');
  const keys = {
    viewer: (await createApiKey(keyFile, { name: 'viewer', role: 'viewer' })).text,
    operator: (await createApiKey(keyFile, { name: 'operator', role: 'operator' })).text,
    admin: (await createApiKey(keyFile, { name: 'admin', role: 'admin' })).text,
  };
  const database = await createTestDatabase({ key: 'inventory', migrate: migrateInventory });
  const link = await openDatabaseLink(database.url);
  const inventory = await createInventory({ databaseUrl: link.url, bus, logger });
  await inventory.start();
  const api = await createApiServer({
    title: 'inventory',
    ...inventory,
    apiKeys: new ApiKeyFile(keyFile, { logger }),
    host: '127.0.0.1',
    port: 0,
    logger,
  });
  const call = async (method: string, where: string, role: Role | null = 'viewer'): Promise<Answer> => {
    const headers: Record<string, string> = role === null ? {} : { authorization: `Bearer ${keys[role]}` };
    const response = await fetch(`${api.url}${where}`, { method, headers });
    const type = response.headers.get('content-type') ?? '';
    const text = await response.text();
    // Every answer is compared with what it should be; the type only saves writing.
    const body = (type.includes('json') ? JSON.parse(text) : {}) as AnswerBody;
    return { status: response.status, type, text, body };
  };
  return {
    bus,
    inventory,
    link,
    publish: (...events) => bus.publish(events.map(recordOf)),
    call,
    get: (where) => call('GET', where),
    close: async () => {
      await api.close();
      await inventory.stop();
      await bus.close();
      await link.close();
      await database.drop();
      await rm(directory, { recursive: true });
    },
  };
}

const DEADLINE_MS = 15_000;
const POLL_MS = 10;

/** Waits until `read` gives something that `isDone` accepts. */
export async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    if (Date.now() > deadline) throw new Error(`waited too long, last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
