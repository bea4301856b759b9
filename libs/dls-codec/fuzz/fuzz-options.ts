import { parseArgs } from 'node:util';

/** What every fuzz command takes. */
export interface FuzzOptions {
  readonly inputs: number;
  readonly seconds: number;
  readonly seed: number;
  /** Run only this case and show it. */
  readonly only: number | undefined;
  /** Run only the bytes of this file. */
  readonly file: string | undefined;
  readonly isGuided: boolean;
  readonly keep: boolean;
  readonly isHelpWanted: boolean;
}

/** The help of a fuzz command. */
export function usage(target: string, more = ''): string {
  return `Usage: npm run fuzz -- --target ${target} [options]
  --inputs N   stop after so many inputs
  --seconds N  stop after so many seconds (default 30, or none when --inputs is given)
  --seed N     start of the random sequence (default: chosen and printed)
  --case N     run only this case of the sequence and print it
${more}  --help       show this text`;
}

/** @throws Error naming the option that is wrong */
export function fuzzOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      inputs: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      case: { type: 'string' },
      file: { type: 'string' },
      guided: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const inputs = values.inputs === undefined ? Infinity : wholeNumber('inputs', values.inputs);
  const seconds = values.seconds === undefined ? undefined : wholeNumber('seconds', values.seconds);
  return {
    inputs,
    seconds: seconds ?? (inputs === Infinity ? 30 : Infinity),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : wholeNumber('seed', values.seed),
    only: values.case === undefined ? undefined : wholeNumber('case', values.case),
    file: values.file,
    isGuided: values.guided || values.keep,
    keep: values.keep,
    isHelpWanted: values.help,
  };
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${option} wants a whole number, not "${text}"`);
}
