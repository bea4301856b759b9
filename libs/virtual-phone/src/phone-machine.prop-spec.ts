import type { DlsAction, Item } from '@opendls/dls-codec';
import { ACTIONS } from '@opendls/dls-codec';
import fc from 'fast-check';
import type { PhoneEffect, PhoneInput, PhoneState } from './index.js';
import { newPhone, PERSONALITIES, stepPhone } from './index.js';

const itemArbitrary: fc.Arbitrary<Item> = fc.record({
  name: fc.constantFrom(
    'reg-addr',
    'mac-addr',
    'function-key-def',
    'no-such-item',
    'send-solicited',
    'file-name',
    'restart-type',
    'sip-mobility-state',
    'e164',
    'mobility-enabled',
    'userdata-vu1',
    'goto-secure-mode',
    'dls-mode-secure',
  ),
  value: fc.constantFrom('', 'true', '0', '1', 'x', 'nopin'),
});
const inputArbitrary: fc.Arbitrary<PhoneInput> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('answered' as const),
      message: fc.record({
        kind: fc.constant('dls' as const),
        nonce: fc.constant('N'),
        action: fc.constantFrom<DlsAction | 'unknown'>(...ACTIONS, 'unknown'),
        items: fc.array(itemArbitrary, { maxLength: 4 }),
      }),
      atMs: fc.nat(1_000_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<PhoneInput>(
      { kind: 'call-started' },
      { kind: 'call-ended' },
      { kind: 'waited' },
      { kind: 'log-on', user: { e164: '4989100777', password: '1' } },
      { kind: 'log-off' },
      { kind: 'user-data-changed', name: 'userdata-vu1', text: 'x' },
      { kind: 'work-announced' },
      { kind: 'contact-me', atMs: 5_000_000 },
      { kind: 'changed-locally', items: [{ name: 'display-brightness', value: '5' }] },
      { kind: 'inventory-changed', items: [{ name: 'key-modules', value: '1' }] },
      { kind: 'rejected', failure: { kind: 'undecodable', message: '' } },
      { kind: 'failed', failure: { kind: 'connection', message: '' } },
      { kind: 'deployed', results: [], isSoftware: false, atMs: 0 },
    ),
  },
);

const WORK: ReadonlySet<PhoneEffect['kind']> = new Set(['send', 'wait', 'deploy', 'restart']);

describe('a phone, whatever happens to it', () => {
  it('does one thing at a time, and opens and closes interactions in turn', () => {
    const property = fc.property(
      fc.constantFrom(...PERSONALITIES),
      fc.array(inputArbitrary, { maxLength: 40 }),
      (personality, inputs) => {
        let state: PhoneState = newPhone({
          macAddress: '00:1A:E8:00:53:01',
          personality,
          isMobilityEnabled: true,
        });
        let isOpen = false;
        for (const input of [{ kind: 'powered-on' } as const, ...inputs]) {
          const step = stepPhone(state, input);
          state = step.state;
          expect(step.effects.filter(({ kind }) => WORK.has(kind)).length).toBeLessThanOrEqual(1);
          for (const { kind } of step.effects) {
            if (kind === 'contact-opened') expect(isOpen).toBe(false);
            if (kind === 'contact-closed') expect(isOpen).toBe(true);
            if (kind === 'contact-opened' || kind === 'contact-closed') isOpen = kind === 'contact-opened';
          }
          expect(state.contact !== null).toBe(isOpen);
          expect(state.phase === 'idle' || state.phase === 'off').toBe(!isOpen);
        }
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
});
