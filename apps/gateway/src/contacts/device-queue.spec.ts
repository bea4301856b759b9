import { DeviceQueue } from './device-queue.js';

describe('DeviceQueue', () => {
  it('runs work of one phone one after the other, of others at the same time, also after a failure', async () => {
    const queue = new DeviceQueue(3);
    const log: string[] = [];
    const work =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        log.push(`+${name}`);
        await new Promise(setImmediate);
        log.push(`-${name}`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([
      queue.run('a', work('a1', true)),
      queue.run('b', work('b1')),
      queue.run('a', work('a2')),
      queue.run('a', work('a3')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(log.filter((line) => line.includes('a'))).toEqual(['+a1', '-a1', '+a2', '-a2', '+a3', '-a3']);
    expect(log.indexOf('+b1')).toBeLessThan(log.indexOf('-a1'));
    expect(queue.size).toBe(0);
  });

  it('refuses what is too much for one phone, and takes it when there is room again', async () => {
    const queue = new DeviceQueue(1);
    const first = queue.run('a', async () => 1);
    expect(queue.run('a', async () => 2)).toBeUndefined();
    expect(await first).toBe(1);
    await new Promise(setImmediate);
    expect(await queue.run('a', async () => 3)).toBe(3);
  });
});
