import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Before integration and end-to-end tests: one PostgreSQL for the run, and one Kafka as soon as a test asks for it
 * (`brokersForTests`). `OPENDLS_TEST_DATABASE_URL` and `KAFKA_BROKERS` name servers that run already and are used instead.
 */
export default async function startTestServices() {
  if (globalThis.testServices) return;
  const hooks = new URL('./tools/run-typescript.mjs', import.meta.url).href;
  const child = fork(fileURLToPath(new URL('./tools/test-services.mjs', import.meta.url)), [], {
    // Not Jest's own flags.
    execArgv: ['--import', hooks],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the test services did not start (exit code ${code})`);
    }),
  ]);
  globalThis.testServices = child;
  // Workers are started after this and inherit it.
  process.env.OPENDLS_TEST_SERVICES_URL = message.url;
  if (message.databaseUrl) process.env.OPENDLS_TEST_DATABASE_URL = message.databaseUrl;
}
