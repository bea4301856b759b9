import type { Logger } from '@opendls/logging';
import type { Counter } from 'prom-client';
import type { ContactsStore } from './contacts.store.js';
import type { DevicesStore } from './devices.store.js';
import type { ItemFragmentsStore } from './item-fragments.store.js';

/** Replies and contacts whose beginning never came are given up after this time. */
const INCOMPLETE_MS = 24 * 3_600_000;
const BATCH = 5_000;

export interface HistoryPurgeOptions {
  readonly contacts: ContactsStore;
  readonly fragments: ItemFragmentsStore;
  readonly devices: DevicesStore;
  readonly contactRetentionMs: number;
  readonly everyMs: number;
  readonly purged: Counter<'what'>;
  readonly logger: Logger;
  readonly now?: () => Date;
}

/** Removes what is too old, in small batches, now and then. Replicas that do it at the same time do no harm. */
export class HistoryPurge {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly options: HistoryPurgeOptions) {}

  /** Begins; the first purge is due after one interval. */
  start(): void {
    this.timer ??= setInterval(() => {
      this.running = this.running.then(() => this.purgeSafely());
    }, this.options.everyMs);
    this.timer.unref();
  }

  /** Waits for the batch that is running. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Removes everything that is too old by now. */
  async purge(): Promise<void> {
    const { contacts, fragments, devices, contactRetentionMs, now = () => new Date() } = this.options;
    const old = new Date(now().getTime() - contactRetentionMs);
    const incomplete = new Date(now().getTime() - INCOMPLETE_MS);
    await this.inBatches('contact', () => contacts.purge(old, BATCH));
    await this.inBatches('item-fragment', () => fragments.purge(incomplete, BATCH));
    await this.inBatches('device', () => devices.purgeUnseen(incomplete, BATCH));
  }

  private async inBatches(what: string, purge: () => Promise<number>): Promise<void> {
    for (let removed = BATCH; removed === BATCH && !this.isStopped;) {
      removed = await purge();
      if (removed > 0) this.options.purged.inc({ what }, removed);
    }
  }

  private async purgeSafely(): Promise<void> {
    try {
      await this.purge();
    } catch (error) {
      this.options.logger.warn({ err: error }, 'old rows were not removed; tried again later');
    }
  }
}
