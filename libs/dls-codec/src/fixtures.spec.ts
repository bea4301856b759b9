import { readdirSync, readFileSync, existsSync } from 'node:fs';
import type { DecodedMessage } from './decode-message.js';
import type { DecodeWarning } from './protocol-error.js';
import { decodeMessage, encodeDlsMessage, encodeWorkpointMessage } from './index.js';

interface Fixture {
  readonly source: string;
  readonly message: DecodedMessage;
  readonly warnings: readonly DecodeWarning[];
}

const folder = new URL('../fixtures/', import.meta.url);
const cases = readdirSync(folder).flatMap((name) =>
  readdirSync(new URL(`${name}/`, folder))
    .filter((file) => file.endsWith('.json'))
    .map((file) => `${name}/${file.slice(0, -'.json'.length)}`),
);

function encode(message: DecodedMessage): string {
  if (message.kind === 'unknown') throw new Error('an unknown message is never sent');
  return message.kind === 'dls' ? encodeDlsMessage(message) : encodeWorkpointMessage(message);
}

describe.each(cases)('%s', (name) => {
  const fixture = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Fixture;
  const canonicalFile = new URL(`${name}.canonical.xml`, folder);

  it('names its source', () => {
    expect(fixture.source).toMatch(/\S/);
  });

  it('decodes to the expected message', () => {
    const result = decodeMessage(readFileSync(new URL(`${name}.xml`, folder)));
    expect(result).toStrictEqual({ ok: true, message: fixture.message, warnings: fixture.warnings });
  });

  if (fixture.message.kind === 'unknown') return;

  it('encodes to canonical XML', () => {
    expect(existsSync(canonicalFile)).toBe(true);
    expect(`${encode(fixture.message)}\n`).toBe(readFileSync(canonicalFile, 'utf8'));
  });

  it('survives a round trip', () => {
    const result = decodeMessage(new TextEncoder().encode(encode(fixture.message)));
    expect(result).toMatchObject({ ok: true, message: fixture.message });
    expect(result.ok && result.message).toStrictEqual(fixture.message);
  });
});

it('covers every message of the grammar', () => {
  expect(new Set(cases.map((name) => name.split('/')[0]))).toEqual(
    new Set([
      ...['start-up', 'local-changes', 'inventory-changes', 'solicited', 'status', 'reply-to', 'clean-up'],
      ...['read-all-items', 'read-items', 'write-items', 'restart', 'file-deployment', 'software-deployment'],
      ...['service-clean-up', 'get-next-fragment', 'unknown'],
    ]),
  );
});
