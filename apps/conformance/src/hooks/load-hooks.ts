import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HOOK_EXPORTS, type ServerHooks } from './server-hooks.js';

/** The hooks file cannot be used; the message says why. */
export class HooksError extends Error {
  override readonly name = 'HooksError';
}

/**
 * Loads a hooks file.
 *
 * @throws HooksError when it cannot be loaded, exports something that is no hook, or exports none
 */
export async function loadHooks(file: string): Promise<ServerHooks> {
  const loaded = await importModule(path.resolve(file));
  const names = Object.keys(loaded).filter((name) => name !== 'default');
  const unknown = names.filter((name) => !HOOK_EXPORTS.includes(name));
  if (unknown.length > 0)
    throw new HooksError(`${file} exports ${unknown.join(', ')}; hooks are ${HOOK_EXPORTS.join(', ')}`);
  const broken = names.filter((name) => typeof loaded[name] !== 'function');
  if (broken.length > 0) throw new HooksError(`${file}: ${broken.join(', ')} must be a function`);
  if (names.length === 0) throw new HooksError(`${file} exports no hook; hooks are ${HOOK_EXPORTS.join(', ')}`);
  // Every export is one of the hooks and a function.
  return loaded;
}

async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new HooksError(`${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}
