import { after } from '../../../test/device-events.js';
import { addFragment, completeReport, type Fragment } from './item-fragments.js';

function fragment(position: number, options: Partial<Fragment> = {}): Fragment {
  return {
    attempt: 1,
    fragment: position,
    isFinal: false,
    at: after(position),
    items: [{ name: `item-${position}`, value: 'x' }],
    unreadable: [],
    ...options,
  };
}

function collect(...fragments: readonly Fragment[]): readonly Fragment[] {
  return fragments.reduce<readonly Fragment[]>(addFragment, []);
}

describe('the fragments of a reply', () => {
  it('make a complete report in any order, delivered twice or not', () => {
    const all = [fragment(2, { isFinal: true }), fragment(0), fragment(1)];
    const report = completeReport(collect(...all, ...all));
    expect(report?.items.map(({ name }) => name)).toEqual(['item-0', 'item-1', 'item-2']);
    expect(report?.at).toEqual(after(2));
  });

  it('make none as long as one is missing', () => {
    expect(completeReport(collect(fragment(0), fragment(2, { isFinal: true })))).toBeUndefined();
    expect(completeReport(collect(fragment(1), fragment(2, { isFinal: true })))).toBeUndefined();
    expect(completeReport(collect(fragment(0), fragment(1)))).toBeUndefined();
  });

  it('count again from the first when the step was offered again', () => {
    const second = { attempt: 2 };
    const started = collect(fragment(0), fragment(1), fragment(0, second));
    expect(started).toEqual([fragment(0, second)]);
    expect(addFragment(started, fragment(2))).toEqual([fragment(0, second)]);
    const report = completeReport(addFragment(started, fragment(1, { ...second, isFinal: true })));
    expect(report?.items).toHaveLength(2);
  });
});
