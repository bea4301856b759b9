import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Inputs that a guided run kept because they reach code which no message of the fixtures does. */
export const KEPT_FOLDER = new URL('./corpus/', import.meta.url);

/** The golden messages: what mutations start from. */
export function readCorpus(): string[] {
  const folder = new URL('../fixtures/', import.meta.url);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return names.filter((name) => name.endsWith('.xml')).map((name) => readFileSync(new URL(name, folder), 'utf8'));
}

/** The kept inputs by name: `<charset>-<hash>.bin`, their bytes as they are fed to the codec. */
export function readKept(): { readonly name: string; readonly bytes: Buffer; readonly charset: string | undefined }[] {
  if (!existsSync(KEPT_FOLDER)) return [];
  const names = readdirSync(KEPT_FOLDER).filter((name) => name.endsWith('.bin'));
  return names.toSorted().map((name) => ({
    name,
    bytes: readFileSync(new URL(name, KEPT_FOLDER)),
    charset: charsetOf(name),
  }));
}

function charsetOf(name: string): string | undefined {
  const charset = name.slice(0, name.lastIndexOf('-'));
  return charset === 'none' ? undefined : charset;
}
