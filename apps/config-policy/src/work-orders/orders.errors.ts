import type { ProblemTable } from '@opendls/http';
import { AppError } from '@opendls/logging';
import type { OrderProblem } from './order-kinds/order-kind.js';

export type OrderErrorCode =
  | 'order-invalid'
  | 'order-not-found'
  | 'order-not-cancellable'
  | 'idempotency-key-invalid'
  | 'idempotency-key-reused'
  | 'too-many-open-orders';

/** An order could not be made, found or cancelled. */
export class OrderError extends AppError<OrderErrorCode> {
  constructor(
    code: OrderErrorCode,
    message: string,
    /** For `order-invalid`: everything that is wrong. */
    readonly problems: readonly OrderProblem[] = [],
  ) {
    super(code, message, { logLevel: 'info' });
  }
}

export const ORDER_PROBLEMS: ProblemTable<OrderErrorCode> = {
  'order-invalid': { status: 400, title: 'The order is not valid' },
  'order-not-found': { status: 404, title: 'There is no such order' },
  'order-not-cancellable': { status: 409, title: 'The order is not waiting any more' },
  'idempotency-key-invalid': { status: 400, title: 'The Idempotency-Key is not valid' },
  'idempotency-key-reused': { status: 409, title: 'The Idempotency-Key belongs to another request' },
  'too-many-open-orders': { status: 409, title: 'The phone has too many orders that are not closed' },
};
