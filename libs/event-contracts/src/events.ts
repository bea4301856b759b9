import { complianceChanged } from './compliance/compliance-changed.js';
import { deviceDirectiveChanged } from './device-directive/device-directive-changed.js';
import type { DataOf, EventDefinition } from './define-event.js';
import { contactRequested } from './contact-request/contact-requested.js';
import { contactAttempted } from './gateway-device/contact-attempted.js';
import { contactClosed } from './gateway-device/contact-closed.js';
import { contactRefused } from './gateway-device/contact-refused.js';
import { deploymentReported } from './gateway-device/deployment-reported.js';
import { deviceSolicited } from './gateway-device/device-solicited.js';
import { deviceStarted } from './gateway-device/device-started.js';
import { inventoryChanged } from './gateway-device/inventory-changed.js';
import { itemsReported } from './gateway-device/items-reported.js';
import { localChangesReported } from './gateway-device/local-changes-reported.js';
import { stepCompleted } from './gateway-device/step-completed.js';
import { deviceUpdated } from './inventory-device/device-updated.js';
import { noWork } from './work-order/no-work.js';
import { workOrderIssued } from './work-order/work-order-issued.js';

const DEFINITIONS = [
  deviceStarted,
  deviceSolicited,
  localChangesReported,
  inventoryChanged,
  deploymentReported,
  itemsReported,
  stepCompleted,
  contactClosed,
  contactRefused,
  contactAttempted,
  workOrderIssued,
  noWork,
  contactRequested,
  deviceDirectiveChanged,
  complianceChanged,
  deviceUpdated,
] as const;

type Definition = (typeof DEFINITIONS)[number];
export type EventType = Definition['type'];
export type EventDataByType = { [D in Definition as D['type']]: DataOf<D> };

/** Every event of OpenDLS by its type. The one source of the JSON Schemas and of the AsyncAPI document. */
export const EVENTS: Readonly<Record<EventType, EventDefinition>> = Object.freeze(
  // Object.fromEntries forgets the key type; DEFINITIONS has exactly the types of EventType.
  Object.fromEntries(DEFINITIONS.map((definition) => [definition.type, definition])) as Record<EventType, Definition>,
);
