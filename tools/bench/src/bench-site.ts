import { createSelfSignedCertificate, generateSealingKey } from '@opendls/crypto';
import { createApiKey } from '@opendls/http';
import { startKafka } from '@opendls/kafka-tool';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startProcess, type BenchProcess } from './bench-process.js';

/** What a measurement needs around the process that is measured: a certificate, keys, a Kafka. */
export interface BenchSite {
  readonly brokers: readonly string[];
  readonly keyFile: string;
  readonly certificateFile: string;
  startBareServer(): Promise<BenchProcess>;
  /** Answers the gateway's questions: that there is no work, or with an order of 50 items. */
  startResponder(mode: 'no-work' | 'write'): Promise<BenchProcess>;
  /** Bearer token for the gateway's metrics. */
  readonly apiKey: string;
  /** The keys of the gateways, as `parseSealingKeys` reads them. */
  readonly sealingKeys: string;
  /** A directory that is removed with the site. */
  readonly directory: string;
  startGateway(env?: Readonly<Record<string, string>>): Promise<BenchProcess>;
  close(): Promise<void>;
}

/** Makes a site in a temporary directory, with the Kafka that `KAFKA_BROKERS` names or one of its own. */
export async function openBenchSite(): Promise<BenchSite> {
  const directory = await mkdtemp(path.join(tmpdir(), 'opendls-bench-'));
  const file = (name: string): string => path.join(directory, name);
  const { key, cert } = await createSelfSignedCertificate({
    commonName: 'bench',
    altNames: ['127.0.0.1'],
    days: 1,
    keyBits: 2048,
  });
  await writeFile(file('key.pem'), key, { mode: 0o600 });
  await writeFile(file('cert.pem'), cert);
  const sealingKeys = generateSealingKey('bench');
  await writeFile(file('sealing-keys'), sealingKeys, { mode: 0o600 });
  const apiKey = await createApiKey(file('api-keys.json'), { name: 'bench', role: 'viewer' });
  const named = process.env['KAFKA_BROKERS'];
  const kafka = named ? undefined : await startKafka();
  const brokers = kafka?.brokers ?? named?.split(',') ?? [];
  return {
    brokers,
    keyFile: file('key.pem'),
    certificateFile: file('cert.pem'),
    startBareServer: () =>
      startProcess(new URL('./bare-server.js', import.meta.url), [file('key.pem'), file('cert.pem')], {}),
    apiKey: apiKey.text,
    sealingKeys,
    directory,
    startResponder: (mode) =>
      startProcess(new URL('./work-responder.js', import.meta.url), [brokers.join(','), mode], {}),
    startGateway: (env = {}) =>
      startProcess(new URL('../../../apps/gateway/dist/main.js', import.meta.url), [], {
        OPENDLS_KAFKA_BROKERS: brokers.join(','),
        OPENDLS_API_KEYS_FILE: file('api-keys.json'),
        OPENDLS_SEALING_KEYS_FILE: file('sealing-keys'),
        OPENDLS_GATEWAY_HOST: '127.0.0.1',
        OPENDLS_GATEWAY_PORT: '0',
        OPENDLS_GATEWAY_OPS_PORT: '0',
        OPENDLS_GATEWAY_TLS_KEY_FILE: file('key.pem'),
        OPENDLS_GATEWAY_TLS_CERT_FILE: file('cert.pem'),
        OPENDLS_GATEWAY_MAX_CONNECTIONS_PER_ADDRESS: '20000',
        OPENDLS_GATEWAY_MAX_CONNECTIONS: '20000',
        ...env,
      }),
    close: async () => {
      await kafka?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
