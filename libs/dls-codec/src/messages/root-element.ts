import type { XmlOutput } from '../xml/write-xml.js';

/** The protocol's XML namespace. */
export const NAMESPACE = 'http://www.siemens.com/DLS';

/** A message's root with the declarations every message carries (PROTOCOL 2.1: one token in schemaLocation). */
export function rootElement(name: 'WorkpointMessage' | 'DLSMessage', message: XmlOutput): XmlOutput {
  return {
    name,
    attributes: {
      xmlns: NAMESPACE,
      'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      'xsi:schemaLocation': NAMESPACE,
    },
    children: [message],
  };
}
