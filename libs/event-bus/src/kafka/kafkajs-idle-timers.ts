import { createRequire } from 'node:module';

/** The part of kafkajs's `RequestQueue` (2.2.4) this file corrects. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const CHECK_MS = 10;

/**
 * kafkajs 2.2.4 sets a timer for the end of a throttling that never began, which lies in the past, and sets it again when it
 * fires: every connection wakes the process once a millisecond for ever, some percent of a core each (and Node.js 24 warns
 * of negative timeouts). A timer is needed only while requests wait.
 */
export function stopIdleTimers(): void {
  // Not part of kafkajs's typed interface; its shape is pinned with the version, and by the spec beside this file.
  const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
    readonly prototype: RequestQueue;
  };
  queue.prototype.scheduleCheckPendingRequests = schedule;
}

function schedule(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    Math.max(CHECK_MS, this.throttledUntil - Date.now()),
  );
}
