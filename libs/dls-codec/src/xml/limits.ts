/** What decoding accepts. A value equal to a limit is accepted, one more is refused. */
export interface CodecLimits {
  /** Bytes of the whole input. */
  readonly maxBytes: number;
  /** Elements inside one another; the root is 1. */
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Attributes of one element, namespace declarations included. */
  readonly maxAttributes: number;
  /** Characters of an element or attribute name. */
  readonly maxNameLength: number;
  /** Characters of an attribute value, or of the text between two tags, as written. */
  readonly maxValueLength: number;
  /** Items of one message. */
  readonly maxItems: number;
}

/** Phones keep to 50 kB per message; the margin is for those that do not. */
export const DEFAULT_LIMITS: CodecLimits = Object.freeze({
  maxBytes: 1_048_576,
  maxDepth: 32,
  maxElements: 20_000,
  maxAttributes: 32,
  maxNameLength: 256,
  maxValueLength: 65_536,
  maxItems: 10_000,
});

/** Most bytes of one encoded message: "50 kB" by the protocol, read as the smaller of its two meanings. */
export const MAX_MESSAGE_BYTES = 50_000;
