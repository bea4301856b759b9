import ts from 'typescript';
import { readText } from './workspace.js';

/** A code and where it was found. */
export interface FoundCode {
  readonly code: string;
  readonly file: string;
  /** Status of the HTTP answer, where the code is in a table of answers. */
  readonly status?: number;
}

/** Names of the unions that hold codes and ends of contacts; oddities that are tolerated are no errors. */
const UNION_NAME = /(Code|Cause|ContactOutcome)$/;
const NO_ERROR_NAME = /Warning/;
/** Names of the tables code -> HTTP answer. */
const TABLE_NAME = /^(\w+_PROBLEMS|HTTP_REFUSALS)$/;
const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Every code a source file defines: unions, tables of answers, codes of errors it makes, codes of refused events. */
export function errorCodesOf(file: string): FoundCode[] {
  const source = ts.createSourceFile(file, readText(file), ts.ScriptTarget.Latest, true);
  const found: FoundCode[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeAliasDeclaration(node) && isUnionOfErrors(node.name.text)) {
      for (const code of literalsOf(node.type, source)) found.push({ code, file });
    } else if (ts.isVariableDeclaration(node) && TABLE_NAME.test(node.name.getText())) {
      found.push(...answersOf(node, file));
    } else if (ts.isNewExpression(node) || ts.isObjectLiteralExpression(node)) {
      for (const code of codeOf(node)) found.push({ code, file });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isUnionOfErrors(name: string): boolean {
  return UNION_NAME.test(name) && !NO_ERROR_NAME.test(name);
}

/** The texts of a union of literals, of `keyof typeof TABLE` and of `(typeof LIST)[number]`. */
function literalsOf(type: ts.TypeNode, source: ts.SourceFile): string[] {
  if (ts.isUnionTypeNode(type)) return type.types.flatMap((member) => literalsOf(member, source));
  if (ts.isParenthesizedTypeNode(type)) return literalsOf(type.type, source);
  if (ts.isLiteralTypeNode(type)) return ts.isStringLiteral(type.literal) ? [type.literal.text] : [];
  if (ts.isTypeOperatorNode(type) && ts.isTypeQueryNode(type.type)) {
    return keysOf(initializerOf(type.type.exprName.getText(), source));
  }
  if (ts.isIndexedAccessTypeNode(type)) return literalsOf(type.objectType, source);
  if (ts.isTypeQueryNode(type)) return elementsOf(initializerOf(type.exprName.getText(), source));
  return [];
}

function initializerOf(name: string, source: ts.SourceFile): ts.Expression | undefined {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name: declared, initializer } of statement.declarationList.declarations) {
      if (declared.getText() === name && initializer) return bare(initializer);
    }
  }
  return undefined;
}

/** An expression without `as const` and `satisfies`. */
function bare(expression: ts.Expression): ts.Expression {
  return ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression)
    ? bare(expression.expression)
    : expression;
}

function keysOf(expression: ts.Expression | undefined): string[] {
  if (!expression || !ts.isObjectLiteralExpression(expression)) return [];
  return expression.properties.flatMap(({ name }) => (name ? [textOf(name)] : []));
}

function elementsOf(expression: ts.Expression | undefined): string[] {
  if (!expression || !ts.isArrayLiteralExpression(expression)) return [];
  return expression.elements.filter(ts.isStringLiteral).map(({ text }) => text);
}

function textOf(name: ts.PropertyName): string {
  return ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText();
}

/** Rows such as `'not-found': { status: 404, ... }` and `'not-found': [404, ...]`. */
function answersOf({ initializer }: ts.VariableDeclaration, file: string): FoundCode[] {
  const table = initializer && bare(initializer);
  if (!table || !ts.isObjectLiteralExpression(table)) return [];
  return table.properties.filter(ts.isPropertyAssignment).map(({ name, initializer: row }) => {
    const status = /\b[1-5]\d\d\b/.exec(row.getText())?.[0];
    return { code: textOf(name), file, ...(status === undefined ? {} : { status: Number(status) }) };
  });
}

/** The code of `new SomeError('code', ...)` and of `{ kind: 'reject', code: 'code' }`. */
function codeOf(node: ts.NewExpression | ts.ObjectLiteralExpression): string[] {
  if (ts.isNewExpression(node)) {
    const [first] = node.arguments ?? [];
    const isOurs = first && ts.isStringLiteral(first) && KEBAB.test(first.text);
    return isOurs && /(Error|Unavailable|Violation)$/.test(node.expression.getText()) ? [first.text] : [];
  }
  const member = (name: string): string | undefined => {
    const found = node.properties.find((one) => ts.isPropertyAssignment(one) && textOf(one.name) === name);
    return found && ts.isPropertyAssignment(found) && ts.isStringLiteral(found.initializer)
      ? found.initializer.text
      : undefined;
  };
  const isOutcome = ['reject', 'retry'].includes(member('kind') ?? '');
  const code = member('code');
  return isOutcome && code !== undefined ? [code] : [];
}
