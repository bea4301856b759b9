/** Code that breaks a rule on purpose: each must be reported by exactly the rule named, or the lint set-up is broken. */
export const VIOLATIONS = [
  {
    name: 'a codec that uses a service library',
    filePath: 'libs/dls-codec/src/planted.ts',
    code: "import '@opendls/event-bus';\n",
    rule: '@nx/enforce-module-boundaries',
  },
  {
    name: 'a codec with an npm package that is not on its list',
    filePath: 'libs/dls-codec/src/planted.ts',
    code: "import 'pino';\n",
    rule: '@nx/enforce-module-boundaries',
  },
  {
    name: 'a contract with an npm package that is not on its list',
    filePath: 'libs/event-contracts/src/planted.ts',
    code: "import 'pg';\n",
    rule: '@nx/enforce-module-boundaries',
  },
  {
    name: 'one service that imports another',
    filePath: 'apps/inventory/src/planted.ts',
    code: "import '@opendls/config-policy';\n",
    rule: '@nx/enforce-module-boundaries',
  },
  {
    name: 'a service that imports a testing library',
    filePath: 'apps/gateway/src/planted.ts',
    code: "import '@opendls/virtual-phone';\n",
    rule: '@nx/enforce-module-boundaries',
  },
  {
    name: 'a platform library that imports an app',
    filePath: 'libs/platform/http/src/planted.ts',
    code: "import '@opendls/gateway';\n",
    rule: '@nx/enforce-module-boundaries',
  },
  {
    name: 'a reach into another project by path',
    filePath: 'apps/gateway/src/planted.ts',
    code: "import '../../../libs/dls-codec/src/index.js';\n",
    rule: '@nx/enforce-module-boundaries',
  },
  {
    name: 'a codec that reads the clock of node',
    filePath: 'libs/dls-codec/src/planted.ts',
    code: "import 'node:fs';\n",
    rule: 'no-restricted-imports',
  },
  {
    name: 'a domain rule that knows the ORM',
    filePath: 'apps/inventory/src/devices/domain/planted.ts',
    code: "import 'typeorm';\n",
    rule: 'no-restricted-imports',
  },
  {
    name: 'a controller that goes straight to the store',
    filePath: 'apps/inventory/src/devices/planted.controller.ts',
    code: "import './devices.store.js';\n",
    rule: 'no-restricted-imports',
  },
  {
    name: 'a fake outside specs',
    filePath: 'apps/gateway/src/planted.ts',
    code: "import '@opendls/event-bus/testing';\n",
    rule: 'no-restricted-imports',
  },
  {
    name: 'configuration read past the schema',
    filePath: 'apps/gateway/src/planted.ts',
    code: 'export const port = process.env.PORT;\n',
    rule: 'no-restricted-properties',
  },
  {
    name: 'an enum',
    filePath: 'apps/gateway/src/planted.ts',
    code: 'export enum Colour {\n  Red,\n}\n',
    rule: 'no-restricted-syntax',
  },
];

/** Code that follows the rules, in the same places: must not be reported. */
export const CLEAN = [
  { filePath: 'libs/dls-codec/src/planted.ts', code: "import '@opendls/item-catalog';\nimport 'fast-xml-parser';\n" },
  { filePath: 'apps/gateway/src/planted.ts', code: "import '@opendls/dls-codec';\nimport '@opendls/event-bus';\n" },
  { filePath: 'apps/standalone/src/planted.ts', code: "import '@opendls/gateway';\nimport '@opendls/inventory';\n" },
  { filePath: 'libs/dls-codec/src/planted.spec.ts', code: "import 'fast-check';\n" },
];
