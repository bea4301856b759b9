import { flag, integer, networks, parseCommandLine, port, text, type OptionValues } from '@opendls/command-line';

export const USAGE = `OpenDLS in one process on an embedded PostgreSQL: gateway, inventory, config-policy. No Docker, no Java, no Kafka.
Ctrl-C stops it; everything is kept in the data directory.

  npm start -- [options]

  --demo N               boot N virtual phones when everything is ready
  --data-dir DIR         where everything is kept (default ./data)
  --host ADDR            address to listen on; default: phones on all addresses, API on 127.0.0.1
  --phone-port N         port of the phones' HTTPS (default 18443; 0: any free one)
  --api-port N           port of the HTTP API (default 8080; 0: any free one)
  --legacy-phone-port N  also listen for firmware that speaks only TLS 1.0
  --secure-phone-port N  port of the HTTPS of phones in Secure Mode (default 18444; with --phone-port 0: any free one)
  --dcmp-port N          also answer DCMP polls by plain HTTP; phones' HTTPS answers them always, at /dcmp/contact-me
  --phone-network CIDR   where phones may be asked to call (ContactMe); repeat it for several (default: private ranges)
  --simulated-phones     phones on this machine may be asked on any unprivileged port; implied by --demo
  --help
`;

const OPTIONS = {
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

export type StandaloneOptions = OptionValues<typeof OPTIONS> & { readonly 'secure-phone-port': number };

const SECURE_PHONE_PORT = 18_444;

/** Reads the command line of `npm start`; throws UsageError. */
export function readOptions(args: readonly string[]): StandaloneOptions {
  const options = parseCommandLine(OPTIONS, args);
  // Who takes any free port for phones wants no fixed one beside it.
  const securePort = options['secure-phone-port'] ?? (options['phone-port'] === 0 ? 0 : SECURE_PHONE_PORT);
  return {
    ...options,
    'secure-phone-port': securePort,
    'simulated-phones': options['simulated-phones'] || options.demo > 0,
  };
}
