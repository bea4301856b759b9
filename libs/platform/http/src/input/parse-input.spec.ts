import { z } from 'zod';
import { HttpProblem } from '../problem/http-problem.js';
import { decodeCursor, encodeCursor, pageOf } from './paging.js';
import { parseInput, pathText } from './parse-input.js';
import { parseJson } from './parse-json.js';

function problemOf(run: () => unknown): HttpProblem {
  try {
    run();
  } catch (error) {
    if (error instanceof HttpProblem) return error;
    throw error;
  }
  throw new Error('there was no problem');
}

describe('parseJson', () => {
  it.each(['{"a":[1,"x",null]}', '"text"', '0', '{"constructor":"a word"}'])('reads %s', (text) => {
    expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
  });

  it.each([
    ['{', 'syntax'],
    ['', 'syntax'],
    ['{"a":{"__proto__":1}}', 'forbidden-key'],
    ['{"\\u005f_proto__":1}', 'forbidden-key'],
    ['[{"constructor":{"prototype":{}}}]', 'forbidden-key'],
    [`${'['.repeat(100)}${']'.repeat(100)}`, 'depth'],
  ])('refuses %s', (text, reason) => {
    expect(parseJson(text)).toEqual({ ok: false, reason });
  });

  it('answers a very deep document instead of overflowing the stack', () => {
    expect(parseJson('['.repeat(200_000)).ok).toBe(false);
  });
});

describe('parseInput', () => {
  it('reports at most fifty issues', () => {
    const schema = z.array(z.number());
    const { options } = problemOf(() =>
      parseInput(
        schema,
        Array.from({ length: 500 }, () => 'x'),
      ),
    );
    expect(options.errors).toHaveLength(50);
  });

  it('does not pass on a message that repeats the value', () => {
    const schema = z.object({
      pwd: z.string().refine(() => false, { error: (issue) => `${String(issue.input)} is weak` }),
    });
    const { options } = problemOf(() => parseInput(schema, { pwd: 'geheim' }));
    expect(options.errors).toEqual([{ path: 'pwd', message: 'is not valid' }]);
  });

  it('writes paths as people do', () => {
    expect(pathText(['spec', 'items', 2, 'value'])).toBe('spec.items[2].value');
    expect(pathText([0, 'name'])).toBe('[0].name');
    expect(pathText([])).toBe('');
  });
});

describe('paging', () => {
  const rows = [1, 2, 3].map((id) => ({ id, at: new Date(id) }));
  const position = z.tuple([z.iso.datetime(), z.int()]);

  it('makes a page and the position after it', () => {
    const page = pageOf(rows, 2, (last) => [last.at, last.id]);
    expect(page.items).toHaveLength(2);
    expect(decodeCursor(position, page.nextCursor ?? '')).toEqual(['1970-01-01T00:00:00.002Z', 2]);
    expect(pageOf(rows, 3, (last) => last.id).nextCursor).toBeNull();
    expect(pageOf([], 3, (last) => last).nextCursor).toBeNull();
  });

  it.each(['', 'rubbish', encodeCursor({ a: 1 }), encodeCursor(['x', 1]), 'A'.repeat(5_000)])(
    'refuses the cursor %#',
    (cursor) => {
      expect(problemOf(() => decodeCursor(position, cursor)).code).toBe('cursor-invalid');
    },
  );

  it('refuses a NUL, which no database takes', () => {
    expect(problemOf(() => decodeCursor(z.string(), encodeCursor('a\0'))).code).toBe('cursor-invalid');
  });

  it('has no position before the first page', () => {
    expect(decodeCursor(position, undefined)).toBeUndefined();
  });
});
