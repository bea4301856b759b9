/** Set by the Jest set-up: asks the run's test services for a broker, started for the first one who asks. */
const SERVICES_VARIABLE = 'OPENDLS_TEST_SERVICES_URL';

/** Why there is no broker for tests; `reason` is shown beside the skipped suites. */
export interface NoBrokers {
  readonly brokers: undefined;
  readonly reason: string;
}

export interface TestBrokers {
  readonly brokers: readonly string[];
}

/**
 * The Kafka brokers tests use: `KAFKA_BROKERS`, else the one broker this Jest run starts for the first who asks. Where none
 * can be had the answer says why, except that with `CI=true` it is an error: there, a missing broker must not pass.
 */
export async function brokersForTests(env: NodeJS.ProcessEnv = process.env): Promise<TestBrokers | NoBrokers> {
  if (env['KAFKA_BROKERS']) return { brokers: env['KAFKA_BROKERS'].split(',') };
  const answer = await askTestServices(env[SERVICES_VARIABLE]);
  if ('brokers' in answer) {
    // For the processes a test starts.
    env['KAFKA_BROKERS'] = answer.brokers.join(',');
    return answer;
  }
  if (env['CI'] === 'true') throw new Error(`no Kafka for tests, and CI=true: ${answer.reason}`);
  return { brokers: undefined, reason: answer.reason };
}

async function askTestServices(url: string | undefined): Promise<TestBrokers | { reason: string }> {
  if (!url) return { reason: 'neither KAFKA_BROKERS nor a Jest run with test services (projects int, e2e)' };
  const response = await fetch(`${url}/kafka`);
  // The answer of our own test services, which send one of these two.
  return (await response.json()) as TestBrokers | { reason: string };
}

/** Jest's `describe` where there is a broker, else `describe.skip` with the reason in the name. */
export function describeWithKafka(
  kafka: TestBrokers | NoBrokers,
  name: string,
  body: (brokers: string[]) => void,
): void {
  if (kafka.brokers) {
    const { brokers } = kafka;
    describe(name, () => body([...brokers]));
  } else {
    describe.skip(`${name} (skipped: ${kafka.reason})`, () => body([]));
  }
}
