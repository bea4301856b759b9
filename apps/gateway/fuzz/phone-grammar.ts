import {
  ACTIONS,
  encodeWorkpointMessage,
  ITEM_STATUSES,
  REASONS,
  REPLY_STATUSES,
  type DlsMessage,
  type Item,
  type WorkpointMessage,
} from '@opendls/dls-codec';
import { mutate, toBytes, type Random } from '@opendls/dls-codec/fuzz';
import { SECRET_MARK } from './fuzz-desk.js';

const VALUES = ['', '0', 'true', 'V3 R5.12.0', 'V1 R5.6.53', '☎', '&<>"', 'x'.repeat(3_000), '\t\n', '-1', '1e9'];
const NAMES = ['device-type', 'e164', 'key-label', 'constructor', '__proto__', 'toString', 'a b', 'ä', 'x'.repeat(300)];
const MACS = 400;

/** What a fuzzed phone knows of its contact. */
export interface PhoneState {
  readonly mac: string;
  cookie: string | undefined;
  last: DlsMessage | undefined;
}

/** A body and whether it is a message of the grammar, untouched. */
export interface Body {
  readonly bytes: Buffer;
  readonly isIntact: boolean;
}

/** One of a few hundred phones: old contacts are met again and replaced. */
export function newPhone(random: Random): PhoneState {
  const digits = random.below(MACS).toString(16).toUpperCase().padStart(4, '0');
  return { mac: `00:1A:E8:F0:${digits.slice(0, 2)}:${digits.slice(2)}`, cookie: undefined, last: undefined };
}

/** The next body: what the phone would say, or something else of the grammar, or a mutation of either. */
export function nextBody(random: Random, phone: PhoneState): Body {
  const message = random.below(10) < 6 ? fitting(random, phone) : anyMessage(random, phone);
  const text = encodeWorkpointMessage(message);
  const way = random.below(20);
  if (way < 11) return { bytes: Buffer.from(text), isIntact: true };
  // Secrets in a message that may be anything by now need not be recognisable as secrets.
  const plain = text.replaceAll(SECRET_MARK, 'plain');
  if (way < 19) return { bytes: Buffer.from(toBytes(mutate(random, [plain]), random)), isIntact: false };
  return { bytes: noise(random), isIntact: false };
}

/** The answer a phone would give, or its start-up. */
function fitting(random: Random, phone: PhoneState): WorkpointMessage {
  const { last } = phone;
  if (last === undefined || last.action === 'CleanUp' || last.action === 'Restart' || last.action === 'unknown')
    return initial(random, phone, random.pick(['start-up', 'solicited', 'local-changes', 'inventory-changes']));
  if (last.action === 'FileDeployment') return initial(random, phone, 'status');
  const action = last.action === 'GetNextFragment' ? 'ReadAllItems' : last.action;
  return {
    ...base(random),
    reason: 'reply-to',
    action,
    status: random.below(12) === 0 ? 'busy' : 'accepted',
    fragment: random.below(4) === 0 ? 'next' : 'final',
    items: action === 'WriteItems' ? refusals(random, last) : someItems(random, phone),
  };
}

function anyMessage(random: Random, phone: PhoneState): WorkpointMessage {
  const reason = random.pick(REASONS);
  if (reason !== 'reply-to') return initial(random, phone, reason);
  return {
    ...base(random),
    reason,
    action: random.pick(ACTIONS),
    status: random.pick(REPLY_STATUSES),
    fragment: random.pick(['next', 'final']),
    items: someItems(random, phone),
  };
}

function initial(random: Random, phone: PhoneState, reason: WorkpointMessage['reason']): WorkpointMessage {
  const version = random.pick(['V3 R5.12.0', 'V2 R2.30.0', 'V1 R5.6.53', 'V1.2 R0.3.4', 'Unknown', '']);
  const items: Item[] = [
    { name: 'mac-addr', value: random.below(40) === 0 ? random.pick(VALUES) : phone.mac },
    { name: 'device-type', value: random.pick(['OpenStage 40', 'OpenScape Desk Phone CP210', 'x']) },
    { name: 'software-version', value: version },
    { name: 'e164', value: '4989100231' },
    { name: 'basic-e164', value: random.pick(['4989100231', '4989100999']) },
    { name: 'sip-mobility-state', value: random.pick(['0', '1', '2', '7']) },
    {
      name: 'contact-me-uri',
      value: random.pick(['http://192.0.2.9:8085/contact_dls.html/ContactDLS', 'file:///x', '']),
    },
    { name: 'configuration-changed-flag', value: random.pick(['true', 'false', '']) },
    { name: 'user-pwd', value: `${SECRET_MARK}-user` },
    ...(reason === 'status' ? [{ name: 'file-deployment-status', value: random.pick(['ok', 'failed', 'later']) }] : []),
    ...(random.below(4) === 0 ? someItems(random, phone) : []),
  ];
  return { ...base(random), reason, fragment: 'final', items };
}

function base(random: Random): Pick<WorkpointMessage, 'kind' | 'nonce' | 'maxItems'> {
  const nonce = random.pick([
    hex(random, 8),
    hex(random, 8),
    hex(random, 8),
    hex(random, 60),
    `<&"'>${hex(random, 1)}`,
  ]);
  return { kind: 'workpoint', nonce, ...(random.below(2) === 0 ? {} : { maxItems: random.pick([-1, 0, 1, 7, 100]) }) };
}

function hex(random: Random, words: number): string {
  return Array.from({ length: words }, () => random.below(0x10000).toString(16).padStart(4, '0').toUpperCase()).join(
    '',
  );
}

function someItems(random: Random, { mac }: PhoneState): Item[] {
  const secrets = ['sip-pwd', 'admin-pwd', 'userdata-phonebook', 'wbm-server-certificate'];
  return Array.from({ length: random.below(12) }, (): Item => {
    if (random.below(3) === 0) return { name: random.pick(secrets), index: 1, value: `${SECRET_MARK}-item` };
    const index = random.below(3) === 0 ? {} : { index: random.below(40) };
    return { name: random.pick([...NAMES, 'mac-addr']), ...index, value: random.pick([...VALUES, mac]) };
  });
}

function refusals(random: Random, { items = [] }: DlsMessage): Item[] {
  if (random.below(3) > 0) return [];
  return items.slice(0, 3).map(({ name, index }): Item => ({
    name,
    ...(index === undefined ? {} : { index }),
    value: '',
    status: random.pick(ITEM_STATUSES),
  }));
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
}
