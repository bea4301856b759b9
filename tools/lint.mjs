// Lints every project through Nx: `npm run lint`. Bare eslint would skip the boundary rule, because that needs the project
// graph; if the rule says it had none, the run fails.
import { spawn } from 'node:child_process';

const nx = spawn('npx', ['nx', 'run-many', '-t', 'lint', '--outputStyle=static', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
let output = '';
for (const [stream, sink] of [
  [nx.stdout, process.stdout],
  [nx.stderr, process.stderr],
]) {
  stream.on('data', (chunk) => {
    output += chunk;
    sink.write(chunk);
  });
}
nx.on('close', (code) => {
  const isBlind = /No cached ProjectGraph is available/i.test(output);
  if (isBlind) console.error('lint: the boundary rule ran without a project graph, so it checked nothing');
  process.exit(isBlind ? 1 : (code ?? 1));
});
