import type { OutgoingRecord } from '@opendls/event-bus';
import { LateRecords } from './late-records.js';

function records(count: number): OutgoingRecord[] {
  return Array.from({ length: count }, (_, n) => ({ topic: 't', key: `phone-${n}`, headers: {}, value: '{}' }));
}

describe('records that nobody waits for', () => {
  it('go out in requests of a bounded size, in order: thousands of contacts can expire at once', async () => {
    const published: number[] = [];
    const keys: string[] = [];
    const lost: number[] = [];
    const later = new LateRecords(
      async (batch) => {
        published.push(batch.length);
        keys.push(...batch.map(({ key }) => key));
        if (published.length === 2) throw new Error('too large');
      },
      (_error, count) => lost.push(count),
    );
    later.add(records(2_300));
    await later.close();
    expect(Math.max(...published)).toBeLessThanOrEqual(500);
    expect(keys).toEqual(records(2_300).map(({ key }) => key));
    expect(lost).toEqual([500]);
  });

  it('are taken out for what comes next under their key', async () => {
    const published: OutgoingRecord[][] = [];
    const later = new LateRecords(
      async (batch) => void published.push([...batch]),
      () => undefined,
    );
    const [first, second] = records(2);
    later.add([first!, second!]);
    expect(later.take('phone-0')).toEqual([first]);
    await later.close();
    expect(published).toEqual([[second]]);
  });
});
