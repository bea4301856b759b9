// Compiles one project's sources to its dist folder: `node tools/build-project.mjs <project root>`.
// Types are a target of their own (`typecheck`); this step only strips them.
import { transformFile } from '@swc/core';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const projectRoot = process.argv[2];
if (!projectRoot) {
  console.error('usage: node tools/build-project.mjs <project root>');
  process.exit(2);
}
const source = path.resolve(projectRoot, 'src');
const target = path.resolve(projectRoot, 'dist');
const options = JSON.parse(await readFile(new URL('../.swcrc.json', import.meta.url), 'utf8'));

await rm(target, { recursive: true, force: true });
const entries = await readdir(source, { recursive: true, withFileTypes: true });
for (const entry of entries) {
  if (!entry.isFile() || /spec\.ts$/.test(entry.name)) continue;
  const from = path.join(entry.parentPath ?? entry.path, entry.name);
  const to = path.join(target, path.relative(source, from));
  await mkdir(path.dirname(to), { recursive: true });
  if (!entry.name.endsWith('.ts')) {
    await cp(from, to);
    continue;
  }
  const javaScript = to.replace(/\.ts$/, '.js');
  const { code, map } = await transformFile(from, {
    ...options,
    configFile: false,
    swcrc: false,
    sourceFileName: from,
  });
  await writeFile(javaScript, `${code}\n//# sourceMappingURL=${path.basename(javaScript)}.map\n`);
  if (map) await writeFile(`${javaScript}.map`, map);
}
