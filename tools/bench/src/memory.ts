import type { BenchProcess } from './bench-process.js';
import { openBenchSite } from './bench-site.js';
import { generateLoad } from './load-result.js';

const CONTACTS = 10_000;
const CONCURRENCY = 32;
const BAR_MEBIBYTES = 256;
const MEBIBYTE = 1024 * 1024;

/** Resident memory of a gateway with 10,000 open contacts, each in the middle of an order of 50 items. */
export async function benchMemory(say: (line: string) => void): Promise<boolean> {
  const site = await openBenchSite();
  const servers: BenchProcess[] = [];
  try {
    servers.push(await site.startResponder('write'));
    const gateway = await site.startGateway({ OPENDLS_GATEWAY_CONTACT_EXPIRY_MS: '600000' });
    servers.push(gateway);
    const before = gateway.residentBytes();
    await generateLoad({ url: gateway.urls['phones'] ?? '', count: CONTACTS, concurrency: CONCURRENCY, from: 0 });
    const open = await openContacts(gateway, site.apiKey);
    const after = gateway.residentBytes();
    say(`open contacts       ${open}`);
    say(
      `resident memory     ${mebibytes(before)} MiB before, ${mebibytes(after)} MiB with them, bar ${BAR_MEBIBYTES} MiB`,
    );
    if (open !== CONTACTS) throw new Error(`only ${open} of ${CONTACTS} contacts are open`);
    return after < BAR_MEBIBYTES * MEBIBYTE;
  } finally {
    for (const server of servers) await server.stop();
    await site.close();
  }
}

/** The gauge as an operator sees it. */
async function openContacts(gateway: BenchProcess, apiKey: string): Promise<number> {
  const answer = await fetch(`${gateway.urls['ops'] ?? ''}/metrics`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const value = /^opendls_gateway_open_contacts(?:\{[^}]*\})? (\d+)/m.exec(await answer.text())?.[1];
  return Number(value);
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}
