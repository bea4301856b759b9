import { execFileSync } from 'node:child_process';

const OPS = new URL('./ops.ts', import.meta.url).href;
const ALL = new URL('./index.ts', import.meta.url).href;
const HOOKS = new URL('../../../../tools/run-typescript.mjs', import.meta.url).href;

/** Whether a module loads `reflect-metadata`, itself or through others, in a process of its own. */
function loadsReflectMetadata(module: string): boolean {
  const program = `await import(${JSON.stringify(module)}); console.log(typeof Reflect.getMetadata === 'function')`;
  const args = ['--import', HOOKS, '--input-type=module', '--eval', program];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim() === 'true';
}

describe('@opendls/http/ops', () => {
  it('does not load Nest, which brings reflect-metadata with it', () => {
    expect(loadsReflectMetadata(ALL)).toBe(true);
    expect(loadsReflectMetadata(OPS)).toBe(false);
  });
});
