import { runServer } from '@opendls/command-line';
import { bootDemoPhones, firstSteps } from '@opendls/demo-phones';
import { createLogger, type Logger } from '@opendls/logging';
import type { DataDirectory } from '@opendls/data-directory';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { startCluster, type RunningCluster } from './cluster.js';
import { readOptions, USAGE } from './command-line.js';

const say = (line: string): void => console.error(line);

await runServer(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const named = {
    kafkaBrokers: process.env['KAFKA_BROKERS'] || undefined,
    databaseUrl: process.env['OPENDLS_DATABASE_URL'] || undefined,
  };
  const cluster = await startCluster(options, named, logToFile, say);
  const demo = new AbortController();
  const welcomed = welcome(cluster, options.demo, demo.signal).catch((error: unknown) =>
    say(`The demo failed: ${String(error)}`),
  );
  return {
    failed: cluster.failed,
    close: async () => {
      demo.abort();
      await welcomed;
      await cluster.close();
    },
  };
}, say);

function logToFile(data: DataDirectory): Logger {
  const destination = pino.destination({ dest: path.join(data.logDirectory, 'cluster.log'), sync: true, mkdir: true });
  return createLogger({ name: 'cluster', level: 'info', destination });
}

/** Tells where everything is, boots the demo phones, and says what to try. */
async function welcome(cluster: RunningCluster, demo: number, signal: AbortSignal): Promise<void> {
  const { data, phonesUrl, apiUrl, brokers } = cluster;
  say(
    `\nOpenDLS is ready.\n  phones  ${phonesUrl}\n  API     ${apiUrl}\n  Kafka   ${brokers.join(',')}\n  data    ${data.path}`,
  );
  if (cluster.newApiKey) say(`  first admin key (kept in ${data.firstApiKeyFile}): ${cluster.newApiKey}`);
  say('');
  const apiKey = await readFile(data.firstApiKeyFile, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  if (demo > 0 && apiKey) await bootDemoPhones({ phonesUrl, apiUrl, apiKey, count: demo, say, signal });
  const keyFile = path.relative(process.cwd(), data.firstApiKeyFile);
  if (!signal.aborted)
    say(`\n${firstSteps({ apiUrl, phonesUrl, keyFile, deviceId: demo > 0 ? '02005e005301' : undefined, brokers })}`);
}
