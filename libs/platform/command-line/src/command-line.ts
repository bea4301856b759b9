import { isIP } from 'node:net';
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The command line is wrong; the message names the option and says what it takes. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Given = string | boolean | readonly (string | boolean)[] | undefined;

interface Option<Value> {
  readonly kind: 'string' | 'boolean';
  /** May be given several times; `given` is a list then. */
  readonly isMultiple?: boolean;
  /** Reads the given text, or gives the default when there was none. */
  read(name: string, given: Given): Value;
}

/** A whole number between `min` and `max`, both included. */
export function integer<Default extends number | undefined>(range: {
  readonly min: number;
  readonly max: number;
  readonly default: Default;
}): Option<number | Default> {
  return {
    kind: 'string',
    read: (name, given) => {
      if (given === undefined) return range.default;
      const value = Number(given);
      if (!/^\d+$/.test(String(given)) || value < range.min || value > range.max) {
        throw new UsageError(
          `--${name} takes a whole number from ${range.min} to ${range.max}, not '${String(given)}'`,
        );
      }
      return value;
    },
  };
}

/** A TCP port; 0 means any free one. */
export function port<Default extends number | undefined>(defaultPort: Default): Option<number | Default> {
  return integer({ min: 0, max: 65_535, default: defaultPort });
}

/** Any text but an empty one. */
export function text<Default extends string | undefined>(defaultText: Default): Option<string | Default> {
  return {
    kind: 'string',
    read: (name, given) => {
      if (given === undefined) return defaultText;
      if (given === '') throw new UsageError(`--${name} needs a value`);
      return String(given);
    },
  };
}

/** A network such as `10.0.0.0/8`, or one address; may be given several times. Undefined: never given. */
export function networks(): Option<readonly string[] | undefined> {
  return {
    kind: 'string',
    isMultiple: true,
    read: (name, given) => {
      if (!Array.isArray(given)) return undefined;
      const texts = given.map(String);
      const wrong = texts.find((text) => !isNetwork(text));
      if (wrong !== undefined) throw new UsageError(`--${name} takes a network such as 10.0.0.0/8, not '${wrong}'`);
      return texts;
    },
  };
}

function isNetwork(text: string): boolean {
  const [, address = '', bits = '0'] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128);
}

/** On when given. */
export function flag(): Option<boolean> {
  return { kind: 'boolean', read: (_name, given) => given === true };
}

export type OptionValues<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends Option<infer Value> ? Value : never;
};

/**
 * Reads a command line of `--name value`, `--name=value` and `--flag`.
 *
 * @returns the value of every option, given or by default
 * @throws UsageError for an unknown option, a missing or wrong value, or a stray word; it names it
 */
export function parseCommandLine<Options extends Readonly<Record<string, Option<unknown>>>>(
  options: Options,
  args: readonly string[],
): OptionValues<Options> {
  const given = parse(options, args);
  // Each entry is read by the option of its own name, which the compiler cannot follow.
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, option.read(name, given[name])]),
  ) as OptionValues<Options>;
}

function parse(
  options: Readonly<Record<string, Option<unknown>>>,
  args: readonly string[],
): Readonly<Record<string, Given>> {
  const config: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    Object.entries(options).map(([name, { kind, isMultiple = false }]) => [name, { type: kind, multiple: isMultiple }]),
  );
  try {
    return parseArgs({ args: [...args], options: config, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
