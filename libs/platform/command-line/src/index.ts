export { flag, integer, parseCommandLine, port, text, UsageError, type OptionValues } from './command-line.js';
