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
});
