/**
 * Wrong credentials, a missing database or a wrong statement do not go away by waiting. Everything else (no connection,
 * shutting down, out of connections, deadlock) may.
 */
const LASTING = /^(28|3D|42|22)/;

export function isPassing(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code !== 'string' || !LASTING.test(code);
}

/** What is in the records makes the statement fail: data that cannot be stored, more than fits. */
export function isRefusal(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|54)/.test(code);
}
