/** `throwaway` gives up crash safety for speed: for tests only. */
export type Durability = 'full' | 'throwaway';

const COMMON = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  jit: 'off',
  lc_messages: 'C', // the launcher reads the server's messages
  log_line_prefix: '',
  log_checkpoints: 'off',
  // Messages must not carry row values or statements: both may hold what nobody may read in a log.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_statement: 'none',
} as const;

const THROWAWAY = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  shared_buffers: '256MB',
} as const;

/** Command line of the server; later settings win, so the caller's come last. */
export function serverArguments(
  port: number,
  durability: Durability,
  settings: Readonly<Record<string, string>> = {},
): string[] {
  const merged: Record<string, string> = {
    ...COMMON,
    ...(durability === 'throwaway' ? THROWAWAY : {}),
    ...settings,
    port: String(port),
  };
  return Object.entries(merged).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Nothing of the launcher's environment reaches the server: it may hold secrets, or PG* variables of another server. */
export const SERVER_ENVIRONMENT: NodeJS.ProcessEnv = { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' };
