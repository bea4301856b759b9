import {
  nextContactAt,
  NOT_WOKEN,
  phoneCame,
  requestAnswered,
  requestSent,
  type ContactNeed,
  type WakingState,
} from './contact-plan.js';

const NOON = new Date('2026-01-15T12:00:00.000Z');
const at = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1_000);
const limits = { contactPhones: true, contactGapMs: 300_000 };

function aNeed(overrides: Partial<ContactNeed> = {}): ContactNeed {
  return {
    workFrom: NOON,
    isUrgent: false,
    contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
    dcmpUrl: null,
    contactInterval: null,
    lastContactAt: at(-100),
    ...overrides,
  };
}

/** Seconds from noon; null: not asked. */
function next(overrides: Partial<ContactNeed> = {}, waking: WakingState = NOT_WOKEN, now = NOON): number | null {
  const time = nextContactAt(aNeed(overrides), waking, limits, now);
  return time === null ? null : (time.getTime() - NOON.getTime()) / 1_000;
}

function asked(outcome: Parameters<typeof requestAnswered>[2] | null, times = 1): WakingState {
  let waking = NOT_WOKEN;
  for (let i = 0; i < times; i++) waking = requestSent(waking, `request-${i}`, NOON);
  return outcome === null ? waking : requestAnswered(waking, `request-${times - 1}`, outcome);
}

describe('a phone is asked to come', () => {
  it.each([
    ['after its contact gap', {}, 200],
    ['after the gap it reports', { contactInterval: '120' }, 20],
    ['after the default gap where it reports nonsense', { contactInterval: '-5' }, 200],
    ['now when its gap is long over', { lastContactAt: at(-1_000) }, 0],
    ['now when somebody wants it so', { isUrgent: true }, 0],
    ['when its work can be done', { workFrom: at(900) }, 900],
  ] as const)('%s', (_name, need, seconds) => expect(next(need)).toBe(seconds));

  it.each([
    ['without work', { workFrom: null }],
    ['without an address', { contactMeUri: null }],
    ['with an endless address', { contactMeUri: `http://${'x'.repeat(250)}` }],
    ['while it polls', { dcmpUrl: 'http://dls.example.org/dcmp', isUrgent: true }],
  ])('never %s', (_name, need) => expect(next(need)).toBeNull());

  it('never where it is switched off', () => {
    expect(nextContactAt(aNeed(), NOT_WOKEN, { ...limits, contactPhones: false }, NOON)).toBeNull();
  });

  it('not again within 60 seconds, also when it came in between and somebody wants it now', () => {
    const waking = phoneCame(asked('accepted'));
    expect(next({ isUrgent: true, lastContactAt: at(5) }, waking, at(10))).toBe(60);
  });

  it('again after its gap when it did not come in spite of its 204, then ever later', () => {
    const need = { lastContactAt: at(-1_000) };
    expect([1, 2, 3, 9].map((times) => next(need, asked('accepted', times)))).toEqual([300, 600, 1_200, 3_600]);
    expect(next({ ...need, isUrgent: true }, asked('accepted'))).toBe(300);
  });

  it.each([
    ['unreachable', 1, 60],
    ['timeout', 3, 240],
    ['unexpected-status', 20, 3_600],
    ['not-allowed', 1, 3_600],
    ['too-soon', 1, 60],
    ['expired', 1, 60],
    [null, 1, 120],
  ] as const)('again after %s, time %i, in %i s', (outcome, times, seconds) => {
    expect(next({ lastContactAt: at(-10_000) }, asked(outcome, times))).toBe(seconds);
  });

  it('not while it may come by itself after a call, unless somebody wants it now', () => {
    const waking = { ...NOT_WOKEN, solicitedAt: NOON.toISOString() };
    expect(next({ lastContactAt: at(-10_000) }, waking)).toBe(900);
    expect(next({ lastContactAt: at(-10_000), isUrgent: true }, waking)).toBe(0);
    expect(next({ lastContactAt: at(-10_000) }, phoneCame(waking))).toBe(0);
  });

  it('is not misled by what became of an older request', () => {
    expect(requestAnswered(asked(null), 'another', 'unreachable').lastOutcome).toBeNull();
  });
});
