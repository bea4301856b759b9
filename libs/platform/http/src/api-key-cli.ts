import { runApiKeyCommand } from './cli/api-key-command.js';

process.exitCode = await runApiKeyCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
