import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.js';

/** Where the settings come from and what they must look like. */
export interface LoadConfigOptions<Schema extends z.ZodType> {
  /** An object schema whose keys are variable names; it may be followed by checks and by a `.transform()`. */
  readonly schema: Schema;
  /** Usually `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that start with one of these and are not in the schema are fatal, as a typo must not pass silently. */
  readonly prefixes: readonly string[];
  /** Reads the file of a `*_FILE` variable; injected by tests. */
  readonly readFile?: (path: string) => string;
}

/**
 * Reads the configuration of one application from environment variables.
 * Each variable `NAME` may also be given as `NAME_FILE`, the path of a file with its value. An empty variable counts as
 * not set. The result is frozen, deeply.
 * @throws ConfigError with every problem, by variable name and without any value.
 */
export function loadConfig<Schema extends z.ZodType>(options: LoadConfigOptions<Schema>): z.output<Schema> {
  const names = variableNames(options.schema);
  const problems: ConfigProblem[] = unknownVariables(options, names);
  const values = new Map<string, string>();
  for (const name of names) readVariable(options, name, names, values, problems);

  const reported = new Set(problems.map(({ name }) => name.replace(/_FILE$/, '')));
  const parsed = options.schema.safeParse(Object.fromEntries(values));
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '(configuration)');
    if (!reported.has(name)) problems.push({ name, message: describe(issue, values.get(name)) });
  }
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(problems.sort((a, b) => a.name.localeCompare(b.name)));
  }
  return deepFreeze(parsed.data);
}

/** The names of all variables a schema reads, in its order. Lets a test compare them with `.env.example`. */
export function variableNames(schema: z.ZodType): readonly string[] {
  return [...variableSchemas(schema).keys()];
}

/** The schema of each variable a schema reads. Lets a test compare documented defaults with the real ones. */
export function variableSchemas(schema: z.ZodType): ReadonlyMap<string, z.ZodType> {
  if (schema instanceof z.ZodObject) {
    return new Map(
      Object.entries(schema.shape).flatMap(([name, one]) => (one instanceof z.ZodType ? [[name, one]] : [])),
    );
  }
  if (schema instanceof z.ZodPipe && schema.in instanceof z.ZodType) return variableSchemas(schema.in);
  throw new TypeError('loadConfig needs an object schema');
}

function unknownVariables(options: LoadConfigOptions<z.ZodType>, names: readonly string[]): ConfigProblem[] {
  const known = new Set(names.flatMap((name) => [name, `${name}_FILE`]));
  return Object.keys(options.env)
    .filter((name) => options.prefixes.some((prefix) => name.startsWith(prefix)) && !known.has(name))
    .map((name) => ({ name, message: 'is not a known variable' }));
}

function readVariable(
  options: LoadConfigOptions<z.ZodType>,
  name: string,
  names: readonly string[],
  values: Map<string, string>,
  problems: ConfigProblem[],
): void {
  const direct = filled(options.env[name]);
  const fileName = `${name}_FILE`;
  const file = names.includes(fileName) ? undefined : filled(options.env[fileName]);
  if (direct !== undefined && file !== undefined) {
    problems.push({ name, message: `is set twice, also as ${fileName}` });
  } else if (direct !== undefined) {
    values.set(name, direct);
  } else if (file !== undefined) {
    try {
      values.set(name, (options.readFile ?? readText)(file).replace(/\r?\n$/, ''));
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
      problems.push({ name: fileName, message: `names a file that cannot be read${code}` });
    }
  }
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function filled(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

/** Zod's own messages do not repeat the input; a message of an application's own check might. */
function describe(issue: z.core.$ZodIssue, value: string | undefined): string {
  if (value === undefined && issue.code === 'invalid_type') return 'is required';
  const message = issue.message.replace(/^Invalid (input|option): /, '');
  return value !== undefined && value.length > 3 && message.includes(value) ? 'is not valid' : message;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
