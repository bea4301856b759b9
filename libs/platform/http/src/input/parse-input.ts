import type { z } from 'zod';
import { problem, type HttpProblem, type ProblemIssue } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';
import { parseJson } from './parse-json.js';
import { rawBody } from './raw-body.js';

const MAX_ISSUES = 50;
const REASONS = {
  syntax: 'The body is not valid JSON.',
  depth: 'The body is nested too deeply.',
  'forbidden-key': 'The body contains a key that is not allowed anywhere.',
} as const;

/** The JSON body of a request, checked against a schema. @throws HttpProblem with every issue, by path */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const { mediaType, text } = rawBody(body);
  if (mediaType !== 'json') {
    throw problem(HTTP_PROBLEMS, 'unsupported-media-type', { detail: 'Only application/json is possible here.' });
  }
  const parsed = parseJson(text);
  if (!parsed.ok) throw problem(HTTP_PROBLEMS, 'malformed-body', { detail: REASONS[parsed.reason] });
  return parseInput(schema, parsed.value);
}

/** The query of a request, checked against a schema. @throws HttpProblem with every issue, by path */
export function parseQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  return parseInput(schema, query);
}

/** Path parameters, checked against a schema. @throws HttpProblem with every issue, by path */
export function parseParams<Schema extends z.ZodType>(schema: Schema, params: unknown): z.output<Schema> {
  return parseInput(schema, params);
}

/** Any input, checked against a schema. @throws HttpProblem with every issue, by path */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw validationProblem(result.error.issues, input);
}

/** The problem for issues of a schema. Repeats nothing of the input. */
export function validationProblem(issues: readonly z.core.$ZodIssue[], input?: unknown): HttpProblem {
  const errors = issues.slice(0, MAX_ISSUES).map((issue): ProblemIssue => {
    const value = valueAt(input, issue.path);
    // Zod's own messages do not repeat the input; a message of a schema's own check might.
    const echoes = typeof value === 'string' && value.length > 3 && issue.message.includes(value);
    return { path: pathText(issue.path), message: echoes ? 'is not valid' : issue.message };
  });
  return problem(HTTP_PROBLEMS, 'validation-failed', { errors });
}

/** `['spec', 'items', 2, 'value']` as `spec.items[2].value`; the whole input is the empty path. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
