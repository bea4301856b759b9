/** Why no answer was read. */
export type WireErrorCode = 'refused' | 'silent' | 'closed' | 'malformed';

/** No answer could be read; the message says what happened instead. */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(
    readonly code: WireErrorCode,
    message: string,
  ) {
    super(message);
  }
}
