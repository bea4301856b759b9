import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@opendls/logging';

/** Passes on what the framework has to say; its chatter at start is detail. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown): void {
    this.logger.debug({ source: 'nest' }, String(message));
  }

  debug(message: unknown): void {
    this.log(message);
  }

  verbose(message: unknown): void {
    this.log(message);
  }

  warn(message: unknown): void {
    this.logger.warn({ source: 'nest' }, String(message));
  }

  error(message: unknown): void {
    this.logger.error({ source: 'nest', err: message instanceof Error ? message : undefined }, 'framework error');
  }

  fatal(message: unknown): void {
    this.error(message);
  }
}
