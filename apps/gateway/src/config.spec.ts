import { ConfigError, loadConfig, variableNames } from '@opendls/config';
import { exampleEnvironment } from '@opendls/config/testing';
import { configFromEnvironment, gatewayConfig, gatewayEnvironment } from './config.js';

const example = exampleEnvironment(new URL('../.env.example', import.meta.url));
const files: Record<string, string> = {
  '/etc/opendls/tls/key.pem': '-----BEGIN PRIVATE KEY-----\n',
  '/etc/opendls/tls/cert.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/tls/legacy-key.pem': '-----BEGIN PRIVATE KEY-----\n',
  '/etc/opendls/tls/legacy-cert.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/tls/secure-key.pem': '-----BEGIN PRIVATE KEY-----\n',
  '/etc/opendls/tls/secure-cert.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/tls/ca.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/sealing-keys': 'k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
};

function load(env: Record<string, string>): ReturnType<typeof configFromEnvironment> {
  const readFile = (path: string): string => files[path] ?? '';
  return configFromEnvironment(
    loadConfig({ schema: gatewayEnvironment, env, prefixes: ['OPENDLS_GATEWAY_'], readFile }),
  );
}

function problems(env: Record<string, string>): Record<string, string> {
  try {
    load({ ...example, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return Object.fromEntries(error.problems.map((one) => [one.name, one.message]));
  }
  return {};
}

describe('the configuration of the gateway', () => {
  it('is complete in .env.example, which parses', () => {
    const named = Object.keys(example).map((name) =>
      name === 'OPENDLS_API_KEYS_FILE' ? name : name.replace(/_FILE$/, ''),
    );
    expect(named.sort()).toEqual([...variableNames(gatewayEnvironment)].sort());
    expect(load(example).legacyPhones).toMatchObject({ port: 18_445 });
    expect(load(example).securePhones).toMatchObject({ port: 18_444, minVersion: 'TLSv1.2' });
  });

  it('has the same defaults from the environment as in code', () => {
    const required = [
      'OPENDLS_KAFKA_BROKERS',
      'OPENDLS_API_KEYS_FILE',
      'OPENDLS_SEALING_KEYS_FILE',
      'OPENDLS_GATEWAY_TLS_KEY_FILE',
      'OPENDLS_GATEWAY_TLS_CERT_FILE',
    ];
    const config = load(Object.fromEntries(required.map((name) => [name, example[name] ?? ''])));
    const { tls } = config.phones;
    const inCode = gatewayConfig({ phones: { port: 18_443, tls }, ops: config.ops, instanceId: config.instanceId });
    expect(config).toEqual(inCode);
  });

  it('says what contradicts itself, by name', () => {
    expect(
      problems({
        OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS: '3s',
        OPENDLS_GATEWAY_HEADERS_TIMEOUT_MS: '1m',
        OPENDLS_GATEWAY_LEGACY_TLS_CERT_FILE: '',
        OPENDLS_GATEWAY_PATHS: 'provisioning',
        OPENDLS_GATEWAY_SECURE_CLIENT_CA_FILE: '',
      }),
    ).toEqual({
      OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS: 'must not be longer than OPENDLS_GATEWAY_DEADLINE_MS',
      OPENDLS_GATEWAY_HEADERS_TIMEOUT_MS: 'must not be longer than OPENDLS_GATEWAY_REQUEST_TIMEOUT_MS',
      OPENDLS_GATEWAY_LEGACY_TLS_KEY: 'key and certificate of the legacy listener belong together',
      OPENDLS_GATEWAY_SECURE_CLIENT_CA: 'is required by OPENDLS_GATEWAY_SECURE_PORT',
      OPENDLS_GATEWAY_PATHS: 'every path must begin with /',
    });
  });

  it('refuses a variable it does not know', () => {
    expect(problems({ OPENDLS_GATEWAY_PROT: '1' })).toEqual({ OPENDLS_GATEWAY_PROT: 'is not a known variable' });
  });
});
