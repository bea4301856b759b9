export { runCheck, type CheckContext, type EventBusCheck, type EventBusHarness } from './check.js';
export { describeEventBus, EVENT_BUS_CHECKS } from './describe-event-bus.js';
export { InMemoryEventBus, type InMemoryEventBusOptions } from './in-memory-event-bus.js';
export { InMemoryLog } from './in-memory-log.js';
export type { InMemoryRecord } from './in-memory-record.js';
