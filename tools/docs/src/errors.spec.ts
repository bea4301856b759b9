import { errorCodesOf, type FoundCode } from './error-codes.js';
import { codesIn, productionSources, readText, tableRows } from './workspace.js';

const page = readText('docs/errors.md');
const rows = tableRows(page);
/** First cells name the codes of their rows; `code` stands in backquotes. */
const documented = new Set([...rows.map(([first = '']) => first), page].flatMap(codesIn));
const found = productionSources().flatMap(errorCodesOf);

const fileOf = new Map(found.map(({ code, file }) => [code, file]));

describe('docs/errors.md', () => {
  it('is compared with what the sources really have', () => {
    for (const code of [
      'forbidden',
      'policy-from-file',
      'no-session',
      'body-too-large',
      'doctype-forbidden',
      'timeout',
    ])
      expect(fileOf.has(code)).toBe(true);
    expect(fileOf.size).toBeGreaterThan(100);
  });

  it('has every code', () => {
    const missing = [...fileOf].filter(([code]) => !documented.has(code));
    expect(missing.map(([code, file]) => `${code} (${file})`)).toEqual([]);
  });

  it('has the HTTP status of every code that is answered with one', () => {
    const isShown = ({ code, status }: FoundCode): boolean =>
      rows.some(([first = '', second]) => codesIn(first).includes(code) && second === String(status));
    const answered = found.filter(({ status }) => status !== undefined);
    expect(answered.length).toBeGreaterThan(40);
    expect(answered.filter((one) => !isShown(one)).map(({ code, status }) => `${code} ${status}`)).toEqual([]);
  });
});
