import { ConfigError, loadConfig, variableNames } from '@opendls/config';
import { exampleEnvironment } from '@opendls/config/testing';
import { inventoryEnvironment } from './config.js';

const prefixes = ['OPENDLS_INVENTORY_'];

const example = exampleEnvironment(new URL('../.env.example', import.meta.url));

describe('the configuration', () => {
  it('has every variable in .env.example, which is valid and states the defaults', () => {
    const env = example;
    expect(Object.keys(env).sort()).toEqual([...variableNames(inventoryEnvironment)].sort());
    const fromExample = loadConfig({ schema: inventoryEnvironment, env, prefixes });
    const required = ['OPENDLS_KAFKA_BROKERS', 'OPENDLS_API_KEYS_FILE', 'OPENDLS_INVENTORY_DATABASE_URL'];
    const least = Object.fromEntries(required.map((name) => [name, env[name]]));
    expect(loadConfig({ schema: inventoryEnvironment, env: least, prefixes })).toEqual(fromExample);
  });

  it('names every problem and shows no value', () => {
    const env = { ...example, OPENDLS_INVENTORY_DATABASE_URL: 'mysql://u:geheim@h/d', OPENDLS_INVENTORY_PROT: '1' };
    const run = (): unknown => loadConfig({ schema: inventoryEnvironment, env, prefixes });
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(/OPENDLS_INVENTORY_DATABASE_URL: must be a postgres:\/\/ URL/);
    expect(run).toThrow(/OPENDLS_INVENTORY_PROT: is not a known variable/);
    expect(run).not.toThrow(/geheim/);
  });

  it('does not forget events before the log does', () => {
    const env = { ...example, OPENDLS_INVENTORY_PROCESSED_EVENT_RETENTION_MS: '13d' };
    expect(() => loadConfig({ schema: inventoryEnvironment, env, prefixes })).toThrow(/must be at least/);
  });
});
