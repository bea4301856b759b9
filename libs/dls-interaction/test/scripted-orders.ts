import { itemKey } from '@opendls/item-catalog';
import type { ContactClosed, Fact, Input, ItemsReported, Order, OrderStep, RefusedItem } from '../src/index.js';

type Work = Extract<Input, { kind: 'order' | 'no-work' }>;

const ORDER_ID = '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22';

/** The deciding side: one order, offered until it is done or given up; takes every fact at least once. */
export class ScriptedOrders {
  isDone = false;
  attempt = 0;
  readonly refused: RefusedItem[] = [];
  private readonly reports: ItemsReported[] = [];
  private contactId = '';

  constructor(
    private readonly steps: readonly OrderStep[],
    private readonly maxAttempts: number,
  ) {}

  get isGivenUp(): boolean {
    return !this.isDone && this.attempt >= this.maxAttempts;
  }

  /** Takes facts that are safe in the log; answers the one that asks. */
  take(facts: readonly Fact[]): Work | undefined {
    let work: Work | undefined;
    for (const fact of facts) {
      if (fact.type === 'items-reported') this.reports.push(fact);
      if (fact.type === 'step-completed') this.refused.push(...fact.refusedItems);
      const isOurs = fact.type === 'step-completed' && fact.attempt === this.attempt;
      if (isOurs && fact.isOrderFinished) this.isDone = true;
      if (fact.type === 'items-reported' || !fact.awaitingWork) continue;
      if (fact.type === 'contact-opened') work = this.offer(fact.contactId);
      else if (!isOurs || this.isDone) work = { kind: 'no-work', moreOrdersWaiting: false };
      else
        work = this.order(
          fact.isStepFinished ? fact.stepIndex + 1 : fact.stepIndex,
          fact.isStepFinished ? 0 : fact.part + 1,
        );
    }
    return work;
  }

  closed(_closed: ContactClosed): void {
    // The order stays pending; the next contact is its next attempt.
  }

  /** Keys of the items in the complete reply to a step; undefined while fragments are missing. */
  reported(stepIndex: number): readonly string[] | undefined {
    const last = this.reports.filter((report) => report.stepIndex === stepIndex && report.attempt === this.attempt);
    const byFragment = new Map(last.map((report) => [report.fragment, report]));
    const final = [...byFragment.values()].find(({ isFinal }) => isFinal);
    if (final === undefined) return undefined;
    const names: string[] = [];
    for (let fragment = 0; fragment <= final.fragment; fragment++) {
      const report = byFragment.get(fragment);
      if (report === undefined) return undefined;
      names.push(...report.items.map(({ name, index }) => itemKey(name, index)));
    }
    return names;
  }

  private offer(contactId: string): Work {
    if (this.isDone || this.isGivenUp) return { kind: 'no-work', moreOrdersWaiting: false };
    if (contactId !== this.contactId) this.attempt++;
    this.contactId = contactId;
    return this.order(0, 0);
  }

  private order(fromStep: number, fromPart: number): Work {
    const order: Order = { orderId: ORDER_ID, attempt: this.attempt, steps: this.steps };
    return { kind: 'order', order, fromStep, fromPart };
  }
}
