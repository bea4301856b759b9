export {
  flag,
  integer,
  networks,
  parseCommandLine,
  port,
  text,
  UsageError,
  type OptionValues,
} from './command-line.js';
export { runServer, type ServerProgram } from './run-server.js';
export { Teardown } from './teardown.js';
