import { flag, integer, parseCommandLine, port, text, type OptionValues } from '@opendls/command-line';

export const USAGE = `OpenDLS in one process on an embedded PostgreSQL: gateway, inventory, config-policy. No Docker, no Java, no Kafka.
Ctrl-C stops it; everything is kept in the data directory.

  npm start -- [options]

  --demo N               boot N virtual phones when everything is ready
  --data-dir DIR         where everything is kept (default ./data)
  --host ADDR            address to listen on; default: phones on all addresses, API on 127.0.0.1
  --phone-port N         port of the phones' HTTPS (default 18443; 0: any free one)
  --api-port N           port of the HTTP API (default 8080; 0: any free one)
  --legacy-phone-port N  also listen for firmware that speaks only TLS 1.0
  --help
`;

const OPTIONS = {
  demo: integer({ min: 0, max: 1_000, default: 0 }),
  'data-dir': text('./data'),
  host: text(undefined),
  'phone-port': port(18_443),
  'api-port': port(8080),
  'legacy-phone-port': port(undefined),
  help: flag(),
};

export type StandaloneOptions = OptionValues<typeof OPTIONS>;

/** Reads the command line of `npm start`; throws UsageError. */
export function readOptions(args: readonly string[]): StandaloneOptions {
  return parseCommandLine(OPTIONS, args);
}
