import {
  createSelfSignedCertificate,
  generateSealingKey,
  parseSealingKeys,
  type KeyAndCertificate,
} from '@opendls/crypto';
import type { EventBus } from '@opendls/event-bus';
import { createLogger } from '@opendls/logging';
import {
  gatewayConfig,
  startGateway,
  type GatewayConfigInput,
  type GatewayOptions,
  type RunningGateway,
} from '../src/index.js';

export const SEALING_KEYS = parseSealingKeys(generateSealingKey('k1'));

let certificate: Promise<KeyAndCertificate> | undefined;
let instances = 0;

/** One certificate per test file: RSA keys take their time. */
export function testCertificate(): Promise<KeyAndCertificate> {
  certificate ??= createSelfSignedCertificate({ commonName: 'gateway', altNames: ['127.0.0.1'], days: 1 });
  return certificate;
}

/** A gateway with everything it logged. */
export interface TestGateway extends RunningGateway {
  readonly logLines: string[];
}

export async function startTestGateway(
  bus: EventBus,
  config: Partial<Omit<GatewayConfigInput, 'phones'>> & {
    readonly phones?: Partial<GatewayConfigInput['phones']>;
  } = {},
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const tls = await testCertificate();
  const logLines: string[] = [];
  const destination = { write: (line: string): void => void logLines.push(line) };
  const gateway = await startGateway({
    config: gatewayConfig({
      instanceId: `gateway-${++instances}`,
      // Machines that run tests are slow at times; tests of deadlines set their own.
      deadlineMs: 10_000,
      publishDeadlineMs: 9_000,
      maxEventLoopDelayMs: 10_000,
      ...config,
      phones: { host: '127.0.0.1', port: 0, tls, ...config.phones },
    }),
    bus,
    logger: createLogger({ name: 'gateway', level: 'trace', destination }),
    sealingKeys: SEALING_KEYS,
    ...options,
  });
  return Object.assign(Object.create(gateway) as RunningGateway, { logLines });
}

/** Waits for a condition, with a deadline. */
export async function until(isTrue: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
