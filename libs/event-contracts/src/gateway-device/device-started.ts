import { defineEvent } from '../define-event.js';
import { contactOpenedSchema } from './contact.schema.js';
import { fullContactOpened, minimalContactOpened } from './fixtures.js';

/** Reason `start-up` (M p.28, 32). */
export const deviceStarted = defineEvent({
  type: 'opendls.gateway.device-started',
  topic: 'gateway.device.v1',
  description: 'A phone started, was reset, or registered for the first time.',
  data: contactOpenedSchema,
  fixtures: { minimal: minimalContactOpened, full: fullContactOpened },
});
