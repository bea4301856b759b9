// Keeps PostgreSQL from outliving its launcher. Started by the launcher with a pipe as standard input; runs the server as
// its child; when the pipe ends - the launcher asked to stop, or is gone for whatever reason - it stops the server.
// Plain JavaScript, so that it runs the same from sources and from a build.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const { command, args, cwd, env, uid, gid, removeDir, fastTimeoutMs, immediateTimeoutMs } = JSON.parse(process.argv[2]);

// A terminal's Ctrl-C or a service manager's SIGTERM goes to the launcher, which stops the server after its last query.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.stdout.on('error', () => {}); // the launcher is gone; stopping the server is all that is left to do

const report = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

// The server writes its messages straight to the launcher's pipe; it ignores a broken one.
const server = spawn(command, args, { cwd, env, uid, gid, stdio: ['ignore', 'ignore', 'inherit'] });
const timers = [];

function stop() {
  server.kill('SIGINT'); // fast shutdown: open transactions are rolled back
  timers.push(setTimeout(() => server.kill('SIGQUIT'), fastTimeoutMs)); // immediate: recovery at the next start
  timers.push(setTimeout(() => server.kill('SIGKILL'), fastTimeoutMs + immediateTimeoutMs));
}

function end(event) {
  timers.forEach(clearTimeout);
  if (removeDir) rmSync(removeDir, { recursive: true, force: true });
  report(event);
  process.stdin.destroy();
}

server.on('error', (error) => end({ event: 'failed', message: error.message, code: error.code }));
server.on('spawn', () => {
  report({ event: 'spawned', pid: server.pid });
  process.stdin.on('end', stop).on('error', stop).resume();
});
server.on('exit', (code, signal) => end({ event: 'exited', code, signal }));
