import { once } from 'node:events';
import net from 'node:net';
import { startBalancer, type Backend, type Balancer } from './balancer.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function aBackend(name: string): Promise<Backend & { close(): Promise<void> }> {
  const server = net.createServer((socket) => socket.end(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  cleanups.push(close);
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port, close };
}

async function aBalancer(backends: () => readonly Backend[]): Promise<Balancer> {
  const balancer = await startBalancer({ host: '127.0.0.1', port: 0, backends });
  cleanups.push(() => balancer.close());
  return balancer;
}

async function ask(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}

it('takes the backends in turn', async () => {
  const [a, b] = [await aBackend('a'), await aBackend('b')];
  const { port } = await aBalancer(() => [a, b]);
  const answers = [await ask(port), await ask(port), await ask(port), await ask(port)];
  expect(answers.join('')).toMatch(/^(abab|baba)$/);
});

it('goes on to the next backend when one does not answer', async () => {
  const [a, b] = [await aBackend('a'), await aBackend('b')];
  const { port } = await aBalancer(() => [a, b]);
  await a.close();
  expect([await ask(port), await ask(port), await ask(port)]).toEqual(['b', 'b', 'b']);
});

it('closes the connection when no backend answers', async () => {
  const { port } = await aBalancer(() => []);
  expect(await ask(port)).toBe('');
});

it('sees backends that come and go', async () => {
  const backends: Backend[] = [];
  const { port } = await aBalancer(() => backends);
  backends.push(await aBackend('late'));
  expect(await ask(port)).toBe('late');
});
