/** The phones' side of `edge.bench.ts`, in a thread of its own. */
import { createServer } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

export type ClientTask =
  | {
      readonly kind: 'poll';
      readonly url: string;
      readonly connections: number;
      readonly seconds: number;
      readonly phones: number;
    }
  | { readonly kind: 'download'; readonly urls: readonly string[]; readonly atOnce: number }
  | { readonly kind: 'listen'; readonly phones: number };

export interface ClientResult {
  readonly count: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly failures: number;
  readonly ports: readonly number[];
}

const port = parentPort;
if (port === null) throw new Error('runs as a worker');
port.on('message', (task: ClientTask) => {
  void run(task).then((result) => port.postMessage(result));
});

async function run(task: ClientTask): Promise<ClientResult> {
  const begunAtMs = performance.now();
  const totals = { count: 0, bytes: 0, failures: 0, ports: [] as number[] };
  if (task.kind === 'poll') {
    const { hostname, port: tcpPort } = new URL(task.url);
    const endAtMs = begunAtMs + task.seconds * 1_000;
    const counts = await Promise.all(
      Array.from({ length: task.connections }, (_, at) => pollOn(hostname, Number(tcpPort), at, endAtMs, task)),
    );
    totals.count = counts.reduce((sum, count) => sum + count, 0);
    totals.failures = counts.filter((count) => count === 0).length;
  } else if (task.kind === 'download') {
    const waiting = [...task.urls];
    await Promise.all(
      Array.from({ length: task.atOnce }, async () => {
        for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
          // As phones do: a TLS connection for each.
          const agent = new HttpsAgent({ rejectUnauthorized: false, maxCachedSessions: 0 });
          const { status, bytes } = await get(url, agent).catch(() => ({ status: 0, bytes: 0 }));
          totals.bytes += bytes;
          if (status === 200) totals.count++;
          else totals.failures++;
        }
      }),
    );
  } else {
    totals.ports.push(...(await Promise.all(Array.from({ length: task.phones }, listen))));
  }
  return { ...totals, seconds: (performance.now() - begunAtMs) / 1_000 };
}

/**
 * Polls on one connection, one after the other, until the time is over. Bare sockets: the HTTP client of Node costs more than
 * the server that is measured.
 */
function pollOn(
  host: string,
  tcpPort: number,
  at: number,
  endAtMs: number,
  { connections, phones }: { readonly connections: number; readonly phones: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: tcpPort, noDelay: true });
    let turn = at;
    let count = 0;
    const ask = (): void => {
      const id = (turn % phones).toString(16).padStart(12, '0');
      turn += connections;
      socket.write(`GET /dcmp/contact-me?device-id=${id} HTTP/1.1\r\nHost: x\r\n\r\n`);
    };
    socket.on('connect', ask);
    // An answer is one small packet: headers and no body.
    socket.on('data', (chunk: Buffer) => {
      if (!chunk.includes('\r\n\r\n') || !/^HTTP\/1\.1 20[02] /.test(chunk.toString('latin1', 0, 14))) {
        socket.destroy(new Error('not an answer'));
        return;
      }
      count++;
      if (performance.now() < endAtMs) ask();
      else socket.destroy();
    });
    socket.on('close', () => resolve(count));
    socket.on('error', reject);
  });
}

function get(url: string, agent: HttpsAgent): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, { agent }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** A phone's web server that accepts every ContactMe. */
async function listen(): Promise<number> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(204, { 'Content-Length': 0, Connection: 'close' }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
