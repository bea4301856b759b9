import { defineEvent } from '../define-event.js';
import { contactOpenedSchema } from './contact.schema.js';
import { fullContactOpened, minimalContactOpened } from './fixtures.js';

/** Reason `inventory-changes` (M p.28). */
export const inventoryChanged = defineEvent({
  type: 'opendls.gateway.inventory-changed',
  topic: 'gateway.device.v1',
  description: 'A module was attached or removed, or a mobile user logged on or off.',
  data: contactOpenedSchema,
  fixtures: { minimal: minimalContactOpened, full: fullContactOpened },
});
