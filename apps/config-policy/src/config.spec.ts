import { ConfigError, loadConfig, variableNames } from '@opendls/config';
import { exampleEnvironment } from '@opendls/config/testing';
import { configPolicyEnvironment } from './config.js';
import { DEFAULT_SETTINGS } from './decision-settings.js';

const prefixes = ['OPENDLS_CONFIG_POLICY_'];

const example = exampleEnvironment(new URL('../.env.example', import.meta.url));

describe('the configuration', () => {
  it('has every variable in .env.example, which is valid and states the defaults', () => {
    const env = example;
    expect(Object.keys(env).sort()).toEqual([...variableNames(configPolicyEnvironment)].sort());
    const fromExample = loadConfig({ schema: configPolicyEnvironment, env, prefixes });
    const required = [
      'OPENDLS_KAFKA_BROKERS',
      'OPENDLS_API_KEYS_FILE',
      'OPENDLS_SEALING_KEYS',
      'OPENDLS_CONFIG_POLICY_DATABASE_URL',
    ];
    const least = Object.fromEntries(required.map((name) => [name, env[name]]));
    expect(loadConfig({ schema: configPolicyEnvironment, env: least, prefixes })).toEqual(fromExample);
    expect(fromExample.settings).toEqual(DEFAULT_SETTINGS);
  });

  it('names every problem and shows no value', () => {
    const env = { ...example, OPENDLS_SEALING_KEYS: 'k1:geheim', OPENDLS_CONFIG_POLICY_PROT: '1' };
    const run = (): unknown => loadConfig({ schema: configPolicyEnvironment, env, prefixes });
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(/OPENDLS_SEALING_KEYS: must be sealing keys/);
    expect(run).toThrow(/OPENDLS_CONFIG_POLICY_PROT: is not a known variable/);
    expect(run).not.toThrow(/geheim/);
  });

  it('does not forget events before the log does', () => {
    const env = { ...example, OPENDLS_CONFIG_POLICY_PROCESSED_EVENT_RETENTION_MS: '13d' };
    expect(() => loadConfig({ schema: configPolicyEnvironment, env, prefixes })).toThrow(/must be at least/);
  });

  it('says how orders tell a version, and how long they wait for files', () => {
    const env = {
      ...example,
      OPENDLS_CONFIG_POLICY_FILE_SW_VERSION: 'release',
      OPENDLS_CONFIG_POLICY_FILE_READ_AFTER_MS: '1s',
      OPENDLS_CONFIG_POLICY_FILE_TIMEOUT_MS: '2m',
    };
    const { settings } = loadConfig({ schema: configPolicyEnvironment, env, prefixes });
    expect(settings).toEqual({
      ...DEFAULT_SETTINGS,
      fileSwVersion: 'release',
      fileReadAfterMs: 1_000,
      fileTimeoutMs: 120_000,
    });
  });

  it.each([
    [{ OPENDLS_CONFIG_POLICY_FILE_SW_VERSION: 'V3' }, /FILE_SW_VERSION: /],
    [{ OPENDLS_CONFIG_POLICY_FILE_READ_AFTER_MS: '999' }, /FILE_READ_AFTER_MS: must be at least/],
    [{ OPENDLS_CONFIG_POLICY_FILE_TIMEOUT_MS: '999' }, /FILE_TIMEOUT_MS: must be at least/],
    // Otherwise the order would fail before the reading that tells.
    [{ OPENDLS_CONFIG_POLICY_FILE_TIMEOUT_MS: '5m' }, /FILE_READ_AFTER_MS: must be less than .*FILE_TIMEOUT_MS/],
  ])('refuses %o', (wrong, message) => {
    const env = { ...example, ...wrong };
    expect(() => loadConfig({ schema: configPolicyEnvironment, env, prefixes })).toThrow(message);
  });
});
