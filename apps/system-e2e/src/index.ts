export { ApiClient, type Device, type DevicePolicy } from './api-client.js';
export { kafkaOf, lagOf, readRecords, withAdmin, type RawRecord } from './kafka-log.js';
export { RunningProgram, type Endpoints } from './running-program.js';
export { findLeaks, readCommandLines, readDatabase, readFiles, readTopics, type Leak, type Sink } from './sinks.js';
export { isAlive, until } from './until.js';
