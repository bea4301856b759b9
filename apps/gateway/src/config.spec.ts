import { generateKeyPairSync } from 'node:crypto';
import { ConfigError, loadConfig, variableNames } from '@opendls/config';
import { exampleEnvironment } from '@opendls/config/testing';
import { configFromEnvironment, gatewayConfig, gatewayEnvironment } from './config.js';

const example = exampleEnvironment(new URL('../.env.example', import.meta.url));
function pem(type: 'rsa' | 'ed25519'): string {
  const { privateKey } =
    type === 'rsa' ? generateKeyPairSync(type, { modulusLength: 1_024 }) : generateKeyPairSync(type);
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const signingKey = pem('rsa');
const files: Record<string, string> = {
  '/etc/opendls/tls/key.pem': '-----BEGIN PRIVATE KEY-----\n',
  '/etc/opendls/tls/cert.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/tls/legacy-key.pem': '-----BEGIN PRIVATE KEY-----\n',
  '/etc/opendls/tls/legacy-cert.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/tls/secure-key.pem': '-----BEGIN PRIVATE KEY-----\n',
  '/etc/opendls/tls/secure-cert.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/tls/ca.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/opendls/signing-key.pem': signingKey,
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

  it('signs with an RSA key, at all listeners unless some are named', () => {
    expect(load(example).signing).toMatchObject({ listeners: ['default', 'secure', 'legacy'] });
    expect(load({ ...example, OPENDLS_GATEWAY_SIGNED_LISTENERS: 'secure' }).signing?.listeners).toEqual(['secure']);
    expect(problems({ OPENDLS_GATEWAY_SIGNED_LISTENERS: 'secure,dcmp' })).toHaveProperty(
      'OPENDLS_GATEWAY_SIGNED_LISTENERS',
    );
    const signWith = (key: string): Record<string, string> =>
      problems({ OPENDLS_GATEWAY_SIGNING_KEY_FILE: '', OPENDLS_GATEWAY_SIGNING_KEY: key });
    expect(signWith('secret, no PEM')).toEqual({
      OPENDLS_GATEWAY_SIGNING_KEY: 'must be an RSA private key as PEM, without a passphrase',
    });
    expect(signWith(pem('ed25519'))).toEqual({
      OPENDLS_GATEWAY_SIGNING_KEY: 'must be an RSA key of 1024 to 4096 bits',
    });
  });

  it('bounds the size of messages, and leaves room beside a signature', () => {
    const unsigned = { ...example, OPENDLS_GATEWAY_SIGNING_KEY_FILE: '' };
    expect(load(unsigned)).toMatchObject({ maxMessageBytes: 50_000, signing: null });
    expect(load({ ...unsigned, OPENDLS_GATEWAY_MAX_MESSAGE_BYTES: '50KiB' }).maxMessageBytes).toBe(51_200);
    for (const bytes of ['4095', '51201'])
      expect(problems({ OPENDLS_GATEWAY_MAX_MESSAGE_BYTES: bytes })).toHaveProperty(
        'OPENDLS_GATEWAY_MAX_MESSAGE_BYTES',
      );
    expect(problems({ OPENDLS_GATEWAY_MAX_MESSAGE_BYTES: '4096', OPENDLS_GATEWAY_SIGNING_KEY_FILE: '' })).toEqual({});
    expect(problems({ OPENDLS_GATEWAY_MAX_MESSAGE_BYTES: '4096' })).toEqual({
      OPENDLS_GATEWAY_MAX_MESSAGE_BYTES: 'must be at least 8192 when answers are signed',
    });
  });

  it('refuses a variable it does not know', () => {
    expect(problems({ OPENDLS_GATEWAY_PROT: '1' })).toEqual({ OPENDLS_GATEWAY_PROT: 'is not a known variable' });
  });
});
