import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKafkaEventBus } from '@opendls/event-bus';
import { GATEWAY_DEVICE_TOPIC, prefixedTopic } from '@opendls/event-contracts';
import { createApiKey } from '@opendls/http';
import { brokersForTests, describeWithKafka } from '@opendls/kafka-tool';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import { anOpening, deviceIdOf, recordOf } from '../test/device-events.js';
import { until } from '../test/test-service.js';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const HOOKS = new URL('../../../tools/run-typescript.mjs', import.meta.url).href;
const TIMEOUT_MS = 90_000;

const kafka = await brokersForTests();
let database: TestDatabase;
let directory: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(path.join(tmpdir(), 'opendls-inventory-process-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.drop();
  await rm(directory, { recursive: true });
});

interface Run {
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  output(): string;
  exit(): Promise<number | null>;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Run {
  const child = fork(MAIN, args, {
    execArgv: ['--import', HOOKS],
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const exited = once(child, 'exit');
  return {
    child,
    output: () => output,
    exit: async () => {
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

describe('the process', () => {
  it(
    'says all that is wrong with its configuration, without values, and exits with 1',
    async () => {
      const started = run([], { OPENDLS_INVENTORY_PORT: 'geheim', OPENDLS_INVENTORY_HOTS: 'x' });
      expect(await started.exit()).toBe(1);
      for (const name of ['DATABASE_URL', 'PORT', 'HOTS'])
        expect(started.output()).toContain(`OPENDLS_INVENTORY_${name}`);
      expect(started.output()).not.toContain('geheim');
    },
    TIMEOUT_MS,
  );

  it(
    'migrates with nothing but the database',
    async () => {
      const migrated = run(['migrate'], { OPENDLS_INVENTORY_DATABASE_URL: database.url });
      expect([await migrated.exit(), migrated.output()]).toEqual([0, expect.stringContaining('database migrated')]);
    },
    TIMEOUT_MS,
  );
});

describeWithKafka(kafka, 'the process on Kafka', (brokers) => {
  it(
    'serves until the process that started it is gone',
    async () => {
      const prefix = `${randomUUID().slice(0, 8)}.`;
      const keyFile = path.join(directory, 'api-keys.json');
      const key = await createApiKey(keyFile, { name: 'test', role: 'viewer' });
      const inventory = run([], {
        OPENDLS_KAFKA_BROKERS: brokers.join(','),
        OPENDLS_TOPIC_PREFIX: prefix,
        OPENDLS_API_KEYS_FILE: keyFile,
        OPENDLS_INVENTORY_DATABASE_URL: database.url,
        OPENDLS_INVENTORY_PORT: '0',
      });
      const [message] = (await once(inventory.child, 'message')) as [{ type: string; urls: { api: string } }];
      expect(message).toEqual({ type: 'ready', urls: { api: expect.stringMatching(/^http:/) as string } });

      const bus = createKafkaEventBus({ brokers, clientId: 'inventory-e2e' });
      await bus.ensureTopics([{ ...GATEWAY_DEVICE_TOPIC, name: prefixedTopic(prefix, GATEWAY_DEVICE_TOPIC.name) }]);
      const record = recordOf(anOpening({ deviceId: deviceIdOf(1) }));
      await bus.publish([{ ...record, topic: `${prefix}${record.topic}` }]);
      await bus.close();
      const headers = { authorization: `Bearer ${key.text}` };
      const device = `${message.urls.api}/inventory/v1/devices/${deviceIdOf(1)}`;
      await until(
        () => fetch(device, { headers }),
        ({ status }) => status === 200,
      );
      await until(
        () => fetch(`${message.urls.api}/health/ready`),
        ({ status }) => status === 200,
      );
      inventory.child.disconnect();
      expect([await inventory.exit(), inventory.output()]).toEqual([0, expect.stringContaining('is stopping')]);
      expect(inventory.output()).not.toContain(new URL(database.url).password);
    },
    TIMEOUT_MS,
  );
});
