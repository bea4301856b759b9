import { ContactPace } from './contact-pace.js';
import { ContactTurns } from './contact-turns.js';

describe('ContactPace', () => {
  it('lets nobody be asked again before the interval is over', () => {
    const pace = new ContactPace(60_000, 10);
    expect(pace.tryBegin('a', 0)).toBe(true);
    expect(pace.tryBegin('a', 59_999)).toBe(false);
    expect(pace.tryBegin('b', 59_999)).toBe(true);
    expect(pace.tryBegin('a', 60_000)).toBe(true);
  });

  it('counts from the time of asking, and not at all when nobody was asked', () => {
    const pace = new ContactPace(60_000, 10);
    pace.tryBegin('a', 0);
    pace.restart('a', 5_000);
    expect(pace.tryBegin('a', 60_000)).toBe(false);
    pace.cancel('a');
    expect(pace.tryBegin('a', 60_001)).toBe(true);
  });

  it('remembers no more than its bound, and forgets nobody before their time for it', () => {
    const pace = new ContactPace(60_000, 2);
    pace.tryBegin('a', 0);
    pace.tryBegin('b', 1);
    expect(pace.tryBegin('c', 2)).toBe(false);
    expect(pace.tryBegin('c', 60_000)).toBe(true);
    expect(pace.size).toBe(2);
  });
});

describe('ContactTurns', () => {
  const never = new AbortController().signal;

  it('has only so many at once, in order', async () => {
    const turns = new ContactTurns({ perSecond: 1_000, maxConcurrent: 2 }, () => performance.now());
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const work = (id: number) => () =>
      new Promise<number>((resolve) => {
        begun.push(id);
        ends.push(() => resolve(id));
      });
    const all = [1, 2, 3, 4].map((id) => turns.take(performance.now() + 60_000, never, work(id)));
    await new Promise(setImmediate);
    expect(begun).toEqual([1, 2]);
    ends[0]?.();
    await all[0];
    await new Promise(setImmediate);
    expect(begun).toEqual([1, 2, 3]);
    ends[1]?.();
    ends[2]?.();
    await all[2];
    await new Promise(setImmediate);
    ends[3]?.();
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
    expect(turns.inUse).toBe(0);
  });

  it('refuses at once what its rate does not reach in time', async () => {
    let nowMs = 0;
    const turns = new ContactTurns({ perSecond: 1, maxConcurrent: 10 }, () => nowMs);
    const work = async (): Promise<string> => 'done';
    expect(await turns.take(500, never, work)).toBe('done');
    expect(await turns.take(500, never, work)).toBeUndefined();
    nowMs = 1_000;
    expect(await turns.take(1_500, never, work)).toBe('done');
  });

  it('gives a place up when the time is over or everything closes', async () => {
    const turns = new ContactTurns({ perSecond: 1_000, maxConcurrent: 1 }, () => performance.now());
    let end: () => void = () => undefined;
    const first = turns.take(Infinity, never, () => new Promise<void>((resolve) => (end = resolve)));
    await new Promise(setImmediate);
    const work = async (): Promise<string> => 'done';
    expect(await turns.take(performance.now() + 10, never, work)).toBeUndefined();
    const closing = new AbortController();
    const waiting = turns.take(performance.now() + 60_000, closing.signal, work);
    closing.abort();
    expect(await waiting).toBeUndefined();
    end();
    await first;
    expect(await turns.take(performance.now() + 60_000, never, work)).toBe('done');
  });

  it('leaves the turn when the work fails', async () => {
    const turns = new ContactTurns({ perSecond: 1_000, maxConcurrent: 1 }, () => performance.now());
    await expect(turns.take(Infinity, never, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(turns.inUse).toBe(0);
  });
});
