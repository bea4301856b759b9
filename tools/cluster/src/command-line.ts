import { parseArgs } from 'node:util';

export const USAGE = `OpenDLS scaled out on this machine: gateways behind a plain TCP balancer, inventory and config-policy as
separate processes, a real Kafka and a real PostgreSQL. Ctrl-C stops everything; the data stays.

  npm run cluster -- [options]

  --gateways N           gateway processes (default 2)
  --demo N               boot N virtual phones when everything is ready
  --data-dir DIR         where everything is kept (default ./data)
  --host ADDR            address to listen on; default: phones on all addresses, API on 127.0.0.1
  --phone-port N         port of the phones' HTTPS (default 18443; 0: any free one)
  --api-port N           port of the HTTP APIs (default 8080; 0: any free one)
  --legacy-phone-port N  also listen for firmware that speaks only TLS 1.0
  --help

Environment: KAFKA_BROKERS (host:port,...) uses that Kafka instead of starting one; OPENDLS_DATABASE_URL uses that
PostgreSQL (a role that may create databases) instead of the embedded one.
`;

export interface ClusterOptions {
  readonly gateways: number;
  readonly demo: number;
  readonly dataDir: string;
  readonly host: string | undefined;
  readonly phonePort: number;
  readonly apiPort: number;
  readonly legacyPhonePort: number | undefined;
}

/** The command line is wrong; the message names what. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const OPTIONS = {
  gateways: { type: 'string' },
  demo: { type: 'string' },
  'data-dir': { type: 'string' },
  host: { type: 'string' },
  'phone-port': { type: 'string' },
  'api-port': { type: 'string' },
  'legacy-phone-port': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/**
 * Reads the command line of `npm run cluster`.
 *
 * @throws UsageError naming the option and what it takes
 */
export function parseCommandLine(args: readonly string[]): ClusterOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    gateways: integer('--gateways', values.gateways ?? '2', 1, 32),
    demo: integer('--demo', values.demo ?? '0', 0, 10_000),
    dataDir: values['data-dir'] ?? './data',
    host: values.host,
    phonePort: integer('--phone-port', values['phone-port'] ?? '18443', 0, 65_535),
    apiPort: integer('--api-port', values['api-port'] ?? '8080', 0, 65_535),
    legacyPhonePort:
      values['legacy-phone-port'] === undefined
        ? undefined
        : integer('--legacy-phone-port', values['legacy-phone-port'], 0, 65_535),
  };
}

function parse(args: readonly string[]): { [Name in keyof typeof OPTIONS]?: Name extends 'help' ? boolean : string } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function integer(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${option} takes a whole number from ${min} to ${max}, not '${text}'`);
  }
  return value;
}
