// Runs a workspace program from its TypeScript sources, without a build: `node --import ./tools/run-typescript.mjs <file.ts>`.
// Workspace libraries resolve to source too. For development and tests; services in production run from `dist`.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
