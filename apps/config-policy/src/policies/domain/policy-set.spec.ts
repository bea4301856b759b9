import { expect } from '@jest/globals';
import fc from 'fast-check';
import { aDocument, aPolicySet, aRevision } from '../../../test/builders.js';
import { checkPolicy } from './check-policy.js';
import { compileGlob } from './glob.js';
import { LAYERS } from './policy-document.js';
import { PolicySet } from './policy-set.js';
import { compileSelector, type SelectableFacts } from './selector.js';

const facts: SelectableFacts = {
  deviceId: '001ae8005301',
  macAddress: '00:1A:E8:00:53:01',
  deviceType: 'OpenStage 60',
  softwareType: 'Siemens SIP',
  softwareVersion: 'V3 R5.12.0',
  e164: '4989100231',
};

describe('compileGlob', () => {
  it.each([
    ['OpenStage *', 'OpenStage 60', true],
    ['openstage ??', 'OpenStage 60', true],
    ['OpenStage ?', 'OpenStage 60', false],
    ['*60', 'OpenStage 60', true],
    ['O*S*6?', 'OpenStage 60', true],
    ['*', '', true],
    ['a.c', 'abc', false],
    ['a*b*c', 'a-b-c-b', false],
    ['**', 'x', true],
    ['x*', 'ax', false],
  ])('%s and %j: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'C'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'c', '*', '?'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (glob, candidate) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(compileGlob(glob)(candidate)).toBe(new RegExp(`^${source}$`, 'i').test(candidate));
      }),
    );
  });

  it('answers at once for a pattern made to be slow', () => {
    const matches = compileGlob(`${'*a'.repeat(100)}b`);
    const start = performance.now();
    expect(matches('a'.repeat(250))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('compileSelector', () => {
  it.each([
    [{}, true],
    [{ deviceType: 'OpenStage *' }, true],
    [{ deviceType: ['OpenScape *', 'OpenStage 60'] }, true],
    [{ deviceType: 'OpenStage *', e164: '4930*' }, false],
    [{ deviceType: 'OpenStage *', e164: '49891*' }, true],
    [{ macPrefix: '00:1A:E8' }, true],
    [{ macPrefix: '001ae8' }, true],
    [{ macPrefix: ['00-01-E3', '00:1a:e8:00'] }, true],
    [{ macPrefix: '00:01:E3' }, false],
    [{ softwareVersion: 'V3 R5.*' }, true],
    [{ softwareVersion: 'V2 *' }, false],
    [{ softwareType: 'siemens sip' }, true],
    [{ deviceId: '001ae8005301' }, true],
    [{ deviceId: '00:1A:E8:00:53:01' }, true],
    [{ deviceId: '001ae80054*' }, false],
  ])('%j selects: %s', (select, expected) => {
    expect(compileSelector(select)(facts)).toBe(expected);
  });

  it('does not match what the phone has not stated', () => {
    expect(compileSelector({ e164: '*' })({ ...facts, e164: null })).toBe(false);
    expect(compileSelector({ macPrefix: '00' })({ ...facts, macAddress: null })).toBe(false);
  });

  it('treats long lists like short ones', () => {
    const numbers = Array.from({ length: 100 }, (_, i) => String(4989100200 + i));
    expect(compileSelector({ e164: numbers })(facts)).toBe(true);
    expect(compileSelector({ e164: numbers })({ ...facts, e164: '1' })).toBe(false);
    expect(compileSelector({ e164: numbers })({ ...facts, e164: null })).toBe(false);
    const ids = Array.from({ length: 10 }, (_, i) => `00:1A:E8:00:53:0${i}`);
    expect(compileSelector({ deviceId: ids })(facts)).toBe(true);
  });
});

describe('PolicySet', () => {
  const value = (text: string): Record<string, unknown>[] => [{ name: 'sntp-addr', value: text }];
  function winner(set: PolicySet): string {
    const [selected] = set.select(facts);
    return selected?.item.kind === 'value' ? `${selected.item.value} from ${selected.from.policy}` : 'nothing';
  }

  it('lets the more special layer win whatever the priority', () => {
    const set = aPolicySet(
      { name: 'a', layer: 'defaults', priority: 1000, items: value('defaults') },
      { name: 'b', layer: 'device', priority: 1, items: value('device') },
      { name: 'c', layer: 'group', priority: 500, items: value('group') },
    );
    expect(winner(set)).toBe('device from b');
  });

  it('lets the higher priority win within a layer, then the name that sorts first', () => {
    expect(
      winner(
        aPolicySet(
          { name: 'b', priority: 1, items: value('one') },
          { name: 'a', priority: 1, items: value('first') },
          { name: 'z', priority: 2, items: value('strong') },
        ),
      ),
    ).toBe('strong from z');
    expect(winner(aPolicySet({ name: 'b', items: value('b') }, { name: 'a', items: value('a') }))).toBe('a from a');
  });

  it('joins policies item by item', () => {
    const set = aPolicySet(
      { name: 'a', layer: 'defaults', items: [...value('x'), { name: 'dhcp', value: 'true' }] },
      { name: 'b', layer: 'site', items: value('y') },
    );
    expect(set.select(facts).map(({ item, from }) => `${item.key} ${from.policy}`)).toEqual(['sntp-addr b', 'dhcp a']);
  });

  it('ignores policies that are switched off or select other phones', () => {
    const set = aPolicySet(
      { name: 'a', enabled: false, items: value('off') },
      { name: 'b', select: { deviceType: 'OpenScape *' }, items: value('other') },
    );
    expect(winner(set)).toBe('nothing');
  });

  it('comes to the same result in whatever order policies are stored', () => {
    const input = fc.record({
      layer: fc.constantFrom(...LAYERS),
      priority: fc.integer({ min: 0, max: 3 }),
      items: fc.uniqueArray(fc.constantFrom('sntp-addr', 'display-id', 'reg-addr'), { minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (inputs, random) => {
        const revisions = inputs.map(({ items, ...rest }, i) =>
          aRevision({ ...rest, name: `p${i}`, items: items.map((name) => ({ name, value: `v${i}` })) }),
        );
        const shuffled = [...revisions].sort(() => (random.next().value % 2 === 0 ? -1 : 1));
        const result = (list: typeof revisions): string[] =>
          PolicySet.of(1, list)
            .select(facts)
            .map(({ item, from }) => `${item.key}=${from.policy}`)
            .sort();
        expect(result(shuffled)).toEqual(result(revisions));
      }),
    );
  });

  it.each([
    ['>= V3 R3, < V3 R5.12.0', 'V3 R5.11.9', true],
    ['>= V3 R3, < V3 R5.12.0', 'V3 R5.12.0', false],
    ['>= 3.3.0.0', 'V3 R5.12.0', true],
    ['V1..V2 R2', 'V2 R2.30.0', true],
    ['V3 R5*', 'V3 R5.12.0', true],
    ['>= V3', 'unreadable', false],
  ])('selects by the version range %s: %s is %s', (softwareVersion, version, isSelected) => {
    const set = aPolicySet({ select: { softwareVersion }, items: [{ name: 'sntp-addr', value: 'x' }] });
    expect(set.select({ ...facts, softwareVersion: version })).toHaveLength(isSelected ? 1 : 0);
  });

  it('says where a version range is broken', () => {
    const check = checkPolicy(aDocument({ select: { softwareVersion: ['V3*', '>= V3 R3, < R5'] } }));
    expect(check).toMatchObject({
      ok: false,
      problems: [
        {
          path: ['spec', 'select', 'softwareVersion', 1],
          code: 'invalid-version-range',
          message: expect.stringMatching(/at character 13$/),
        },
      ],
    });
  });
});
