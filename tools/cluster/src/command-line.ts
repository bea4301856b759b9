import { flag, integer, networks, parseCommandLine, port, text, type OptionValues } from '@opendls/command-line';

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
  --secure-phone-port N  port of the HTTPS of phones in Secure Mode (default 18444; with --phone-port 0: any free one)
  --dcmp-port N          also answer DCMP polls by plain HTTP; phones' HTTPS answers them always, at /dcmp/contact-me
  --phone-network CIDR   where phones may be asked to call (ContactMe); repeat it for several (default: private ranges)
  --simulated-phones     phones on this machine may be asked on any unprivileged port; implied by --demo
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
  'secure-phone-port': port(undefined),
  'dcmp-port': port(undefined),
  'phone-network': networks(),
  'simulated-phones': flag(),
  help: flag(),
};

export type ClusterOptions = OptionValues<typeof OPTIONS> & { readonly 'secure-phone-port': number };

const SECURE_PHONE_PORT = 18_444;

/** Reads the command line of `npm run cluster`; throws UsageError. */
export function readOptions(args: readonly string[]): ClusterOptions {
  const options = parseCommandLine(OPTIONS, args);
  // Who takes any free port for phones wants no fixed one beside it.
  const securePort = options['secure-phone-port'] ?? (options['phone-port'] === 0 ? 0 : SECURE_PHONE_PORT);
  return {
    ...options,
    'secure-phone-port': securePort,
    'simulated-phones': options['simulated-phones'] || options.demo > 0,
  };
}
