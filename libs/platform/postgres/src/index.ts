export {
  createDataSource,
  openDataSource,
  type EntityClass,
  type MigrationClass,
  type PostgresOptions,
} from './data-source.js';
export {
  asConstraintViolation,
  ConstraintViolation,
  DatabaseError,
  translateDatabaseError,
  type ConstraintKind,
  type DatabaseErrorCode,
} from './database-errors.js';
export {
  databaseHealth,
  migrationsHealth,
  outboxStats,
  registerOutboxMetrics,
  registerPoolMetrics,
  type HealthCheck,
  type OutboxStats,
} from './health-and-metrics.js';
export {
  migrateDatabase,
  openMigratedDataSource,
  pendingMigrations,
  runMigrations,
  schemaDifferences,
} from './migrations.js';
export { createOutboxTable, dropOutboxTable, Outbox } from './outbox.js';
export { OutboxRelay, type OutboxRelayOptions, type RelayCounts } from './outbox-relay.js';
export type { OutgoingRecord, RecordPublisher } from './outgoing-record.js';
export {
  createProcessedEventTable,
  dropProcessedEventTable,
  ProcessedEvents,
  schedulePurge,
} from './processed-events.js';
export { onCommit, UnitOfWork, type RunOptions, type Tx } from './unit-of-work.js';
