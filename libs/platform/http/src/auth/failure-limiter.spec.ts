import { FailureLimiter } from './failure-limiter.js';

describe('FailureLimiter', () => {
  it('allows a burst, then what is forgotten over time', () => {
    let now = 0;
    const limiter = new FailureLimiter({ burst: 3, perSecond: 1, maxAddresses: 10 }, () => now);
    const fail = (): boolean => limiter.allowsFailure('10.0.0.1');
    expect([fail(), fail(), fail(), fail()]).toEqual([true, true, true, false]);
    now += 1_000;
    expect([fail(), fail()]).toEqual([true, false]);
    expect(limiter.allowsFailure('10.0.0.2')).toBe(true);
  });

  it('remembers a bounded number of addresses and forgets the quietest first', () => {
    const limiter = new FailureLimiter({ burst: 1, perSecond: 0, maxAddresses: 2 }, () => 0);
    expect(limiter.allowsFailure('a')).toBe(true);
    expect(limiter.allowsFailure('b')).toBe(true);
    expect(limiter.allowsFailure('a')).toBe(false);
    expect(limiter.allowsFailure('c')).toBe(true);
    expect(limiter.allowsFailure('a')).toBe(false);
    expect(limiter.allowsFailure('b')).toBe(true);
  });
});
