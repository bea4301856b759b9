import type { Order } from '@opendls/dls-interaction';

/** An order at rest. As text it takes a fraction of the memory; sealed values stay sealed. */
export class HeldOrder {
  private constructor(
    private readonly orderId: string,
    private readonly attempt: number,
    private readonly text: string,
  ) {}

  static of(order: Order): HeldOrder {
    return new HeldOrder(order.orderId, order.attempt, JSON.stringify(order));
  }

  /** Memory it takes, about. */
  get bytes(): number {
    return this.text.length;
  }

  /** The order, if it is the one that a contact is in the middle of. */
  open({ orderId, attempt }: { readonly orderId: string; readonly attempt: number }): Order | undefined {
    if (orderId !== this.orderId || attempt !== this.attempt) return undefined;
    return JSON.parse(this.text) as Order; // written by `of`
  }
}
