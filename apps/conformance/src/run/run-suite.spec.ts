import { setImmediate as turn } from 'node:timers/promises';
import { must, type Chapter, type ConformanceCase } from '../conformance-case.js';
import type { Target } from '../wire/target.js';
import { runSuite } from './run-suite.js';

const target: Target = { host: '127.0.0.1', port: 1, path: '/DeploymentService/LoginService' };

/** Cases that need no server and tell when they run. */
function watchedCases() {
  const begun: string[] = [];
  const macs = new Set<string>();
  let [running, most] = [0, 0];
  const made = (id: string, turns: number): ConformanceCase =>
    must(id, '1.1', id, async (t) => {
      begun.push(id);
      macs.add(t.phone().mac);
      most = Math.max(most, ++running);
      for (let n = 0; n < turns; n += 1) await turn();
      running -= 1;
    });
  const chapter = (name: string, count: number, isLast?: boolean): Chapter => {
    const cases = Array.from({ length: count }, (_, n) => made(`${name}/${n}`, (n % 3) * 5));
    return { name, title: name, cases, ...(isLast === undefined ? {} : { isLast }) };
  };
  return { chapter, begun, macs, most: () => most };
}

describe('runSuite', () => {
  it('plays one case after another, in their order', async () => {
    const { chapter, begun, most } = watchedCases();
    await runSuite({ url: 'https://h', target, chapters: [chapter('a', 5), chapter('b', 5)] });
    expect(begun).toEqual([0, 1, 2, 3, 4].map((n) => `a/${n}`).concat([0, 1, 2, 3, 4].map((n) => `b/${n}`)));
    expect(most()).toBe(1);
  });

  it('plays so many at the same time, and reports them in their order', async () => {
    const { chapter, macs, most } = watchedCases();
    const chapters = [chapter('a', 7), chapter('b', 7)];
    const told: string[] = [];
    const onResult = ({ id }: { id: string }): void => void told.push(id);
    const { results } = await runSuite({ url: 'https://h', target, chapters, concurrency: 4, onResult });
    expect(most()).toBe(4);
    expect(results.map(({ id }) => id)).toEqual(chapters.flatMap(({ cases }) => cases.map(({ id }) => id)));
    expect(told.toSorted()).toEqual(results.map(({ id }) => id).toSorted());
    expect(macs.size).toBe(14);
  });

  it('begins what is to be last when all else is over', async () => {
    const { chapter, begun } = watchedCases();
    const chapters = [chapter('last', 4, true), chapter('a', 9)];
    await runSuite({ url: 'https://h', target, chapters, concurrency: 3 });
    expect(begun.slice(9).every((id) => id.startsWith('last/'))).toBe(true);
  });
});
