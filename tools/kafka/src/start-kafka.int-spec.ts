import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokersForTests } from './brokers-for-tests.js';
import { startKafka } from './start-kafka.js';

const DEADLINE_MS = 120_000;

// Whether this machine can run a broker at all.
const kafka = await brokersForTests();
const describeWithJava = kafka.brokers ? describe : describe.skip;

/** Whether somebody listens there. */
async function answers(broker: string): Promise<boolean> {
  const [host, port] = broker.split(':');
  const socket = connect({ host: host ?? '', port: Number(port) });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS / 2;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not happen in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describeWithJava('a Kafka of our own', () => {
  it(
    'keeps its directory and ports, and refuses a second one beside it',
    async () => {
      const dataDir = await mkdtemp(path.join(tmpdir(), 'opendls-kafka-spec-'));
      const first = await startKafka({ dataDir });
      await expect(startKafka({ dataDir })).rejects.toMatchObject({ code: 'data-in-use' });
      await first.stop();
      expect(first.pids).toEqual([]);
      const second = await startKafka({ dataDir });
      expect(second.brokers).toEqual(first.brokers);
      await second.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
    DEADLINE_MS,
  );

  it(
    'names the port that is taken',
    async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      await expect(startKafka({ port })).rejects.toMatchObject({
        code: 'port-in-use',
        message: expect.stringContaining(String(port)) as string,
      });
      server.close();
    },
    DEADLINE_MS,
  );

  it(
    'ends with its starter, even when that is killed',
    async () => {
      const hooks = new URL('../../run-typescript.mjs', import.meta.url).href;
      const main = fileURLToPath(new URL('./main.ts', import.meta.url));
      const starter = spawn(process.execPath, ['--import', hooks, main, 'start', '--port', '0'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const lines: unknown[] = await once(starter.stdout, 'data');
      const broker = String(lines[0]).trim().replace('KAFKA_BROKERS=', '');
      expect(await answers(broker)).toBe(true);
      starter.kill('SIGKILL');
      await until('the end of the broker', async () => !(await answers(broker)));
    },
    DEADLINE_MS,
  );
});
