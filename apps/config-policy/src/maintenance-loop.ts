import type { Logger } from '@opendls/logging';

/** Runs a task again and again, one run at a time, until stopped. A run that fails is logged and tried again. */
export class MaintenanceLoop {
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private hasFailed = false;

  constructor(
    private readonly name: string,
    private readonly task: (signal: AbortSignal) => Promise<void>,
    private readonly intervalMs: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.run();
    }, this.intervalMs);
    this.timer.unref();
  }

  /** Waits for the run that is under way. */
  async stop(): Promise<void> {
    this.closing.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.task(this.closing.signal);
      this.hasFailed = false;
    } catch (error) {
      // Once per outage; the database has its own health check.
      if (!this.hasFailed) this.logger.warn({ err: error, task: this.name }, 'maintenance failed; tried again');
      this.hasFailed = true;
    }
    if (!this.closing.signal.aborted) this.start();
  }
}
