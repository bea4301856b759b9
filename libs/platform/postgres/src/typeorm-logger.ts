import type { Logger } from '@opendls/logging';
import type { Logger as TypeormLoggerPort } from 'typeorm';

const MAX_STATEMENT = 1_000;

/** TypeORM's messages as process log lines. Parameters are data of customers: they are never among them. */
export class TypeormLogger implements TypeormLoggerPort {
  constructor(private readonly logger: Logger) {}

  logQuery(): void {
    // every statement: too much for a log
  }

  logQueryError(): void {
    // the caller gets the same error; it is logged where it ends
  }

  logQuerySlow(durationMs: number, statement: string): void {
    this.logger.warn({ durationMs, statement: statement.slice(0, MAX_STATEMENT) }, 'slow database statement');
  }

  logSchemaBuild(message: string): void {
    this.logger.debug({ detail: message }, 'schema builder');
  }

  logMigration(message: string): void {
    this.logger.debug({ detail: message }, 'migration');
  }

  log(level: 'log' | 'info' | 'warn', message: unknown): void {
    this.logger[level === 'warn' ? 'warn' : 'debug']({ detail: String(message) }, 'TypeORM says');
  }
}
