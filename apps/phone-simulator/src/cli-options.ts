import { parseArgs } from 'node:util';
import {
  findPersonality,
  macAddressAfter,
  PERSONALITIES,
  phoneNumberAfter,
  serviceUrl,
  speaksLegacyTlsOnly,
} from '@opendls/virtual-phone';
import { findScenario, SCENARIOS } from './scenarios.js';

/** What the command line asks for, checked. */
export interface SimulateOptions {
  readonly url: string;
  readonly phones: number;
  readonly rate: number;
  readonly scenario: string;
  /** Absent: chosen by chance and told in the summary. */
  readonly seed?: number;
  readonly json: boolean;
  readonly macStart: string;
  readonly e164Start: string;
  readonly deviceType: string;
  /** Absent: no limit of its own. */
  readonly concurrency?: number;
  readonly timeoutMs: number;
  readonly legacyTls: boolean;
  readonly keepAlive: boolean;
  /** Where phones that speak TLS 1.0 only go. */
  readonly legacyUrl?: string;
  /** A name of a personality, or `mix` for all in turn; absent: `deviceType` says. */
  readonly personality?: string;
  readonly loopbackAddresses: boolean;
  readonly stayMs: number;
  readonly pollMs: number;
  readonly userStart: string;
  readonly userPassword: string;
}

export type ParsedCommandLine =
  | { readonly kind: 'run'; readonly options: SimulateOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

const OPTIONS = {
  url: { type: 'string' },
  phones: { type: 'string', default: '10' },
  rate: { type: 'string', default: '10' },
  scenario: { type: 'string', default: 'boot' },
  seed: { type: 'string' },
  json: { type: 'boolean', default: false },
  'mac-start': { type: 'string', default: '00:1A:E8:00:00:01' },
  'e164-start': { type: 'string', default: '4989100000' },
  'device-type': { type: 'string', default: 'OpenStage 60' },
  concurrency: { type: 'string' },
  timeout: { type: 'string', default: '15' },
  'legacy-tls': { type: 'boolean', default: false },
  'keep-alive': { type: 'boolean', default: false },
  legacy: { type: 'string' },
  personality: { type: 'string' },
  'loopback-addresses': { type: 'boolean', default: false },
  stay: { type: 'string', default: '60' },
  'poll-interval': { type: 'string', default: '10' },
  'user-start': { type: 'string', default: '4989200000' },
  'user-password': { type: 'string', default: '123456' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const HELP = `npm run simulate -- --url URL [options]

Virtual phones that boot against a deployment service, over real TLS, and do what they are told.

  --url URL            the service: https://host:port, with or without the path
  --phones N           how many (10)
  --rate R             phones switched on per second (10)
  --scenario NAME      what each of them does (boot):
${SCENARIOS.map(({ name, description }) => `                         ${name.padEnd(13)} ${description}`).join('\n')}
  --seed N             makes waiting times and changes repeatable
  --json               summary as one line of JSON on standard output
  --mac-start MAC      address of the first phone (00:1A:E8:00:00:01); the others count up
  --e164-start NUMBER  number of the first phone (4989100000); the others count up
  --device-type TYPE   model, such as "OpenStage 60" (default), "OpenStage 40", "OpenScape Desk Phone CP210"
  --personality NAME   model and firmware together, instead of --device-type; mix = all in turn:
${PERSONALITIES.map(({ name, deviceType, softwareVersion }) => `                         ${name.padEnd(18)} ${deviceType}, ${softwareVersion}`).join('\n')}
  --legacy URL         the service's listener for TLS 1.0, for models that speak nothing else
  --loopback-addresses every phone gets a ContactMe port 8085 on an address of its own, 127.1.0.1 and on (Linux);
                       otherwise scenarios that need one use any free port of 127.0.0.1
  --stay SECONDS       how long phones wait for the service in scenarios that wait (60)
  --poll-interval SECONDS  between DCMP polls when the service sets no interval (10)
  --user-start NUMBER  mobile user of the first phone (4989200000); the others count up
  --user-password PWD  password of the mobile users (123456)
  --concurrency N      most phones at work at the same time (no limit)
  --timeout SECONDS    how long a phone waits for an answer (15)
  --legacy-tls         speak TLS 1.0 with the ciphers of old firmware
  --keep-alive         keep connections open; phones as a rule open one per message
  --help               this text

Ends with 0 when every phone succeeded, with 1 when any failed, with 2 when an option is wrong.
`;

/** Reads the command line; everything wrong is told at once. */
export function parseCommandLine(args: readonly string[]): ParsedCommandLine {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  if (values.help === true) return { kind: 'help' };
  const problems = tokens.flatMap((token) => {
    if (token.kind === 'positional') return [`unexpected argument: ${token.value}`];
    if (token.kind !== 'option') return [];
    if (!Object.hasOwn(OPTIONS, token.name)) return [`unknown option: ${token.rawName}`];
    const { type } = OPTIONS[token.name as keyof typeof OPTIONS]; // just checked to be one of them
    if (type === 'string' && (token.value ?? '') === '') return [`${token.rawName} needs a value`];
    return type === 'boolean' && token.value !== undefined ? [`${token.rawName} takes no value`] : [];
  });
  const text = (name: keyof typeof OPTIONS): string => (typeof values[name] === 'string' ? values[name] : '');
  if (values.url === undefined) problems.push('--url is missing');
  if (problems.length > 0) return { kind: 'wrong', problems };
  const options: SimulateOptions = {
    url: text('url'),
    phones: Number(text('phones')),
    rate: Number(text('rate')),
    scenario: text('scenario'),
    ...(values.seed === undefined ? {} : { seed: Number(text('seed')) }),
    json: values.json === true,
    macStart: text('mac-start'),
    e164Start: text('e164-start'),
    deviceType: text('device-type'),
    ...(values.concurrency === undefined ? {} : { concurrency: Number(text('concurrency')) }),
    timeoutMs: Number(text('timeout')) * 1000,
    legacyTls: values['legacy-tls'] === true,
    keepAlive: values['keep-alive'] === true,
    ...(values.legacy === undefined ? {} : { legacyUrl: text('legacy') }),
    ...(values.personality === undefined ? {} : { personality: text('personality').toLowerCase() }),
    loopbackAddresses: values['loopback-addresses'] === true,
    stayMs: Number(text('stay')) * 1000,
    pollMs: Number(text('poll-interval')) * 1000,
    userStart: text('user-start'),
    userPassword: text('user-password'),
  };
  const wrong = checkOptions(options);
  return wrong.length > 0 ? { kind: 'wrong', problems: wrong } : { kind: 'run', options };
}

function checkOptions(options: SimulateOptions): string[] {
  const { phones, rate, seed, concurrency, timeoutMs, scenario } = options;
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  const problems: string[] = [];
  if (!isCount(phones) || phones > 1_000_000) problems.push('--phones must be a whole number from 1 to 1000000');
  if (!(rate > 0)) problems.push('--rate must be a number greater than 0');
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 31)) {
    problems.push('--seed must be a whole number from 0 to 2147483647');
  }
  if (concurrency !== undefined && !isCount(concurrency)) problems.push('--concurrency must be a whole number from 1');
  if (!(timeoutMs > 0) || timeoutMs > 3_600_000) problems.push('--timeout must be a number of seconds up to 3600');
  if (!findScenario(scenario)) {
    problems.push(`--scenario must be one of ${SCENARIOS.map(({ name }) => name).join(', ')}, not ${scenario}`);
  }
  return [
    ...problems,
    ...checkPersonality(options),
    ...checkTimes(options),
    ...problemOf('--url', () => serviceUrl(options.url)),
    ...problemOf('--mac-start', () => macAddressAfter(options.macStart, isCount(phones) ? phones - 1 : 0)),
    ...problemOf('--e164-start', () => phoneNumberAfter(options.e164Start, 0)),
    ...problemOf('--user-start', () => phoneNumberAfter(options.userStart, 0)),
    ...problemOf('--legacy', () => options.legacyUrl === undefined || serviceUrl(options.legacyUrl)),
  ];
}

function checkPersonality({ personality, legacyUrl, legacyTls }: SimulateOptions): string[] {
  if (personality === undefined || personality === 'mix') return [];
  const found = findPersonality(personality);
  if (!found) {
    const names = PERSONALITIES.map(({ name }) => name).join(', ');
    return [`--personality must be mix or one of ${names}, not ${personality}`];
  }
  if (!speaksLegacyTlsOnly(found) || legacyUrl !== undefined || legacyTls) return [];
  return [
    `--personality ${personality} speaks TLS 1.0 only: give --legacy URL, or --legacy-tls if --url is that listener`,
  ];
}

function checkTimes({ stayMs, pollMs }: SimulateOptions): string[] {
  const isTime = (ms: number): boolean => ms > 0 && ms <= 86_400_000;
  return [
    ...(isTime(stayMs) ? [] : ['--stay must be a number of seconds up to 86400']),
    ...(isTime(pollMs) ? [] : ['--poll-interval must be a number of seconds up to 86400']),
  ];
}

function problemOf(name: string, parse: () => unknown): string[] {
  try {
    parse();
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
