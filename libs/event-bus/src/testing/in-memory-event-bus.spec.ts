import { PublishError } from '../event-bus.js';
import { BusSet } from './bus-set.js';
import type { EventBusHarness } from './check.js';
import { describeEventBus } from './describe-event-bus.js';
import { InMemoryEventBus } from './in-memory-event-bus.js';
import { InMemoryLog } from './in-memory-log.js';

describeEventBus(
  'the bus in memory',
  async (): Promise<EventBusHarness> => {
    const log = new InMemoryLog();
    const buses = new BusSet<InMemoryEventBus>();
    const all = new Set<InMemoryEventBus>();
    const fail = (failure: PublishError | undefined): void => {
      for (const bus of all) bus.failPublishing(failure);
    };
    return {
      deadlineMs: 3000,
      open: async () => {
        const bus = buses.add(new InMemoryEventBus({ log }));
        all.add(bus);
        return bus;
      },
      crash: (bus) => buses.crash(bus),
      outage: async () => {
        fail(new PublishError('unavailable', 'outage'));
        return { end: async () => fail(undefined) };
      },
      dispose: () => buses.close(),
    };
  },
  { deadlineMs: 3000, hasOutage: true },
);
