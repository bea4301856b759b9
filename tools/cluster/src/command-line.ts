import { flag, integer, parseCommandLine, port, text, type OptionValues } from '@opendls/command-line';

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
PostgreSQL (a role that may create databases) instead of the embedded one. Settings of the services
(OPENDLS_GATEWAY_..., OPENDLS_INVENTORY_..., OPENDLS_CONFIG_POLICY_...) are passed on to them.
`;

const OPTIONS = {
  gateways: integer({ min: 1, max: 32, default: 2 }),
  demo: integer({ min: 0, max: 1_000, default: 0 }),
  'data-dir': text('./data'),
  host: text(undefined),
  'phone-port': port(18_443),
  'api-port': port(8080),
  'legacy-phone-port': port(undefined),
  help: flag(),
};

export type ClusterOptions = OptionValues<typeof OPTIONS>;

/** Reads the command line of `npm run cluster`; throws UsageError. */
export function readOptions(args: readonly string[]): ClusterOptions {
  return parseCommandLine(OPTIONS, args);
}
