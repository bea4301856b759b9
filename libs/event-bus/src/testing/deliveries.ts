import type { BatchContext, BatchHandler, DeliveredRecord, Outcome } from '../event-bus.js';
import { DONE } from '../event-bus.js';

/** One delivery of one record. */
export interface Delivery {
  readonly topic: string;
  readonly key: string;
  readonly text: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly record: DeliveredRecord;
}

/** What the handler under test says of one record. */
export type Decide = (delivery: Delivery, context: BatchContext) => Outcome | Promise<Outcome>;

/** A handler that notes what it gets, and lets a check wait until it has got something. */
export class Deliveries {
  readonly seen: Delivery[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly deadlineMs: number,
    private readonly decide: Decide = () => DONE,
  ) {}

  readonly onBatch: BatchHandler = async (records, context) => {
    const outcomes: Outcome[] = [];
    for (const record of records) {
      const delivery = toDelivery(record);
      this.seen.push(delivery);
      for (const wake of this.#waiting) wake();
      outcomes.push(await this.decide(delivery, context));
    }
    return outcomes;
  };

  /** The values of all deliveries, in order; of one key if given. */
  texts(key?: string): (string | null)[] {
    return this.seen.filter((delivery) => key === undefined || delivery.key === key).map((delivery) => delivery.text);
  }

  /** Waits for a condition on what was delivered; throws when it does not come true in time. */
  async until(what: string, condition: (seen: readonly Delivery[]) => boolean): Promise<void> {
    if (condition(this.seen)) return;
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (condition(this.seen)) end(resolve);
      };
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        settle();
      };
      const timer = setTimeout(() => {
        const last = this.texts()
          .slice(-5)
          .map((text) => text?.slice(0, 30));
        const got = `${this.seen.length} deliveries, last: ${last.join(', ')}`;
        end(() => reject(new Error(`not delivered in time: ${what} (${got})`)));
      }, this.deadlineMs);
      this.#waiting.add(check);
    });
  }

  /** Waits until a record with this value was delivered. */
  untilText(text: string): Promise<void> {
    return this.until(`"${text.slice(0, 30)}"`, (seen) => seen.some((delivery) => delivery.text === text));
  }
}

function toDelivery(record: DeliveredRecord): Delivery {
  return {
    topic: record.topic,
    key: record.key,
    text: record.value === null ? null : Buffer.from(record.value).toString(),
    headers: record.headers(),
    record,
  };
}
