import { variableSchemas } from '@opendls/config';
import { configPolicyEnvironment } from '@opendls/config-policy';
import { gatewayEnvironment } from '@opendls/gateway';
import { inventoryEnvironment } from '@opendls/inventory';
import { parse } from 'yaml';
import { readText } from './workspace.js';

interface ComposeService {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
}

// The shape is what the file has; a test below fails when the services are not where they are looked for.
const compose = parse(readText('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
};
const ENVIRONMENTS = {
  gateway: gatewayEnvironment,
  inventory: inventoryEnvironment,
  'config-policy': configPolicyEnvironment,
};

function given(service: string): string[] {
  const names = Object.keys(compose.services[service]?.environment ?? {});
  return names.map((name) => name.replace(/_FILE$/, '')).filter((name) => name !== 'OPENDLS_API_KEYS');
}

describe.each(Object.entries(ENVIRONMENTS))('docker-compose.yml: %s', (service, environment) => {
  const variables = variableSchemas(environment);

  it('runs that service', () => {
    expect(compose.services[service]?.command).toEqual([`apps/${service}/dist/main.js`]);
  });

  it('gives only variables that it knows', () => {
    expect(given(service).length).toBeGreaterThan(3);
    expect(given(service).filter((name) => !variables.has(name))).toEqual([]);
  });

  it('gives all that it requires', () => {
    const isRequired = (name: string): boolean => variables.get(name)?.safeParse(undefined).success === false;
    const missing = [...variables.keys()].filter((name) => isRequired(name) && !given(service).includes(name));
    expect(missing.filter((name) => name !== 'OPENDLS_API_KEYS_FILE')).toEqual([]);
  });
});

describe('docker/haproxy.cfg', () => {
  const lines = readText('docker/haproxy.cfg').split('\n');
  const after = (word: RegExp): string[] => lines.flatMap((line) => word.exec(line)?.[1] ?? []);

  it('listens at the ports of the gateways, each once, and has compose publish them', () => {
    const environment = compose.services['gateway']?.environment ?? {};
    const ports = ['OPENDLS_GATEWAY_PORT', 'OPENDLS_GATEWAY_SECURE_PORT'].map((name) => String(environment[name]));
    expect(after(/^\s+bind :(\d+)$/).sort()).toEqual(ports.sort());
    expect(after(/^\s+server-template \S+ \d+ gateway:(\d+) /).sort()).toEqual(ports);
    expect(compose.services['balancer']?.ports).toEqual(ports.map((port) => `${port}:${port}`));
  });

  it('has every section once, and a backend for every frontend', () => {
    const sections = after(/^((?:frontend|backend) \S+)/);
    expect(sections).toEqual([...new Set(sections)]);
    const backends = after(/^backend (\S+)/);
    expect(after(/^\s+default_backend (\S+)/).sort()).toEqual(backends.sort());
    expect(after(/^\s+(default_\w+)/).every((word) => word === 'default_backend')).toBe(true);
  });
});
