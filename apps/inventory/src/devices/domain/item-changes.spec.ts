import { after } from '../../../test/device-events.js';
import { ItemChanges, meaningfulItems, textOfKey } from './item-changes.js';

describe('the items of a message', () => {
  it('leaves out what the phone could not read, and the flags of the message', () => {
    const items = [
      { name: 'a', value: '1' },
      { name: 'b', value: '2', status: 'failed' },
      { name: 'c', status: 'failed' },
      { name: 'd', secret: true as const, status: 'failed' },
      { name: 'e', secret: true as const },
      { name: 'configuration-changed-flag', value: 'true' },
    ];
    expect(meaningfulItems(items).map(({ name }) => name)).toEqual(['a', 'e']);
  });

  it('tells index 0 from none, and takes the last of two equal ones', () => {
    const items = [
      { name: 'a', value: '1' },
      { name: 'a', index: 0, value: '2' },
      { name: 'a', value: '3' },
    ];
    expect(meaningfulItems(items).map((item) => item.value)).toEqual(['3', '2']);
    expect(textOfKey({ name: 'a', index: 0 })).toBe('a[0]');
  });
});

describe('changes to the items of a phone', () => {
  const one = (value: string): { name: string; value: string }[] => [{ name: 'a', value }];

  it('keeps the newest report of an item', () => {
    const changes = new ItemChanges();
    changes.report(one('new'), after(10), false);
    changes.report(one('old'), after(5), false);
    expect(changes.upserts).toEqual([expect.objectContaining({ value: 'new', reportedAt: after(10) })]);
  });

  it('holds no value of a secret item', () => {
    const changes = new ItemChanges();
    changes.report([{ name: 'sip-pwd', secret: true, value: 'leaked' }], after(0), false);
    expect(changes.upserts).toEqual([expect.objectContaining({ isSecret: true, value: null })]);
  });

  it('dates the items of an opening by its last repetition once they are released', () => {
    const changes = new ItemChanges();
    changes.report(one('x'), after(0), true);
    changes.report(one('late'), after(5), false);
    changes.releaseOpening(after(10));
    changes.report(one('too late'), after(9), false);
    expect(changes.releasedAt).toEqual(after(10));
    expect(changes.upserts).toEqual([
      expect.objectContaining({ value: 'x', reportedAt: after(10), isInOpening: false }),
    ]);
  });

  it('drops what a complete report does not list, unless it is newer', () => {
    const changes = new ItemChanges();
    changes.report([{ name: 'gone', value: '1' }], after(0), false);
    changes.report([{ name: 'kept', value: '1' }], after(1), false);
    changes.report([{ name: 'newer', value: '1' }], after(3), false);
    changes.replace({ at: after(2), keep: new Set(['kept']) });
    expect(changes.upserts.map(({ name }) => name)).toEqual(['kept', 'newer']);
    expect(changes.replacement?.at).toEqual(after(2));
  });
});
