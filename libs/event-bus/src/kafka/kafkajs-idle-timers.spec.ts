import { createRequire } from 'node:module';
import { stopIdleTimers } from './kafkajs-idle-timers.js';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  destroy(): void;
}

/** A queue of kafkajs as a connection makes it. */
function aQueue(): Queue {
  const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as new (options: {
    maxInFlightRequests: number;
    logger: { debug(): void };
  }) => Queue;
  return new RequestQueue({ maxInFlightRequests: 0, logger: { debug: () => undefined } });
}

describe('the request queue of kafkajs', () => {
  beforeAll(stopIdleTimers);

  it('has no timer while nothing waits', () => {
    const queue = aQueue();
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('has one while a request waits for its turn', () => {
    const queue = aQueue();
    queue.pending.push({});
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });
});
