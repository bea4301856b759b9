import { z } from 'zod';
import { problem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';
import { parseJson } from './parse-json.js';

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const MAX_CURSOR_LENGTH = 1_024;

/** `limit` and `cursor` of a list; spread its shape into the schema of a query. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50).describe('How many entries at most'),
  cursor: z.string().max(MAX_CURSOR_LENGTH).optional().describe('`nextCursor` of the page before'),
});

/** The schema of a page, for OpenAPI documents. */
export function pageSchema<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ items: z.ZodArray<Item>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/**
 * Makes a page of rows that were read with `LIMIT limit + 1`: the extra row only shows that there is more. The cursor is
 * made from the last row of the page.
 */
export function pageOf<Row>(rows: readonly Row[], limit: number, cursorOf: (last: Row) => unknown): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null };
}

/** Writes the position of a row (its sort values) as an opaque text. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position), 'utf8').toString('base64url');
}

/** Reads what `encodeCursor` wrote; undefined stays undefined. @throws HttpProblem `cursor-invalid` */
export function decodeCursor<Schema extends z.ZodType>(schema: Schema, cursor: string): z.output<Schema>;
export function decodeCursor<Schema extends z.ZodType>(
  schema: Schema,
  cursor: string | undefined,
): z.output<Schema> | undefined;
export function decodeCursor<Schema extends z.ZodType>(
  schema: Schema,
  cursor: string | undefined,
): z.output<Schema> | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor.slice(0, MAX_CURSOR_LENGTH), 'base64url').toString('utf8');
  const json = parseJson(text);
  // No cursor of ours has a NUL, and no text of the database.
  const position = json.ok && !text.includes('\\u0000') ? schema.safeParse(json.value) : undefined;
  if (position?.success === true) return position.data;
  throw problem(HTTP_PROBLEMS, 'cursor-invalid');
}
