// Compiles what changed and runs a program of the workspace: `node tools/start.mjs <compiled main> [arguments]`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const [main] = process.argv.splice(2, 1);
const file = path.join(root, main);

if (!existsSync(file)) console.error('Compiling OpenDLS (the first time takes half a minute) ...');
const build = spawnSync('npx', ['nx', 'run-many', '-t', 'build', '--outputStyle=static'], {
  cwd: root,
  encoding: 'utf8',
});
if (build.status !== 0) {
  process.stderr.write(`${build.stdout ?? ''}${build.stderr ?? ''}`);
  console.error('Compiling failed, see above. After an update of the sources, run: npm ci');
  process.exit(1);
}
process.setSourceMapsEnabled(true);
await import(pathToFileURL(file).href);
