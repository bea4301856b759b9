export type DataDirectoryErrorCode = 'in-use' | 'not-writable' | 'damaged';

/** The data directory cannot be used; the message says what to do, for the person at the terminal. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  constructor(
    readonly code: DataDirectoryErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
