/**
 * Wrong credentials, a missing database or a wrong statement do not go away by waiting. Everything else (no connection,
 * shutting down, out of connections, deadlock) may.
 */
const LASTING = /^(28|3D|42|22)/;

export function isPassing(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code !== 'string' || !LASTING.test(code);
}
