import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const SPECS = [
  '**/*spec.ts',
  '**/*.bench.ts',
  '**/bench/**/*.ts',
  '**/fuzz/**/*.ts',
  '**/e2e/**/*.ts',
  '**/test/**/*.ts',
];

/** What each kind of project may depend on (ARCHITECTURE.md, "Boundaries"). */
const LAYERS = {
  app: ['codec', 'contract', 'platform'],
  composition: ['app', 'codec', 'contract', 'platform', 'testing', 'tool'],
  codec: ['codec'],
  contract: ['contract'],
  platform: ['platform', 'contract'],
  testing: ['testing', 'codec', 'contract', 'platform'],
  e2e: ['testing', 'codec', 'contract', 'platform', 'tool'],
  tool: ['app', 'codec', 'contract', 'platform', 'testing', 'tool', 'composition'],
};
/** The npm packages of the layers that are kept small on purpose; the others may use any. */
const NPM_ALLOWED = { codec: ['fast-xml-parser', 'xmlbuilder2'], contract: ['zod'] };
/** Scopes that may use another scope besides their own and `shared`: only what puts services together. */
const SCOPES = {
  shared: [],
  gateway: [],
  inventory: [],
  'config-policy': [],
  'phone-simulator': [],
  conformance: [],
  standalone: ['gateway', 'inventory', 'config-policy'],
  'system-e2e': ['tools'],
  tools: ['gateway', 'inventory', 'config-policy', 'standalone', 'phone-simulator'],
};

/** The boundary rule. In specs everything may also use testing libraries and any npm package. */
function boundaries({ inSpecs }) {
  const byLayer = Object.entries(LAYERS).map(([type, allowed]) => ({
    sourceTag: `type:${type}`,
    onlyDependOnLibsWithTags: [...allowed, ...(inSpecs ? ['testing', 'platform', 'codec', 'tool'] : [])].map(
      (t) => `type:${t}`,
    ),
    ...(NPM_ALLOWED[type] && !inSpecs ? { allowedExternalImports: NPM_ALLOWED[type] } : {}),
  }));
  const byScope = Object.entries(SCOPES).map(([scope, others]) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: [
      'scope:shared',
      `scope:${scope}`,
      ...(inSpecs ? ['scope:tools'] : []),
      ...others.map((other) => `scope:${other}`),
    ],
  }));
  return ['error', { depConstraints: [...byLayer, ...byScope], banTransitiveDependencies: true, allow: [] }];
}

/** A later block replaces an earlier one's list, so every group of files names its whole list here. */
const NO_NODE = { group: ['node:*'], message: 'codec and contract libraries run anywhere: no node: modules' };
const NO_FRAMEWORKS = { group: ['@nestjs/*', 'typeorm', 'kafkajs', 'node:*'], message: 'domain code is pure' };
const NO_STORAGE = {
  group: ['typeorm', '*.entity.js', '*.store.js', '**/*.entity.js', '**/*.store.js'],
  message: 'controllers and consumers go through a use case or service',
};
const NO_TESTING = { group: ['@opendls/*/testing'], message: 'fakes are for specs' };
function restrictImports(...patterns) {
  return ['error', { patterns }];
}

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '.nx', 'data', 'coverage'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked, prettier],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ inSpecs: false }),
      'no-restricted-imports': restrictImports(NO_TESTING),
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-declaration-merging': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'named exports only' },
        { selector: 'ExportAllDeclaration', message: 'name what you export' },
        { selector: 'TSEnumDeclaration', message: 'use a union of literals' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'read configuration through @opendls/config' },
      ],
    },
  },
  {
    files: [
      'libs/dls-codec/src/**/*.ts',
      'libs/dls-interaction/src/**/*.ts',
      'libs/item-catalog/src/**/*.ts',
      'libs/event-contracts/src/**/*.ts',
      'libs/firmware/src/**/*.ts',
    ],
    rules: { 'no-restricted-imports': restrictImports(NO_NODE, NO_TESTING) },
  },
  {
    files: ['apps/*/src/**/domain/**/*.ts'],
    rules: { 'no-restricted-imports': restrictImports(NO_FRAMEWORKS, NO_TESTING) },
  },
  {
    files: ['apps/*/src/**/*.controller.ts', 'apps/*/src/**/*.consumer.ts'],
    rules: { 'no-restricted-imports': restrictImports(NO_STORAGE, NO_TESTING) },
  },
  {
    // The data of the catalogue is long because the protocol has that many items.
    files: ['libs/item-catalog/src/**/*.data.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    // The edges that read the environment or speak to a terminal.
    files: [
      'apps/*/src/main.ts',
      'apps/*/src/cli/**/*.ts',
      'libs/platform/*/src/*-cli.ts',
      'libs/event-bus/src/*cli*.ts',
      'tools/*/src/**/*.ts',
      'apps/phone-simulator/src/**/*.ts',
      'apps/standalone/src/**/*.ts',
      'apps/system-e2e/src/**/*.ts',
    ],
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
  },
  {
    files: SPECS,
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ inSpecs: true }),
      'no-restricted-imports': 'off',
      'no-restricted-properties': 'off',
      'no-console': 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
