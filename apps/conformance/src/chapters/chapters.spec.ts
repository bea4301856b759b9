import { readFileSync } from 'node:fs';
import { ADDRESS_NAMES, HOOK_NAMES, type Need } from '../hooks/server-hooks.js';
import { selectCases } from '../run/run-suite.js';
import { CHAPTERS } from './index.js';

const cases = CHAPTERS.flatMap((chapter) => chapter.cases);

describe('the cases', () => {
  it('are many, and most of them need no hook', () => {
    expect(cases.length).toBeGreaterThanOrEqual(150);
    expect(cases.filter(({ needs }) => needs.length === 0).length).toBeGreaterThanOrEqual(150);
  });

  it.each(['README.md', 'ARCHITECTURE.md', 'apps/conformance/README.md'])('are as many as %s says', (file) => {
    const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');
    const told = [...text.matchAll(/(\d+) (?:protocol |named )?cases/g)].map((match) => Number(match[1]));
    expect(told).toEqual([cases.length]);
  });

  it('can be listed by what they need', () => {
    const known: readonly string[] = [...HOOK_NAMES, ...ADDRESS_NAMES];
    const needed = new Set(cases.flatMap(({ needs }) => needs));
    expect([...needed].filter((need) => !known.includes(need))).toEqual([]);
    expect(known.filter((need) => !needed.has(need as Need))).toEqual([]);
  });

  it('have names of their own that begin with the chapter', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    for (const chapter of CHAPTERS)
      for (const { id } of chapter.cases) expect(id).toMatch(new RegExp(`^${chapter.name}/[a-z0-9.-]+$`));
  });

  it('cite a section, and a manual page only behind one', () => {
    for (const { clause } of cases) expect(clause).toMatch(/^\d+\.\d+(\.\d+)?(; \d+\.\d+(\.\d+)?)*(; M p\.[\d, -]+)?$/);
  });
});

describe('selectCases', () => {
  const ids = (pattern: string) => selectCases(pattern).flatMap((chapter) => chapter.cases.map(({ id }) => id));

  it('takes any part of an id, in any case', () => {
    expect(ids('HTTP/status-200')).toEqual(['http/status-200']);
    expect(selectCases('tls/').map(({ name }) => name)).toEqual(['tls']);
  });

  it('takes * for anything and nothing else as special', () => {
    expect(ids('cookies/*reply').every((id) => id.startsWith('cookies/') && id.includes('reply'))).toBe(true);
    expect(ids('http.status')).toEqual([]);
    expect(ids('(')).toEqual([]);
  });
});
