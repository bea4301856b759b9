import { randomBytes } from 'node:crypto';
import { parseSetCookie, plainCookie, cookieWithAttributes, type Cookie } from '../phone/cookie-jar.js';
import { escapeText } from '../phone/message-text.js';
import { isOverload } from '../phone/converse.js';
import { readServiceMessage, type ServiceMessage } from '../phone/service-message.js';
import { Connection } from '../wire/connection.js';
import { headerValues, type WireAnswer } from '../wire/read-response.js';
import { requestHead } from '../wire/request-text.js';
import type { Target } from '../wire/target.js';
import { MASK } from './mask-recording.js';
import type { RecordedExchange, Recording } from './recording.js';

export interface ReplayOptions {
  readonly target: Target;
  readonly timeoutMs: number;
  /** Instead of the recorded phone's. */
  readonly mac: string | undefined;
  /** Also the values of items must be the same; masked ones are never compared. */
  readonly comparesValues: boolean;
}

/** Where a server's answer is not the recorded one. */
export interface Difference {
  readonly exchange: number;
  readonly what: 'status' | 'framing' | 'document' | 'nonce' | 'action' | 'items' | 'values' | 'cookie';
  readonly recorded: string;
  readonly got: string;
}

const OVERLOAD_REPEATS = 10;
const OVERLOAD_DELAY_MS = 1_000;

/**
 * Plays the phone's side of a recording. Every message gets a nonce of its own (the same recorded nonce the same one) and the
 * cookie that this server has set. After another action than the recorded one the phone's next message would make no sense:
 * the replay ends there.
 */
export async function replay(recording: Recording, options: ReplayOptions): Promise<readonly Difference[]> {
  const nonces = new Map<string, string>();
  const differences: Difference[] = [];
  const recordedMac = macOf(recording);
  let cookie: Cookie | undefined;
  for (const [n, exchange] of recording.exchanges.entries()) {
    const recordedNonce =
      /<(?:\w+:)?Message\b[^>]*\bnonce\s*=\s*["']([^"']*)["']/.exec(exchange.request.xml)?.[1] ?? '';
    const nonce = nonces.get(recordedNonce) ?? randomBytes(16).toString('hex').toUpperCase();
    nonces.set(recordedNonce, nonce);
    const xml = substituted(exchange.request.xml, nonce, recordedMac, options.mac);
    const answer = await send(exchange, xml, cookie, options);
    for (const header of headerValues(answer, 'set-cookie')) cookie = parseSetCookie(header) ?? cookie;
    const found = compare(exchange, answer, nonce, options.comparesValues).map((each) => ({
      ...each,
      exchange: n + 1,
    }));
    differences.push(...found);
    if (found.some(({ what }) => what === 'action' || what === 'document' || what === 'status')) break;
  }
  return differences;
}

function substituted(xml: string, nonce: string, oldMac: string | undefined, mac: string | undefined): string {
  const withNonce = xml.replace(/(<(?:\w+:)?Message\b[^>]*\bnonce\s*=\s*["'])[^"']*/, `$1${nonce}`);
  return mac === undefined || oldMac === undefined ? withNonce : withNonce.replaceAll(oldMac, escapeText(mac));
}

function macOf({ exchanges }: Recording): string | undefined {
  return /name\s*=\s*["']mac-addr["'][^>]*>\s*([^<\s]+)\s*</.exec(exchanges[0]?.request.xml ?? '')?.[1];
}

async function send(
  exchange: RecordedExchange,
  xml: string,
  cookie: Cookie | undefined,
  options: ReplayOptions,
): Promise<WireAnswer> {
  for (let repeats = 0; ; repeats += 1) {
    const answer = await sendOnce(exchange, xml, cookie, options);
    const read = readServiceMessage(answer);
    if (!read.ok || !isOverload(read.message) || repeats >= OVERLOAD_REPEATS) return answer;
    await new Promise((resolve) => setTimeout(resolve, OVERLOAD_DELAY_MS));
  }
}

async function sendOnce(
  { request }: RecordedExchange,
  xml: string,
  cookie: Cookie | undefined,
  { target, timeoutMs }: ReplayOptions,
): Promise<WireAnswer> {
  const recorded = (name: string): string | undefined =>
    request.headers.find(([given]) => given.toLowerCase() === name)?.[1];
  // A phone that returned attributes with the cookie does so again (PROTOCOL 1.3).
  const form = recorded('cookie')?.includes(';') === true ? cookieWithAttributes : plainCookie;
  const body = Buffer.from(xml);
  const hasCookie = recorded('cookie') !== undefined && cookie !== undefined;
  const head = requestHead(target, body.length, {
    contentType: recorded('content-type') ?? null,
    ...(hasCookie ? { cookie: form(cookie) } : {}),
    connection: 'close',
  });
  const connection = await Connection.open(target, timeoutMs);
  try {
    await connection.write(Buffer.concat([Buffer.from(head), body]));
    return await connection.readAnswer();
  } finally {
    connection.destroy();
  }
}

type Found = Omit<Difference, 'exchange'>;

function compare({ response }: RecordedExchange, answer: WireAnswer, nonce: string, comparesValues: boolean): Found[] {
  if (answer.status !== response.status) return [differ('status', String(response.status), String(answer.status))];
  const recorded = readServiceMessage({ ...answer, headers: response.headers, body: Buffer.from(response.xml) });
  const got = readServiceMessage(answer);
  if (!got.ok || !recorded.ok)
    return got.ok === recorded.ok
      ? []
      : [differ('document', recorded.ok ? 'a message' : recorded.problem, got.ok ? 'a message' : got.problem)];
  const sets = (headers: RecordedExchange['response']['headers']): string =>
    headers.some(([name]) => /^set-cookie$/i.test(name)) ? 'a cookie' : 'none';
  const isSetting = sets(response.headers) === 'a cookie' && sets(answer.headers) === 'none';
  return [
    ...unless(answer.framing === response.framing, 'framing', response.framing, answer.framing),
    ...unless(got.message.nonce === nonce, 'nonce', nonce, got.message.nonce),
    ...unless(!isSetting, 'cookie', 'a cookie', 'none'),
    ...compareMessages(recorded.message, got.message, comparesValues),
  ];
}

function compareMessages(recorded: ServiceMessage, got: ServiceMessage, comparesValues: boolean): Found[] {
  const [keysThen, keysNow] = [keys(recorded), keys(got)];
  const found = [
    ...unless(recorded.actionText === got.actionText, 'action', recorded.actionText, got.actionText),
    ...unless(keysThen === keysNow, 'items', keysThen, keysNow),
  ];
  if (!comparesValues || found.length > 0) return found;
  const later = new Map(got.items.map((item) => [keyOf(item), item.value]));
  return recorded.items
    .filter((item) => item.value !== MASK && later.get(keyOf(item)) !== item.value)
    .map((item) => differ('values', `${keyOf(item)} = ${item.value}`, later.get(keyOf(item)) ?? ''));
}

const keyOf = ({ name, index }: ServiceMessage['items'][number]): string =>
  index === undefined ? name : `${name}[${index}]`;
const keys = ({ items }: ServiceMessage): string => items.map(keyOf).toSorted().join(', ') || 'none';

function differ(what: Found['what'], recorded: string, got: string): Found {
  return { what, recorded, got };
}

function unless(isSame: boolean, what: Found['what'], recorded: string, got: string): Found[] {
  return isSame ? [] : [differ(what, recorded, got)];
}
