import { defineEvent } from '../define-event.js';
import { contactOpenedSchema } from './contact.schema.js';
import { fullContactOpened, minimalContactOpened } from './fixtures.js';

/** Reason `solicited` (M p.28, 43). */
export const deviceSolicited = defineEvent({
  type: 'opendls.gateway.device-solicited',
  topic: 'gateway.device.v1',
  description: 'A phone came because it was asked to, or because it had been busy before.',
  data: contactOpenedSchema,
  fixtures: { minimal: minimalContactOpened, full: fullContactOpened },
});
