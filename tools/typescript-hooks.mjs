// Module hooks of `run-typescript.mjs`: they resolve `./x.js` to `./x.ts` where only that exists, workspace packages to
// their sources, and strip types.
import { transform } from '@swc/core';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const swc = JSON.parse(await readFile(new URL('../.swcrc.json', import.meta.url), 'utf8'));

export async function resolve(specifier, context, nextResolve) {
  const sources = { ...context, conditions: [...context.conditions, '@opendls/source'] };
  try {
    return await nextResolve(specifier, sources);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^\.{1,2}\/.*\.js$/.test(specifier)) throw error;
    return nextResolve(specifier.replace(/\.js$/, '.ts'), sources);
  }
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  const source = await readFile(filename, 'utf8');
  const { code } = await transform(source, { ...swc, filename, swcrc: false, configFile: false, sourceMaps: 'inline' });
  return { format: 'module', source: code, shortCircuit: true };
}
