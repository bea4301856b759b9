import { runServer } from '@opendls/command-line';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { bootDemoPhones, type DemoPhones } from './boot-demo-phones.js';
import { DEMO_MAC_START } from './demo-policy.js';
import { firstSteps } from './first-steps.js';

/** An installation that answers phones and API calls. */
export interface RunningInstallation {
  readonly phonesUrl: string;
  readonly securePhonesUrl?: string | null;
  readonly legacyPhonesUrl?: string | null;
  /** Plain HTTP for DCMP polls. */
  readonly dcmpUrl?: string | null;
  readonly apiUrl: string;
  /** Where events can be read by any Kafka client. */
  readonly brokers?: readonly string[];
  readonly data: { readonly path: string; readonly logDirectory: string; readonly firstApiKeyFile: string };
  /** The first admin key, when this start made it. */
  readonly newApiKey: string | undefined;
  /** Rejects with the reason when the installation cannot go on. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

export interface InstallationProgram<Options extends { readonly help: boolean; readonly demo: number }> {
  readonly usage: string;
  readonly readOptions: (args: readonly string[]) => Options;
  readonly start: (options: Options, say: (line: string) => void) => Promise<RunningInstallation>;
}

type Say = (line: string) => void;

/**
 * Runs a whole installation from the command line: starts it, tells where everything is, boots the demo phones, says what to
 * try, and stops it at Ctrl-C.
 */
export async function runInstallation<Options extends { readonly help: boolean; readonly demo: number }>(
  program: InstallationProgram<Options>,
): Promise<never> {
  const say: Say = (line) => void process.stderr.write(`${line}\n`);
  return runServer(async () => {
    const options = program.readOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(program.usage);
      process.exit(0);
    }
    const installation = await program.start(options, say);
    const demo = new AbortController();
    const welcomed = welcome(installation, options.demo, say, demo.signal).catch((error: unknown) => {
      say(`The demo failed: ${String(error)}`);
    });
    return {
      failed: installation.failed,
      close: async () => {
        demo.abort();
        await (
          await welcomed
        )?.ended;
        await installation.close();
      },
    };
  }, say);
}

async function welcome(
  installation: RunningInstallation,
  demo: number,
  say: Say,
  signal: AbortSignal,
): Promise<DemoPhones | undefined> {
  const { data, phonesUrl, securePhonesUrl, legacyPhonesUrl, dcmpUrl, apiUrl, brokers, newApiKey } = installation;
  say(`\nOpenDLS is ready.\n  phones  ${phonesUrl}`);
  if (securePhonesUrl) say(`  secure  ${securePhonesUrl} (phones in Secure Mode)`);
  if (legacyPhonesUrl) say(`  legacy  ${legacyPhonesUrl} (TLS 1.0)`);
  if (dcmpUrl) say(`  DCMP    ${dcmpUrl}/dcmp`);
  say(`  API     ${apiUrl}`);
  if (brokers) say(`  Kafka   ${brokers.join(',')}`);
  say(`  data    ${data.path} (logs: ${data.logDirectory})`);
  if (newApiKey) say(`  first admin key (kept in ${data.firstApiKeyFile}): ${newApiKey}`);
  say('');
  const apiKey = newApiKey ?? (await keyIn(data.firstApiKeyFile));
  const phones =
    demo > 0 && apiKey ? await bootDemoPhones({ phonesUrl, apiUrl, apiKey, count: demo, say, signal }) : undefined;
  if (signal.aborted) return phones;
  const relative = path.relative(process.cwd(), data.firstApiKeyFile);
  const keyFile = relative.startsWith('..') ? data.firstApiKeyFile : relative;
  const deviceId = demo > 0 ? DEMO_MAC_START.replaceAll(':', '').toLowerCase() : undefined;
  say(`\n${firstSteps({ apiUrl, phonesUrl, keyFile, deviceId, brokers })}`);
  return phones;
}

/** The key in clear, unless it was taken away, as it should be in production. */
async function keyIn(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}
