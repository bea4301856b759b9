import { parseJson } from '@opendls/http';
import {
  isMap,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type ErrorCode,
  type YAMLMap,
} from 'yaml';
import { checkPolicy, type LocatedFinding } from './domain/check-policy.js';
import type { PolicyDocument } from './domain/policy-document.js';
import { jsonPath, type DocumentPath, type PolicyFinding } from './domain/policy-problem.js';

export type PolicyTextFormat = 'json' | 'yaml';

export type ReadPolicy =
  | { readonly ok: true; readonly document: PolicyDocument; readonly warnings: readonly PolicyFinding[] }
  | { readonly ok: false; readonly problems: readonly PolicyFinding[]; readonly warnings: readonly PolicyFinding[] };

/** More than any policy needs; a document made to explode is refused. */
const MAX_ALIASES = 100;
/** Nobody reads more at once, and each has to be looked up in the text. */
const MAX_FINDINGS = 100;

/** Fields whose values are text: what is written without quotes is taken as it stands, `0123` stays `0123`. */
const TEXT_FIELDS: ReadonlySet<unknown> = new Set([
  'value',
  'deviceType',
  'softwareType',
  'softwareVersion',
  'macPrefix',
  'e164',
  'deviceId',
  'secretRef',
]);

/** Messages of the YAML reader may quote the text, which may hold a secret: only its codes are used. */
const YAML_MESSAGES: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'the same field twice',
  BAD_INDENT: 'the indentation is wrong',
  TAB_AS_INDENT: 'tabs cannot indent',
  MISSING_CHAR: 'a character is missing, such as a closing quote or bracket',
  MULTIPLE_DOCS: 'only one document per text is possible',
  BAD_ALIAS: 'an alias without an anchor',
  BLOCK_AS_IMPLICIT_KEY: 'a nested structure where a field name was expected',
};

/** Reads and checks a policy document. Never throws for what the text holds, and never repeats a value of it. */
export function readPolicyText(text: string, format: PolicyTextFormat): ReadPolicy {
  return format === 'json' ? readJson(text) : readYaml(text);
}

function readJson(text: string): ReadPolicy {
  const parsed = parseJson(text);
  if (!parsed.ok) return malformed([{ path: '$', code: 'malformed-json', message: 'is not valid JSON' }]);
  return finish(checkPolicy(parsed.value), (path) => ({ path: jsonPath(path) }));
}

function readYaml(text: string): ReadPolicy {
  const lines = new LineCounter();
  // The reader's own check for fields that are there twice compares each with each.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
    uniqueKeys: false,
  });
  const errors = document.errors.length > 0 ? document.errors : repeatedFields(document);
  if (errors.length > 0) {
    return malformed(
      errors.slice(0, MAX_FINDINGS).map(({ code, pos }) => ({
        path: '$',
        ...position(lines, pos[0]),
        code: 'malformed-yaml',
        message: YAML_MESSAGES[code] ?? 'is not valid YAML',
      })),
    );
  }
  keepTextAsWritten(document);
  const value = toPlainValue(document);
  if (value === undefined) return malformed([{ path: '$', code: 'malformed-yaml', message: 'aliases expand too far' }]);
  return finish(checkPolicy(value.plain), (path) => ({ path: jsonPath(path), ...positionOf(document, lines, path) }));
}

/** Fields that a map has twice, where they stand. */
function repeatedFields(document: Document): { readonly code: ErrorCode; readonly pos: readonly [number] }[] {
  const repeated: { readonly code: ErrorCode; readonly pos: readonly [number] }[] = [];
  visit(document, {
    Map(_key, map: YAMLMap) {
      const names = new Set<unknown>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key;
        if (names.has(name)) {
          const start = isScalar(key) ? key.range?.[0] : undefined;
          repeated.push({ code: 'DUPLICATE_KEY', pos: [start ?? map.range?.[0] ?? 0] });
        }
        names.add(name);
      }
    },
  });
  return repeated;
}

function toPlainValue(document: Document): { plain: unknown } | undefined {
  try {
    return { plain: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function keepTextAsWritten(document: Document): void {
  visit(document, {
    Scalar(_key, node, ancestors) {
      if (typeof node.value === 'string' || node.source === undefined || node.value === null) return;
      const field = [...ancestors].reverse().find(isPair);
      if (field !== undefined && isScalar(field.key) && TEXT_FIELDS.has(field.key.value)) node.value = node.source;
    },
  });
}

function positionOf(document: Document, lines: LineCounter, path: DocumentPath): { line?: number; column?: number } {
  for (let length = path.length; length >= 0; length--) {
    const start = nodeStart(document, path.slice(0, length));
    if (start !== undefined) return position(lines, start);
  }
  return {};
}

/** A field is found where its name stands, which is where people look. */
function nodeStart(document: Document, path: DocumentPath): number | undefined {
  const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
    return pair !== undefined && isScalar(pair.key) ? (pair.key.range?.[0] ?? undefined) : undefined;
  }
  const node = document.getIn(path, true) as { range?: readonly number[] | null } | undefined;
  return node?.range?.[0];
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function malformed(problems: readonly PolicyFinding[]): ReadPolicy {
  return { ok: false, problems, warnings: [] };
}

function finish(
  check: ReturnType<typeof checkPolicy>,
  locate: (path: DocumentPath) => Pick<PolicyFinding, 'path' | 'line' | 'column'>,
): ReadPolicy {
  const place = ({ path, ...rest }: LocatedFinding): PolicyFinding => ({ ...locate(path), ...rest });
  const warnings = check.warnings.slice(0, MAX_FINDINGS).map(place);
  return check.ok
    ? { ok: true, document: check.document, warnings }
    : { ok: false, problems: check.problems.slice(0, MAX_FINDINGS).map(place), warnings };
}
