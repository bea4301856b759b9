import type { Logger } from '@opendls/logging';
import type { DataSource } from 'typeorm';
import type { Outbox } from './outbox.js';
import { OutboxSender } from './outbox-sender.js';
import { OutboxSession } from './outbox-session.js';
import type { RecordPublisher } from './outgoing-record.js';
import { Wakeup } from './wakeup.js';

export interface OutboxRelayOptions {
  /** Says which database; the relay has a connection of its own to it. */
  readonly dataSource: DataSource;
  readonly outbox: Outbox;
  readonly publisher: RecordPublisher;
  /** The service, such as `inventory`. */
  readonly name: string;
  readonly logger: Logger;
  /** Records per publish. Default 500. */
  readonly batchSize?: number;
  /** Longest wait for an acknowledgement. Default 10 s. */
  readonly publishTimeoutMs?: number;
  /** How often a standby asks for the lock, and the active one looks for records nobody announced. Default 1 s. */
  readonly pollMs?: number;
  /** How long sent records are kept. Default 1 h. */
  readonly retentionMs?: number;
  /** Longest pause after failures. Default 10 s. */
  readonly maxBackoffMs?: number;
  /** Longest time `stop` goes on sending what is there. Default 5 s. */
  readonly flushTimeoutMs?: number;
}

/** Events the metrics count. */
export interface RelayCounts {
  published: number;
  failures: number;
  parked: number;
}

/**
 * Publishes what is in the outbox, at least once, in order per key. Every replica of a service runs one; a lock in the
 * database makes exactly one of them active. Losing the publisher or the database only delays.
 */
export class OutboxRelay {
  readonly counts: RelayCounts = { published: 0, failures: 0, parked: 0 };
  private readonly wakeup = new Wakeup();
  private readonly pollMs: number;
  private running: Promise<void> | undefined;
  private isActiveNow = false;
  private isKicked = false;
  private stopDeadline: number | undefined;
  private lastError: unknown;

  constructor(private readonly options: OutboxRelayOptions) {
    this.pollMs = options.pollMs ?? 1_000;
    options.outbox.onAppended(() => this.kick());
  }

  /** Begins in the background; returns at once, also when the database is down. */
  start(): void {
    this.running ??= this.runUntilStopped();
  }

  /** Something was committed: send it now. */
  kick(): void {
    this.isKicked = true;
    this.wakeup.wake();
  }

  /** Whether this replica is the one that publishes. */
  isActive(): boolean {
    return this.isActiveNow;
  }

  /** Throws when the relay has no connection, or the last attempt to publish failed. */
  checkHealth(): void {
    if (this.lastError !== undefined) throw new Error('the outbox relay cannot publish', { cause: this.lastError });
  }

  /** Sends what is there, for a few seconds at most, gives the lock up, disconnects. */
  async stop(): Promise<void> {
    this.stopDeadline ??= Date.now() + (this.options.flushTimeoutMs ?? 5_000);
    this.wakeup.wake();
    await this.running;
  }

  private get isStopping(): boolean {
    return this.stopDeadline !== undefined;
  }

  private async runUntilStopped(): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        await this.runSession(() => (failures = 0));
        if (this.isStopping) return;
      } catch (error) {
        this.lastError = error;
        this.options.logger.warn({ err: error }, 'the outbox relay has lost its database');
        if (this.isStopping) return;
      }
      await this.pause(failures);
    }
  }

  /** One connection, from opening to loss or stop. */
  private async runSession(onOpen: () => void): Promise<void> {
    const sender = new OutboxSender(this.options, this.counts);
    let isLost = false;
    const session = await OutboxSession.open({
      url: databaseUrl(this.options.dataSource),
      name: `${this.options.name}-outbox`,
      idleTimeoutMs: (this.options.publishTimeoutMs ?? 10_000) + 3 * this.pollMs + 20_000,
      onNotification: () => this.isActiveNow && this.wakeup.wake(),
      onEnd: () => {
        isLost = true;
        this.wakeup.wake();
      },
    });
    try {
      onOpen();
      this.lastError = undefined;
      let nextLockAt = 0;
      // The condition is changed by the callback above, which the linter does not follow.
      while (!isLost) {
        if (!this.isActiveNow && Date.now() >= nextLockAt) {
          await this.tryToBecomeActive(session);
          nextLockAt = Date.now() + this.pollMs;
        }
        await this.serve(session, sender);
        if (this.isStopping) return;
        await this.wakeup.wait(this.pollMs);
      }
    } finally {
      if (this.isActiveNow) this.options.logger.info({}, 'this replica no longer publishes the outbox');
      this.isActiveNow = false;
      if (!isLost) await session.close();
    }
  }

  private async tryToBecomeActive(session: OutboxSession): Promise<void> {
    this.isActiveNow = await session.tryLock();
    if (this.isActiveNow) this.options.logger.info({}, 'this replica publishes the outbox now');
  }

  /** The active relay sends; a standby passes the word on to it. */
  private async serve(session: OutboxSession, sender: OutboxSender): Promise<void> {
    const wasKicked = this.isKicked;
    this.isKicked = false;
    if (!this.isActiveNow) {
      if (wasKicked) await session.notify();
      return;
    }
    for (let failures = 0; ; failures += 1) {
      const outcome = await sender.drain(session, () => Date.now() > (this.stopDeadline ?? Infinity));
      this.lastError = outcome.error;
      if (outcome.error === undefined || this.isStopping) return;
      await this.pause(failures);
    }
  }

  /** Longer after each failure, with jitter; new records do not shorten it, `stop` does. */
  private async pause(failures: number): Promise<void> {
    const most = Math.min(this.options.maxBackoffMs ?? 10_000, 100 * 2 ** Math.min(failures, 20));
    const until = Date.now() + most * (0.5 + Math.random() / 2);
    for (let left = until - Date.now(); left > 0 && !this.isStopping; left = until - Date.now()) {
      await this.wakeup.wait(left);
    }
  }
}

function databaseUrl({ options }: DataSource): string {
  if (options.type !== 'postgres' || options.url === undefined) throw new Error('the outbox needs a PostgreSQL by URL');
  return options.url;
}
