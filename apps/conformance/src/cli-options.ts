import { flag, integer, parseCommandLine, text, UsageError } from '@opendls/command-line';
import { DEFAULT_MAC_PREFIX } from './run/phone-numbers.js';
import type { Addresses } from './run/case-run.js';
import { parseTarget, type Target } from './wire/target.js';

export const HELP = `Plays the phone's side of the protocol against a server and reports where the server departs from it.

npm run conformance -- --url https://host:port [options]
npm run conformance -- record --url URL --out FILE      writes one contact down, without secrets (record --help)
npm run conformance -- replay FILE --url URL            plays it again and compares the answers (replay --help)

  --url URL          the server; the path phones use is added unless the address names one
  --list             show the cases and do nothing
  --only PATTERN     only cases whose id contains this; * stands for anything, e.g. --only 'cookies/*reply'
  --hooks FILE       ES module that tells the server to have work for a phone (see the README); cases that need a hook
                     which is not there are reported as not run
  --secure-url URL   its listener for Secure Mode (port 18444); cases that need it are not run without
  --legacy-url URL   its listener for phones that speak only TLS 1.0
  --dcmp-url URL     the base address of its DCMP polling, http or https
  --listen-host ADDR this machine as the server reaches it, for cases in which it wakes a phone (default 127.0.0.1)
  --json FILE        write the report as JSON
  --junit FILE       write the report as JUnit XML
  --timeout SECONDS  how long an answer may take (default 10)
  --concurrency N    how many cases are played at the same time, 1 to 16 (default 1)
  --mac-prefix MAC   first three bytes of the phones' addresses (default ${DEFAULT_MAC_PREFIX})
  --verbose          show the cases that passed, too
  --help             this text

Exit status: 0 nothing that is demanded failed, 1 something did, 2 the command line is wrong.
`;

export interface ConformanceOptions {
  readonly target: Target;
  readonly url: string;
  readonly only: string | undefined;
  readonly hooks: string | undefined;
  readonly json: string | undefined;
  readonly junit: string | undefined;
  readonly timeoutMs: number;
  readonly macPrefix: string;
  readonly concurrency: number;
  readonly addresses: Addresses;
  readonly listenHost: string;
  readonly verbose: boolean;
}

export type ParsedOptions =
  | { readonly kind: 'help' }
  | { readonly kind: 'list'; readonly only: string | undefined }
  | { readonly kind: 'run'; readonly options: ConformanceOptions };

const OPTIONS = {
  url: text(undefined),
  list: flag(),
  only: text(undefined),
  hooks: text(undefined),
  json: text(undefined),
  junit: text(undefined),
  timeout: integer({ min: 1, max: 600, default: 10 }),
  concurrency: integer({ min: 1, max: 16, default: 1 }),
  'mac-prefix': text(DEFAULT_MAC_PREFIX),
  verbose: flag(),
  'secure-url': text(undefined),
  'legacy-url': text(undefined),
  'dcmp-url': text(undefined),
  'listen-host': text('127.0.0.1'),
  help: flag(),
};

/**
 * Reads the command line.
 *
 * @throws UsageError naming the option that is wrong
 */
export function parseOptions(args: readonly string[]): ParsedOptions {
  const given = parseCommandLine(OPTIONS, args);
  if (given.help) return { kind: 'help' };
  if (given.list) return { kind: 'list', only: given.only };
  if (given.url === undefined) throw new UsageError('--url is missing: the address of the server, https://host:port');
  const target = parseTarget(given.url);
  if (target === undefined) throw new UsageError(`--url takes an address like https://host:port, not '${given.url}'`);
  const macPrefix = given['mac-prefix'].toUpperCase();
  if (!/^([0-9A-F]{2}:){2}[0-9A-F]{2}$/.test(macPrefix))
    throw new UsageError(`--mac-prefix takes three bytes like ${DEFAULT_MAC_PREFIX}, not '${given['mac-prefix']}'`);
  const { url, only, hooks, json, junit, verbose, concurrency } = given;
  return {
    kind: 'run',
    options: {
      ...{ addresses: addressesOf(given), listenHost: given['listen-host'] },
      ...{ target, url, only, hooks, json, junit, verbose, concurrency, macPrefix, timeoutMs: given.timeout * 1_000 },
    },
  };
}

type Given = Readonly<Record<'secure-url' | 'legacy-url' | 'dcmp-url', string | undefined>>;

function addressesOf(given: Given): Addresses {
  const [secure, legacy] = (['secure-url', 'legacy-url'] as const).map((name) => {
    const url = given[name];
    const target = url === undefined ? undefined : parseTarget(url);
    if (url !== undefined && target === undefined)
      throw new UsageError(`--${name} takes an address like https://host:port, not '${url}'`);
    return target;
  });
  const dcmp = given['dcmp-url']?.replace(/\/$/, '');
  if (dcmp !== undefined && !(URL.canParse(dcmp) && /^https?:/.test(dcmp)))
    throw new UsageError(`--dcmp-url takes an address like http://host:port/dcmp, not '${dcmp}'`);
  return {
    ...(secure === undefined ? {} : { '--secure-url': secure }),
    ...(legacy === undefined ? {} : { '--legacy-url': legacy }),
    ...(dcmp === undefined ? {} : { '--dcmp-url': dcmp }),
  };
}
