/** Well-formed XML that is neither a WorkpointMessage nor holds a DLSMessage. */
export interface UnknownMessage {
  readonly kind: 'unknown';
  /** Local name of the document's root element. */
  readonly rootName: string;
  /** The nonce of a Message element, so that the sender can be answered. */
  readonly nonce?: string;
}
