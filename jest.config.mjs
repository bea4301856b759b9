import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('./.swcrc.json', import.meta.url), 'utf8'));

/** What every kind of test shares: TypeScript sources run as native ES modules, workspace libraries resolve to source. */
const common = {
  rootDir: import.meta.dirname ?? new URL('.', import.meta.url).pathname,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@opendls/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false, configFile: false, sourceMaps: 'inline' }] },
  transformIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['/dist/', '/.nx/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/tools/lint-fixtures/'],
  restoreMocks: true,
};

/** Integration and system tests share one PostgreSQL and one Kafka per run. */
const withServices = {
  globalSetup: '<rootDir>/jest.global-setup.mjs',
  globalTeardown: '<rootDir>/jest.global-teardown.mjs',
};

export default {
  projects: [
    // Rules without I/O: seconds in total.
    { ...common, displayName: 'unit', testMatch: ['**/*.spec.ts', '**/*.prop-spec.ts'] },
    // Against a real PostgreSQL and a real Kafka.
    { ...common, ...withServices, displayName: 'int', testMatch: ['**/*.int-spec.ts'] },
    // Whole services and the whole system, as real processes.
    { ...common, ...withServices, displayName: 'e2e', testMatch: ['**/*.e2e-spec.ts'] },
  ],
};
