import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The command line is wrong; the message names the option and says what it takes. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Option<Value> {
  readonly kind: 'string' | 'boolean';
  /** Reads the given text, or gives the default when there was none. */
  read(name: string, given: string | boolean | undefined): Value;
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
): Readonly<Record<string, string | boolean | undefined>> {
  const config: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    Object.entries(options).map(([name, { kind }]) => [name, { type: kind }]),
  );
  try {
    // No option is declared `multiple`, so no value is a list.
    return parseArgs({ args: [...args], options: config, strict: true, allowPositionals: false }).values as Readonly<
      Record<string, string | boolean | undefined>
    >;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
