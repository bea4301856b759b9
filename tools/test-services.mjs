// The servers one Jest run shares, in a process of their own: PostgreSQL at once, Kafka for the first test that asks.
// Started by `jest.global-setup.mjs` through `run-typescript.mjs`; ends, with its servers, when Jest does.
import { createServer } from 'node:http';
import { KafkaUnavailable, startKafka } from '@opendls/kafka-tool';
import * as testingPostgres from '@opendls/testing-postgres';

const logger = {
  debug: () => undefined,
  info: (_fields, message) => console.error(message),
  warn: (_fields, message) => console.error(message),
};
let kafka;

/** `{ brokers }`, or `{ reason }` where this machine cannot run a Kafka. */
async function kafkaAnswer() {
  kafka ??= startKafka({ logger });
  try {
    return { brokers: (await kafka).brokers };
  } catch (error) {
    if (!(error instanceof KafkaUnavailable)) console.error(error);
    return { reason: error instanceof KafkaUnavailable ? `${error.code}: ${error.message}` : String(error) };
  }
}

const server = createServer((request, response) => {
  if (request.url !== '/kafka') {
    response.writeHead(404).end();
    return;
  }
  void kafkaAnswer().then((answer) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
});

const postgres = process.env.OPENDLS_TEST_DATABASE_URL ? undefined : await testingPostgres.startTestPostgres?.();

let isStopping = false;
async function stop() {
  if (isStopping) return;
  isStopping = true;
  server.close();
  server.closeAllConnections();
  const running = await kafka?.catch(() => undefined);
  await Promise.all([running?.stop(), postgres?.stop()]);
  process.exit(0);
}
// Jest is gone, or asks: in both cases the channel closes.
process.on('disconnect', () => void stop());
process.on('SIGTERM', () => void stop());
// Ctrl-C reaches Jest as well, whose tests may still be using the servers; its end is what counts.
process.on('SIGINT', () => undefined);

server.listen(0, '127.0.0.1', () => {
  process.send({ url: `http://127.0.0.1:${server.address().port}`, databaseUrl: postgres?.url });
});
