import { createSelfSignedCertificate, generateSealingKey, parseSealingKeys } from '@opendls/crypto';
import type { OutgoingRecord } from '@opendls/event-bus';
import { createLogger } from '@opendls/logging';
import { gatewayConfig, startGateway } from '../src/index.js';
import { BoundedBus } from './bounded-bus.js';
import { FuzzDesk, SECRET_MARK } from './fuzz-desk.js';

export const MAX_BODY_BYTES = 262_144;
export const DEADLINE_MS = 1_000;

/** A real gateway in this process, everything around it watched. */
export interface FuzzedGateway {
  readonly port: number;
  /** What was found outside of answers: secrets in logs or events, errors that nobody caught. */
  takeFindings(): readonly string[];
  close(): Promise<void>;
}

/** Starts a gateway on a free port, with a bus that keeps nothing and a desk that orders at random. */
export async function startFuzzedGateway(): Promise<FuzzedGateway> {
  let findings: string[] = [];
  const keys = parseSealingKeys(generateSealingKey('fuzz'));
  const bus = new BoundedBus();
  bus.onRecord = (record) => findings.push(...secretsIn(record));
  const write = (line: string): void => {
    if (line.includes(SECRET_MARK)) findings.push(`a secret in the log: ${line.slice(0, 300)}`);
    const level = /"level":"?(\w+)/.exec(line)?.[1];
    if (level === 'error' || level === 'fatal' || level === '50' || level === '60')
      findings.push(`an error in the log: ${line.slice(0, 2_000)}`);
  };
  const tls = await createSelfSignedCertificate({ commonName: 'fuzz', altNames: ['127.0.0.1'], days: 1 });
  await new FuzzDesk(bus, keys).start();
  const gateway = await startGateway({
    config: gatewayConfig({
      instanceId: 'gateway-fuzz',
      deadlineMs: DEADLINE_MS,
      publishDeadlineMs: 900,
      contactExpiryMs: 5_000,
      maxOpenContacts: 500,
      // The client of this process holds the event loop as well.
      maxEventLoopDelayMs: 60_000,
      requests: { maxBodyBytes: MAX_BODY_BYTES },
      phones: { host: '127.0.0.1', port: 0, tls },
    }),
    bus,
    logger: createLogger({ name: 'gateway', level: 'trace', destination: { write } }),
    sealingKeys: keys,
  });
  const onError = (error: unknown): void => {
    findings.push(`nobody caught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };
  process.on('unhandledRejection', onError).on('uncaughtException', onError);
  gateway.failed.catch(onError);
  return {
    port: Number(new URL(gateway.phonesUrl).port),
    takeFindings: () => {
      const taken = findings;
      findings = [];
      return taken;
    },
    close: async () => {
      await gateway.close();
      await bus.close();
      process.off('unhandledRejection', onError).off('uncaughtException', onError);
    },
  };
}

function secretsIn({ topic, value }: OutgoingRecord): string[] {
  return value?.includes(SECRET_MARK) === true ? [`a secret in an event of ${topic}: ${value.slice(0, 1_000)}`] : [];
}
