import { deriveTokenKeys, generateSealingKey, parseSealingKeys, signToken } from '@opendls/crypto';
import type { ResumePoint } from '@opendls/dls-interaction';
import fc from 'fast-check';
import { ResumeTokens } from './resume-token.js';
import { sessionTokens, setCookie } from './session-cookie.js';

const keys = deriveTokenKeys(parseSealingKeys(generateSealingKey('k1')), 'test');
let nowMs = 1_700_000_000_000;
const tokens = new ResumeTokens(keys, 60_000, () => nowMs);

const count = fc.nat(1_000);
const point: fc.Arbitrary<ResumePoint> = fc.record({
  contact: fc.record({
    contactId: fc.string({ minLength: 22, maxLength: 22 }),
    deviceId: fc.constantFrom('001ae8005301', 'id-soft'),
    maxItems: fc.option(fc.integer(), { nil: null }),
    nonce: fc.string({ unit: 'binary', maxLength: 256 }),
    traits: fc.record({ legacyEntities: fc.boolean(), canSolicit: fc.boolean(), numericFilePriority: fc.boolean() }),
    repeats: fc.constantFrom('undecided', 'possible', 'impossible'),
    exchanges: count,
    actions: count,
    isReissued: fc.boolean(),
  }),
  position: fc.record({
    orderId: fc.uuid(),
    attempt: count,
    stepIndex: count,
    kind: fc.constantFrom(
      'read-all-items',
      'read-items',
      'write-items',
      'file-deployment',
      'software-deployment',
      'restart',
    ),
    part: count,
    isLastPart: fc.boolean(),
    isLastStep: fc.boolean(),
    fragment: count,
    isFragmented: fc.boolean(),
    isSent: fc.boolean(),
  }),
});

describe('ResumeTokens', () => {
  it('gives back every resume point, through a cookie', () => {
    fc.assert(
      fc.property(point, (written) => {
        const cookie = setCookie(tokens.write(written), '/DeploymentService/LoginService');
        expect(cookie.length).toBeLessThan(2_600);
        expect(tokens.readNewest(sessionTokens(cookie))).toEqual(written);
      }),
    );
  });

  it('reads the tokens of the last release, and takes their phones for what that release took all phones for', () => {
    const issuedAt = Math.floor(nowMs / 1_000);
    const old = (kind: number): string =>
      signToken(
        keys,
        JSON.stringify([1, issuedAt, 'c1', '001ae8005301', 7, 'N', 1, 3, 2, 'o1', 2, 1, kind, 4, 5 * 16 + 6]),
      );
    expect(tokens.readNewest([old(2)])).toEqual({
      contact: {
        ...{ contactId: 'c1', deviceId: '001ae8005301', maxItems: 7, nonce: 'N', repeats: 'possible', exchanges: 3 },
        ...{ actions: 2, isReissued: false },
        traits: { legacyEntities: false, canSolicit: true, numericFilePriority: false },
      },
      position: {
        ...{ orderId: 'o1', attempt: 2, stepIndex: 1, kind: 'write-items', part: 4, fragment: 5 },
        ...{ isLastPart: true, isLastStep: true, isFragmented: false, isSent: false },
      },
    });
    expect(tokens.readNewest([old(5)])?.position).toMatchObject({ kind: 'restart', isSent: true });
  });

  it('takes the newest of several, and none that is too old, changed, or not ours', () => {
    const [first, second] = fc.sample(point, 2) as [ResumePoint, ResumePoint];
    const old = tokens.write(first);
    nowMs += 30_000;
    const young = tokens.write(second);
    expect(tokens.readNewest([young, old])).toEqual(second);
    expect(tokens.readNewest([old, young])).toEqual(second);
    nowMs += 40_000;
    expect(tokens.readNewest([old])).toBeUndefined();
    expect(tokens.readNewest([young, old])).toEqual(second);
    expect(tokens.readNewest([`${young.slice(0, -1)}${young.endsWith('A') ? 'B' : 'A'}`, 'x', ''])).toBeUndefined();
    const others = new ResumeTokens(deriveTokenKeys(parseSealingKeys(generateSealingKey('k1')), 'test'), 60_000);
    expect(others.readNewest([young])).toBeUndefined();
  });
});

describe('sessionTokens', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['JSESSIONID=a.b-c_d', ['a.b-c_d']],
    ['JSESSIONID="a"; Path=/x; Secure, JSESSIONID=b', ['a', 'b']],
    ['jsessionid = a ;x=y', ['a']],
    ['JSESSIONID=; JSESSIONID=a b; XJSESSIONID=c', []],
    [`JSESSIONID=${'a'.repeat(9_000)}`, []],
    [
      Array.from({ length: 20 }, (_, n) => `JSESSIONID=t${n}`).join(';'),
      ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7'],
    ],
  ])('%s', (header, expected) => {
    expect(sessionTokens(header)).toEqual(expected);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => Array.isArray(sessionTokens(header))));
  });
});
