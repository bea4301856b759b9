/** The chain of an error and its causes, as far as it goes. */
function* causes(error: unknown): Generator<Readonly<Record<string, unknown>>> {
  let current = error;
  for (let depth = 0; depth < 10 && typeof current === 'object' && current !== null; depth += 1) {
    // An object; its properties are looked at one by one.
    const fields = current as Record<string, unknown>;
    yield fields;
    current = fields['cause'];
  }
}

/** What a consumer or producer that broke down with it may be started again after. */
export function isRetriable(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (cause['retriable'] === true || cause['name'] === 'KafkaJSNumberOfRetriesExceeded') return true;
  }
  return false;
}

/** What a broker answers when it will never take the records, whoever sends them. */
const REFUSALS: ReadonlySet<string | undefined> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
]);

/**
 * Whether a failed request failed because of its records. Everything else (a lost producer session, missing rights, a wrong
 * password) is no fault of theirs: they must be published again, or they are lost.
 */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.has(protocolErrorType(error)) || error instanceof TypeError || error instanceof RangeError;
}

/** The protocol's name of the error, such as `MESSAGE_TOO_LARGE`, where there is one. */
export function protocolErrorType(error: unknown): string | undefined {
  for (const cause of causes(error)) if (typeof cause['type'] === 'string') return cause['type'];
  return undefined;
}
