/** How long a stream keeps what, and whether only the newest record of a key stays. */
export interface TopicDefinition {
  /** Name without the installation's prefix. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly owner: 'gateway' | 'inventory' | 'config-policy';
  readonly cleanup: 'delete' | 'compact';
  readonly retentionMs?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const GATEWAY_DEVICE_TOPIC = {
  name: 'gateway.device.v1',
  title: 'What phones said and did',
  description: 'Every contact of every phone, as facts in the order they happened.',
  owner: 'gateway',
  cleanup: 'delete',
  retentionMs: 14 * DAY_MS,
} as const satisfies TopicDefinition;

export const WORK_ORDER_TOPIC = {
  name: 'config-policy.work-order.v1',
  title: 'Work for gateways',
  description: 'The answer to every event that asks for work: an order to play out, or that there is none.',
  owner: 'config-policy',
  cleanup: 'delete',
  retentionMs: HOUR_MS,
} as const satisfies TopicDefinition;

export const CONTACT_REQUEST_TOPIC = {
  name: 'config-policy.contact-request.v1',
  title: 'Phones to be woken',
  description:
    'Requests to ask a phone, by ContactMe, for a contact. All gateways share one group: each is carried out once.',
  owner: 'config-policy',
  cleanup: 'delete',
  retentionMs: HOUR_MS,
} as const satisfies TopicDefinition;

export const DEVICE_DIRECTIVE_TOPIC = {
  name: 'config-policy.device-directive.v1',
  title: 'What gateways have to know of a phone before it calls',
  description:
    'The newest directive of every phone that has one: whether work is pending (DCMP polls), whether it must use Secure Mode, which of its certificates are revoked. Gateways keep all of it in memory.',
  owner: 'config-policy',
  cleanup: 'compact',
} as const satisfies TopicDefinition;

export const COMPLIANCE_TOPIC = {
  name: 'config-policy.compliance.v1',
  title: 'How far each phone follows its policies',
  description: 'The newest compliance state of every phone.',
  owner: 'config-policy',
  cleanup: 'compact',
} as const satisfies TopicDefinition;

export const INVENTORY_DEVICE_TOPIC = {
  name: 'inventory.device.v1',
  title: 'The current record of every phone',
  description: 'The whole current record of a phone, anew at every change; a tombstone when the phone is removed.',
  owner: 'inventory',
  cleanup: 'compact',
} as const satisfies TopicDefinition;

export const TOPICS = [
  GATEWAY_DEVICE_TOPIC,
  WORK_ORDER_TOPIC,
  CONTACT_REQUEST_TOPIC,
  DEVICE_DIRECTIVE_TOPIC,
  COMPLIANCE_TOPIC,
  INVENTORY_DEVICE_TOPIC,
] as const;

export type TopicName = (typeof TOPICS)[number]['name'];
