import type { DlsAction } from '@opendls/dls-codec';
import { CaseFailure, check } from '../conformance-case.js';
import { converse, type Patience, type Understood } from './converse.js';
import type { PhoneItem } from './message-text.js';
import type { Outgoing, Phone } from './phone.js';
import type { ServiceMessage } from './service-message.js';

/** What the phone does instead of what a well-behaved one would, action by action. */
export type Reactions = Partial<Record<DlsAction | 'unknown', (message: ServiceMessage) => Outgoing | undefined>>;

export interface ContactOptions {
  readonly patience: Patience;
  readonly reactions?: Reactions;
  /** Stops before this message is answered. */
  readonly until?: (message: ServiceMessage) => boolean;
  /** In how many fragments the phone answers ReadAllItems. */
  readonly fragments?: number;
}

/** A contact that was walked to its end, or to where it was to stop. */
export interface WalkedContact {
  readonly answers: readonly Understood[];
  readonly last: Understood;
}

// The longest order that a case gives a server takes fewer; a server that goes on for ever is found soon enough.
const MAX_EXCHANGES = 120;
const ENDINGS: ReadonlySet<string> = new Set(['CleanUp', 'Restart', 'SoftwareDeployment']);

/**
 * Goes on with a contact as a well-behaved phone does, until the server ends it (PROTOCOL 4.1). A server that repeats a
 * WriteItems which was accepted, or never ends, fails.
 */
export async function walkContact(phone: Phone, first: Understood, options: ContactOptions): Promise<WalkedContact> {
  const answers = [first];
  const written = new Set<string>();
  const pending: Outgoing[] = [];
  for (let last = first; ;) {
    const { message } = last;
    if (ENDINGS.has(message.action) || options.until?.(message) === true) return { answers, last };
    if (answers.length >= MAX_EXCHANGES)
      throw new CaseFailure('an end of the contact', `no CleanUp in ${MAX_EXCHANGES} exchanges`);
    const own = options.reactions?.[message.action]?.(message);
    if (own === undefined) refuseRepeatedWrite(message, written);
    const outgoing = own ?? wellBehaved(phone, message, pending, options.fragments ?? 1);
    last = await converse(phone, outgoing, options.patience);
    const isIncomplete = own === undefined && pending.length > 0;
    if (isIncomplete) demandNextFragment(last.message);
    answers.push(last);
  }
}

// A server that answers every reply with the same WriteItems never ends (PROTOCOL 10.11).
function refuseRepeatedWrite(message: ServiceMessage, written: Set<string>): void {
  if (message.action !== 'WriteItems') return;
  const content = JSON.stringify(message.items);
  if (written.has(content)) throw new CaseFailure('an end, or another step', 'the WriteItems that was accepted before');
  written.add(content);
}

function wellBehaved(phone: Phone, message: ServiceMessage, pending: Outgoing[], fragments: number): Outgoing {
  switch (message.action) {
    case 'ReadAllItems':
      pending.splice(0, pending.length, ...fragmentsOf(phone, fragments));
      return nextFragment(pending);
    case 'GetNextFragment':
      return nextFragment(pending);
    case 'ReadItems':
      return phone.reply('ReadItems', { items: message.items.map((item) => phone.store.read(item)) });
    case 'WriteItems':
      for (const item of message.items) phone.store.write(item);
      return phone.reply('WriteItems', { items: [] });
    case 'FileDeployment':
      return phone.initial('status', deploymentStatus(message));
    default:
      throw new CaseFailure('an action of the protocol', `Action '${message.actionText}'`);
  }
}

function demandNextFragment({ action, actionText }: ServiceMessage): void {
  check(action === 'GetNextFragment', 'GetNextFragment, as more of the report is to come', actionText);
}

function nextFragment(pending: Outgoing[]): Outgoing {
  const next = pending.shift();
  if (next === undefined) throw new CaseFailure('no GetNextFragment after the last fragment', 'GetNextFragment');
  return next;
}

/** A whole report in so many replies. */
export function fragmentsOf(phone: Phone, count: number): readonly Outgoing[] {
  const items = phone.store.all();
  const size = Math.ceil(items.length / count);
  return Array.from({ length: count }, (_, n) =>
    phone.reply('ReadAllItems', {
      items: items.slice(n * size, (n + 1) * size),
      fragment: n === count - 1 ? 'final' : 'next',
    }),
  );
}

/** What a phone tells of a file that it has loaded (PROTOCOL 3.4). */
export function deploymentStatus(message: ServiceMessage, status = 'ok'): readonly PhoneItem[] {
  const named = (name: string): PhoneItem | undefined => message.items.find((item) => item.name === name);
  const { index } = message.items[0] ?? {};
  const url = named('file-https-base-url')?.value.split('/').pop();
  return [
    { name: 'file-deployment-date', index, value: '17:09:2024' },
    { name: 'file-deployment-time', index, value: '08:41:07' },
    { name: 'file-deployment-name', index, value: named('file-name')?.value ?? url ?? '' },
    { name: 'file-deployment-type', index, value: named('file-type')?.value ?? '' },
    { name: 'file-deployment-status', index, value: status },
  ];
}
