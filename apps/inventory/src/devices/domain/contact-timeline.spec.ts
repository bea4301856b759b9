import { after, anItemsReport, aStep } from '../../../test/device-events.js';
import {
  EMPTY_TIMELINE,
  MAX_TIMELINE_ENTRIES,
  withReportedItems,
  withStep,
  type Timeline,
} from './contact-timeline.js';

function step(timeline: Timeline, seconds: number, options: Parameters<typeof aStep>[0] = {}): Timeline {
  const event = aStep(options);
  if (event.type !== 'opendls.gateway.step-completed') throw new Error('not a step');
  return withStep(timeline, after(seconds), event.data);
}

describe('the timeline of a contact', () => {
  it('keeps what the phone refused', () => {
    const refusedItems = [{ name: 'device-type', status: 'read only' }];
    const { entries } = step(EMPTY_TIMELINE, 1, { refusedItems, writtenItems: [{ name: 'sntp-addr' }] });
    expect(entries).toEqual([expect.objectContaining({ kind: 'step', refusedItems, writtenCount: 1 })]);
  });

  it('is in the order of time, in whatever order it is told', () => {
    const timeline = step(step(step(EMPTY_TIMELINE, 3, { part: 2 }), 1, { part: 0 }), 2, { part: 1 });
    expect(timeline.entries.map((entry) => entry.at)).toEqual([1, 2, 3].map((s) => after(s).toISOString()));
  });

  it('has an answer that is told twice once', () => {
    expect(step(step(EMPTY_TIMELINE, 1), 2).entries).toHaveLength(1);
  });

  it('shows the fragments of a reply as one entry', () => {
    const items = [{ name: 'a', value: '1' }];
    let timeline = EMPTY_TIMELINE;
    for (const fragment of [1, 0, 2, 1]) {
      timeline = withReportedItems(timeline, after(fragment), anItemsReport({ fragment, items }).data);
    }
    expect(timeline.entries).toEqual([
      expect.objectContaining({ kind: 'items-reported', at: after(0).toISOString(), fragments: { 0: 1, 1: 1, 2: 1 } }),
    ]);
  });

  it('is bounded, and says how much it left out', () => {
    let timeline = EMPTY_TIMELINE;
    for (let part = 0; part < MAX_TIMELINE_ENTRIES + 3; part += 1) timeline = step(timeline, part, { part });
    expect(timeline.entries).toHaveLength(MAX_TIMELINE_ENTRIES);
    expect(timeline.omitted).toBe(3);
  });
});
