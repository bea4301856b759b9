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
  const itemsOf = (...names: readonly string[]): { name: string; value: string }[] =>
    names.map((name) => ({ name, value: `value of ${name}` }));

  it('keeps the newest report of an item', () => {
    const changes = new ItemChanges();
    changes.report([{ name: 'a', value: 'new' }], after(10));
    changes.report([{ name: 'a', value: 'old' }], after(5));
    expect(changes.rows).toEqual([expect.objectContaining({ value: 'new', reportedAt: after(10) })]);
  });

  it('holds no value of a secret item', () => {
    const changes = new ItemChanges();
    changes.report([{ name: 'sip-pwd', secret: true, value: 'leaked' }], after(0));
    expect(changes.rows).toEqual([expect.objectContaining({ isSecret: true, value: null })]);
  });

  it('keeps what only an earlier opening stated, dated by its last repetition', () => {
    const stored = new ItemChanges();
    stored.open(itemsOf('a'), after(10));
    expect(stored.retirements).toEqual([
      { kind: 'opening', which: 'except', keys: new Set(['a']), confirmedAt: after(10) },
    ]);

    const inBatch = new ItemChanges();
    inBatch.open(itemsOf('a', 'b'), null);
    inBatch.open(itemsOf('a'), after(10));
    expect(inBatch.retirements).toEqual([]);
    expect(inBatch.documents).toEqual([{ kind: 'opening', items: itemsOf('a') }]);
    expect(inBatch.rows).toEqual([expect.objectContaining({ name: 'b', reportedAt: after(10) })]);
  });

  it('make everything void that a complete report does not list, unless it is newer', () => {
    const changes = new ItemChanges();
    changes.report(itemsOf('older'), after(1));
    changes.report(itemsOf('newer'), after(3));
    const report = { at: after(2), items: itemsOf('listed'), unreadable: new Set<string>() };
    changes.complete(report, { opening: after(0), complete: null });
    expect(changes.rows.map(({ name }) => name)).toEqual(['newer']);
    expect(changes.documents).toEqual([{ kind: 'complete', items: itemsOf('listed') }]);
    expect(changes.retirements.map(({ kind }) => kind)).toEqual(['opening']);
    expect(changes.voidRows).toEqual({ notAfter: after(2), except: new Set() });
  });

  it('keep what a complete report lists and could not read', () => {
    const changes = new ItemChanges();
    changes.open(itemsOf('a', 'b'), null);
    const report = { at: after(2), items: [], unreadable: new Set(['a']) };
    changes.complete(report, { opening: after(0), complete: after(1) });
    expect(changes.rows).toEqual([expect.objectContaining({ name: 'a', reportedAt: after(0) })]);
    expect(changes.retirements).toEqual([
      { kind: 'complete', which: 'only', keys: new Set(['a']), confirmedAt: after(1) },
    ]);
  });
});
