import { Wakeup } from './wakeup.js';

describe('Wakeup', () => {
  it('ends a wait that has begun, and the next wait at once if it comes in between', async () => {
    const wakeup = new Wakeup();
    const waiting = wakeup.wait(600_000);
    wakeup.wake();
    await waiting;
    wakeup.wake();
    wakeup.wake();
    await wakeup.wait(600_000);
  });

  it('wakes once for any number of wake-ups before the wait', async () => {
    const wakeup = new Wakeup();
    wakeup.wake();
    wakeup.wake();
    await wakeup.wait(600_000);
    let isOver = false;
    const second = wakeup.wait(600_000).then(() => (isOver = true));
    await Promise.resolve();
    expect(isOver).toBe(false);
    wakeup.wake();
    await second;
  });

  it('ends by itself when the time is over', async () => {
    await new Wakeup().wait(1);
  });
});
