import { orderRequestSchema } from './order-kinds/index.js';
import { ORDER_EXAMPLE, ORDER_REQUEST_EXAMPLES } from './orders.examples.js';
import { orderSchema } from './orders.responses.js';

describe('examples of orders in the API description', () => {
  it.each(Object.entries(ORDER_REQUEST_EXAMPLES))('can be ordered: %s', (_, { value }) => {
    expect(orderRequestSchema.safeParse(value).error?.issues ?? []).toEqual([]);
  });

  it('has an answer of the form that is promised', () => {
    expect(orderSchema.parse(ORDER_EXAMPLE)).toEqual(ORDER_EXAMPLE);
  });
});
