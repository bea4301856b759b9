import { defineEvent } from '../define-event.js';
import { contactOpenedSchema } from './contact.schema.js';
import { fullContactOpened, minimalContactOpened } from './fixtures.js';

/** Reason `status` (M p.32, 54). */
export const deploymentReported = defineEvent({
  type: 'opendls.gateway.deployment-reported',
  topic: 'gateway.device.v1',
  description: 'A phone reported the result of a file or software deployment.',
  data: contactOpenedSchema,
  fixtures: { minimal: minimalContactOpened, full: fullContactOpened },
});
