import { parseSealingKeys } from '@opendls/crypto';
import { FileLinks } from '@opendls/file-links';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { openBenchSite } from './bench-site.js';
import type { BenchProcess } from './bench-process.js';
import { phoneOf } from './phone-of.js';
import { quantiles } from './statistics.js';

const PHONES = 1_000;
const AT_A_TIME = 64;
const FILE_NAME = 'screensaver.png';
/** The largest picture a phone takes (PROTOCOL 3.4). */
const FILE_BYTES = 300_000;

/**
 * 1,000 phones download one picture from one gateway, each over a TLS connection of its own. The file comes from its store
 * once. Every download is compared with the original.
 */
export async function benchFiles(say: (line: string) => void): Promise<boolean> {
  const site = await openBenchSite();
  const content = randomBytes(FILE_BYTES);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const store = await startStore(content);
  try {
    const gateway = await site.startGateway({
      OPENDLS_GATEWAY_FILES_URL: store.url,
      OPENDLS_GATEWAY_FILE_CACHE_DIR: path.join(site.directory, 'files'),
      OPENDLS_GATEWAY_MAX_DOWNLOADS_PER_ADDRESS: '1000',
    });
    try {
      const links = new FileLinks(parseSealingKeys(site.sealingKeys));
      const expiresAt = new Date(Date.now() + 3_600_000);
      const urls = Array.from({ length: PHONES }, (_, n) => {
        const deviceId = phoneOf(n);
        return `${gateway.urls['phones']}/files/${links.sign({ sha256, deviceId, fileName: FILE_NAME, expiresAt })}/${FILE_NAME}`;
      });
      const result = await downloadAll(gateway, urls, sha256);
      const megabytes = (PHONES * FILE_BYTES) / 1e6;
      say(
        `${PHONES} phones, ${AT_A_TIME} at a time, ${FILE_BYTES / 1_000} kB each, fresh TLS: ${result.seconds.toFixed(1)} s`,
      );
      say(
        `${(megabytes / result.seconds).toFixed(0)} MB/s; gateway ${((result.cpuSeconds * 1_000) / PHONES).toFixed(2)} ms of CPU a download`,
      );
      const { p50, p99, max } = quantiles(result.latenciesMs);
      say(
        `a download: p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms; wrong or failed: ${result.failed}`,
      );
      say(
        `gateway memory: ${(result.residentBytes / 2 ** 20).toFixed(0)} MiB; fetched from the store: ${store.requests()} times`,
      );
      return result.failed === 0 && store.requests() === 1;
    } finally {
      await gateway.stop();
    }
  } finally {
    store.server.close();
    await site.close();
  }
}

interface Store {
  readonly server: Server;
  readonly url: string;
  requests(): number;
}

async function startStore(content: Buffer): Promise<Store> {
  let requests = 0;
  const server = createServer((_incoming, outgoing) => {
    requests += 1;
    outgoing.writeHead(200, { 'Content-Length': content.length }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server's address is never a pipe name.
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}`, requests: () => requests };
}

async function downloadAll(
  gateway: BenchProcess,
  urls: readonly string[],
  sha256: string,
): Promise<{ seconds: number; cpuSeconds: number; latenciesMs: number[]; failed: number; residentBytes: number }> {
  const secureContext = createSecureContext();
  const latenciesMs: number[] = [];
  let [next, failed] = [0, 0];
  const [cpuBefore, begunAt] = [gateway.cpuSeconds(), performance.now()];
  const worker = async (): Promise<void> => {
    for (let url = urls[next++]; url !== undefined; url = urls[next++]) {
      const sentAt = performance.now();
      const digest = await download(url, secureContext).catch(() => undefined);
      if (digest === sha256) latenciesMs.push(performance.now() - sentAt);
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  const seconds = (performance.now() - begunAt) / 1_000;
  const cpuSeconds = gateway.cpuSeconds() - cpuBefore;
  return { seconds, cpuSeconds, latenciesMs, failed, residentBytes: gateway.residentBytes() };
}

function download(url: string, secureContext: ReturnType<typeof createSecureContext>): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // The options of tls.connect() go through to it, which the type of http's options does not say.
    const tls = { secureContext, rejectUnauthorized: false };
    request(url, { agent: false, ...tls }, (response) => {
      const hash = createHash('sha256');
      response.on('data', (chunk: Buffer) => hash.update(chunk));
      response.on('end', () => resolve(response.statusCode === 200 ? hash.digest('hex') : undefined));
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}
