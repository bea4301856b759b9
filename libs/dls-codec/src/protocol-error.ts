/** Every way in which input can be refused. */
export const DECODE_ERROR_CODES = [
  'empty',
  'too-large',
  'unsupported-charset',
  'invalid-encoding',
  'not-xml',
  'malformed-xml',
  'truncated',
  'doctype-forbidden',
  'entity-forbidden',
  'processing-instruction-forbidden',
  'too-deep',
  'too-many-elements',
  'too-many-attributes',
  'name-too-long',
  'value-too-long',
  'too-many-items',
  'missing-message',
  'missing-nonce',
  'missing-reason',
  'missing-action',
] as const;
export type DecodeErrorCode = (typeof DECODE_ERROR_CODES)[number];

/** Why input was refused. */
export interface DecodeError {
  readonly code: DecodeErrorCode;
  /** Byte offset in the input; 0 when the fault is the whole input's. */
  readonly offset: number;
  /** Short and neutral: never holds a piece of the input. */
  readonly message: string;
  /** The message's nonce where it could still be read, so that the phone can be answered. */
  readonly nonce?: string;
}

/** Every oddity that is tolerated and told. */
export const DECODE_WARNING_CODES = [
  'missing-namespace',
  'foreign-namespace',
  'unexpected-element',
  'duplicate-element',
  'unexpected-attribute',
  'unexpected-text',
  'misplaced-item-list',
  'misplaced-fragment',
  'unknown-fragment',
  'invalid-max-items',
  'unknown-reason',
  'unknown-action',
  'unknown-reply-status',
  'unknown-item-status',
  'missing-reply-action',
  'missing-reply-status',
  'item-without-name',
  'invalid-index',
  'charset-conflict',
  'more-warnings',
] as const;
export type DecodeWarningCode = (typeof DECODE_WARNING_CODES)[number];

/** One tolerated oddity. `subject` is the name it is about, cut to a length fit for a log line. */
export interface DecodeWarning {
  readonly code: DecodeWarningCode;
  readonly subject?: string;
}
