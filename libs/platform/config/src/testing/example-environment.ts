import { readFileSync } from 'node:fs';

/** The variables of an `.env.example`, also of lines that are commented out because they state a default. */
export function exampleEnvironment(file: URL): Record<string, string> {
  const matches = readFileSync(file, 'utf8').matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]+)=(.*)$/gm);
  return Object.fromEntries([...matches].map(([, name = '', value = '']) => [name, value]));
}
