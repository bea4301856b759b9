export { InMemoryEventBus, type InMemoryEventBusOptions } from './in-memory-event-bus.js';
export { InMemoryLog } from './in-memory-log.js';
export type { InMemoryRecord } from './in-memory-record.js';
