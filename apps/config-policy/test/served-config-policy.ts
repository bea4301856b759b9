import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiKeyFile, createApiKey, createApiServer } from '@opendls/http';
import { createLogger, type Logger } from '@opendls/logging';
import type { TestDatabase } from '@opendls/testing-postgres';
import type { ConfigPolicyPart } from '../src/index.js';
import { aConfigPolicy, aDatabase, GatewayDouble } from './harness.js';

const ROLES = ['viewer', 'operator', 'admin'] as const;

/** config-policy on a database of its own, with its API over real HTTP. */
export interface ServedConfigPolicy {
  /** `http://127.0.0.1:port/config-policy/v1/` */
  readonly base: string;
  readonly apiUrl: string;
  /** A key of each role. */
  readonly keys: Readonly<Record<(typeof ROLES)[number], string>>;
  readonly database: TestDatabase;
  readonly gateway: GatewayDouble;
  readonly service: ConfigPolicyPart;
  readonly logger: Logger;
  /** Everything that was logged. */
  readonly lines: readonly string[];
  /** Removed at the end. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Starts it; `isConsuming: false` leaves the event bus alone. */
export async function serveConfigPolicy(
  options: (folder: string) => Parameters<typeof aConfigPolicy>[2] = () => ({}),
  { isConsuming = true } = {},
): Promise<ServedConfigPolicy> {
  const folder = mkdtempSync(path.join(tmpdir(), 'opendls-config-policy-'));
  const keyFile = path.join(folder, 'api-keys.json');
  const keys = { viewer: '', operator: '', admin: '' };
  for (const role of ROLES) keys[role] = (await createApiKey(keyFile, { name: role, role })).text;
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'test', level: 'debug', destination });
  const database = await aDatabase();
  const gateway = new GatewayDouble();
  const service = await aConfigPolicy(database, gateway.bus, { logger, ...options(folder) });
  if (isConsuming) await service.start();
  const { modules, problems, health, metrics } = service;
  const api = await createApiServer({
    ...{ title: 'config-policy', host: '127.0.0.1', port: 0, logger },
    ...{ modules, problems, health, metrics, apiKeys: new ApiKeyFile(keyFile, { logger }) },
  });
  return {
    base: `${api.url}/config-policy/v1/`,
    apiUrl: api.url,
    ...{ keys, database, gateway, service, logger, lines, folder },
    close: async () => {
      await api.close();
      await service.stop();
      await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}
