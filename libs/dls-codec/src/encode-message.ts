import { dlsElements, type DlsMessage } from './messages/dls-message.js';
import { workpointElements, type WorkpointMessage } from './messages/workpoint-message.js';
import { writeXml, type WriteOptions } from './xml/write-xml.js';

export type EncodeOptions = WriteOptions;

/**
 * The service's message as XML text, to be sent as UTF-8. Characters that XML cannot carry are left out, white space
 * around item values too. Throws for what no message can be: an item without a name, an index below 0.
 */
export function encodeDlsMessage(message: DlsMessage, options: EncodeOptions = {}): string {
  return writeXml(dlsElements(message), options);
}

/** The phone's message as XML text, to be sent as UTF-8; cleaned like the service's. */
export function encodeWorkpointMessage(message: WorkpointMessage): string {
  return writeXml(workpointElements(message));
}
