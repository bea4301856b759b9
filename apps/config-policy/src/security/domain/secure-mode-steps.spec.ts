import { itemKey, togetherGroup } from '@opendls/item-catalog';
import { renewalSteps, secureModeSteps, withoutCertificate } from './secure-mode-steps.js';

const service = { serverAuthorities: ['first', 'second', 'third'], securePhonePort: 18_444 };

function keysOf(steps: ReturnType<typeof secureModeSteps>): string[] {
  return steps.flatMap((step) =>
    step.kind === 'write-items' ? step.items.map(({ name, index }) => itemKey(name, index)) : [],
  );
}

describe('secureModeSteps', () => {
  it('is one message of items that no gateway takes apart', () => {
    const steps = secureModeSteps(service, 'sealed');
    expect(steps).toHaveLength(1);
    const [step] = steps;
    const groups = step?.kind === 'write-items' ? step.items.map((item) => togetherGroup(item)) : [];
    expect(groups).toEqual(Array.from({ length: 5 }, () => 'secure-mode'));
  });

  it('always has both authorities, the second empty where there is one', () => {
    const [step] = secureModeSteps({ ...service, serverAuthorities: ['only'] }, 'sealed');
    const values =
      step?.kind === 'write-items' ? step.items.map((item) => ('value' in item ? item.value : 'sealed')) : [];
    expect(values).toEqual(['nopin', 'sealed', 'only', '', '18444']);
  });
});

describe('renewalSteps', () => {
  it('does not send the phone to Secure Mode again', () => {
    expect(keysOf(renewalSteps(service, 'sealed'))).toEqual([
      'dls-client-certificate',
      'dls-server-ca[0]',
      'dls-server-ca[1]',
    ]);
  });
});

describe('withoutCertificate', () => {
  it('leaves everything but the certificate', () => {
    const steps = secureModeSteps(service, 'sealed');
    const text = JSON.stringify(withoutCertificate(steps));
    expect(text).not.toContain('"sealed":"sealed"');
    expect(keysOf(withoutCertificate(steps))).toEqual(keysOf(steps));
  });
});
