import { createLogger } from '@opendls/logging';
import { HealthRegistry } from './health.js';

const lines: string[] = [];
const logger = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });

describe('HealthRegistry', () => {
  it('fails a check that takes too long', async () => {
    const health = new HealthRegistry({ logger, timeoutMs: 5 });
    health.add(
      { name: 'slow', check: () => new Promise(() => undefined) },
      { name: 'fine', check: async () => undefined },
    );
    expect(await health.readiness()).toEqual({
      status: 'failing',
      checks: [
        { name: 'slow', status: 'failing' },
        { name: 'fine', status: 'ok' },
      ],
    });
  });

  it('asks once for many at the same time, and logs only changes', async () => {
    let asked = 0;
    let up = false;
    const health = new HealthRegistry({ logger, cacheMs: 0 });
    const cached = new HealthRegistry({ logger, cacheMs: 60_000 });
    const check = {
      name: 'bus',
      check: async () => void ((asked += 1), up || (await Promise.reject(new Error('down')))),
    };
    cached.add(check);
    await Promise.all([cached.readiness(), cached.readiness(), cached.readiness()]);
    expect(asked).toBe(1);
    lines.length = 0;
    health.add(check);
    await health.readiness();
    await health.readiness();
    up = true;
    await health.readiness();
    expect(lines.map((line) => /"msg":"([^"]*)"/.exec(line)?.[1])).toEqual([
      'health check fails',
      'health check passes again',
    ]);
  });

  it('is not ready while it closes', async () => {
    const health = new HealthRegistry({ logger });
    expect((await health.readiness()).status).toBe('ok');
    health.markClosing();
    expect((await health.readiness()).status).toBe('failing');
  });
});
