import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', 'fixtures', 'lint-fixtures', 'data']);

/** A file of the workspace, by its path from the root. */
export function readText(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The files below some folders, by their paths from the root. */
export function filesBelow(folders: readonly string[], isWanted: (file: string) => boolean): string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory())
        return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : filesBelow([file], isWanted);
      return isWanted(file) ? [file] : [];
    }),
  );
}

/** Sources of what is shipped: no tests, nothing that only tests use. */
export function productionSources(): string[] {
  const isSource = (file: string): boolean =>
    /\/src\/.*\.ts$/.test(file) && !/spec\.ts$|\/testing\/|\.data\.ts$/.test(file) && !NOT_SHIPPED.test(file);
  return filesBelow(['apps', 'libs', 'tools'], isSource);
}

/** Their codes are about other servers, or seen by developers only. */
const NOT_SHIPPED =
  /^(apps\/(conformance|system-e2e|phone-simulator)|libs\/(virtual-phone|demo-phones|testing-postgres)|tools\/(bench|docs))\//;

/** The rows of all tables of a Markdown page: the texts of their cells, without the rule below the heading. */
export function tableRows(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, line.trimEnd().endsWith('|') ? line.trimEnd().length - 1 : undefined)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** What stands in backquotes in a text. */
export function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
