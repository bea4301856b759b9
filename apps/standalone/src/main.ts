import 'reflect-metadata';
import { runServer } from '@opendls/command-line';
import type { DataDirectory } from '@opendls/data-directory';
import { bootDemoPhones, firstSteps } from '@opendls/demo-phones';
import { createLogger, type Logger } from '@opendls/logging';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { readOptions, USAGE } from './command-line.js';
import { startStandalone, type RunningStandalone } from './standalone.js';

const say = (line: string): void => console.error(line);

await runServer(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const server = await startStandalone(options, logToFile, say);
  const demo = new AbortController();
  const welcomed = welcome(server, options.demo, demo.signal).catch((error: unknown) =>
    say(`The demo failed: ${String(error)}`),
  );
  return {
    failed: server.failed,
    close: async () => {
      demo.abort();
      await welcomed;
      await server.close();
    },
  };
}, say);

function logToFile(data: DataDirectory): Logger {
  const destination = pino.destination({ dest: path.join(data.logDirectory, 'opendls.log'), sync: true, mkdir: true });
  return createLogger({ name: 'opendls', level: 'info', destination });
}

/** Tells where everything is, boots the demo phones, and says what to try. */
async function welcome(server: RunningStandalone, demo: number, signal: AbortSignal): Promise<void> {
  const { data, phonesUrl, apiUrl } = server;
  say(`\nOpenDLS is ready.\n  phones  ${phonesUrl}`);
  if (server.legacyPhonesUrl) say(`  legacy  ${server.legacyPhonesUrl} (TLS 1.0)`);
  say(`  API     ${apiUrl}\n  data    ${data.path} (log: ${path.join(data.logDirectory, 'opendls.log')})`);
  if (server.newApiKey) say(`  first admin key (kept in ${data.firstApiKeyFile}): ${server.newApiKey}`);
  say('');
  const apiKey = await readFile(data.firstApiKeyFile, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  if (demo > 0 && apiKey) await bootDemoPhones({ phonesUrl, apiUrl, apiKey, count: demo, say, signal });
  const keyFile = path.relative(process.cwd(), data.firstApiKeyFile);
  if (!signal.aborted)
    say(`\n${firstSteps({ apiUrl, phonesUrl, keyFile, deviceId: demo > 0 ? '02005e005301' : undefined })}`);
}
