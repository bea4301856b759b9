import type { AnyEvent, ContactReason, EventType } from '@opendls/event-contracts';

/** The reason (PROTOCOL: ReasonForContact) behind each event that opens a contact. */
const REASONS = {
  'opendls.gateway.device-started': 'start-up',
  'opendls.gateway.device-solicited': 'solicited',
  'opendls.gateway.local-changes-reported': 'local-changes',
  'opendls.gateway.inventory-changed': 'inventory-changes',
  'opendls.gateway.deployment-reported': 'status',
} as const satisfies Partial<Record<EventType, ContactReason>>;

type OpeningType = keyof typeof REASONS;
export type OpeningEvent = Extract<AnyEvent, { readonly type: OpeningType }>;

/** The event with its type narrowed when it opens a contact, else undefined. */
export function asOpening(event: AnyEvent): OpeningEvent | undefined {
  // Membership in the table is exactly the condition of the narrower type.
  return Object.hasOwn(REASONS, event.type) ? (event as OpeningEvent) : undefined;
}

/** Why the phone came. */
export function reasonOf(event: OpeningEvent): ContactReason {
  return REASONS[event.type];
}
