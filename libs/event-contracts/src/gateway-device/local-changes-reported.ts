import { defineEvent } from '../define-event.js';
import { contactOpenedSchema } from './contact.schema.js';
import { fullContactOpened, minimalContactOpened } from './fixtures.js';

/** Reason `local-changes` (M p.37, 40). */
export const localChangesReported = defineEvent({
  type: 'opendls.gateway.local-changes-reported',
  topic: 'gateway.device.v1',
  description: 'Settings were changed on the phone itself.',
  data: contactOpenedSchema,
  fixtures: { minimal: minimalContactOpened, full: fullContactOpened },
});
