/**
 * What a bus tells about its work; a service binds it to its metrics registry. Called on hot paths: implementations only
 * count, and must not throw.
 */
export interface BusMetrics {
  /** Records acknowledged, in one request, after `durationMs`. */
  published(topic: string, records: number, durationMs: number): void;
  /** Records whose `publish` was rejected, with the code of the `PublishError`. */
  publishFailed(topic: string, records: number, code: string): void;
  /** Records per request to the log. */
  batchSent(records: number, bytes: number): void;
  /** Records a handler settled (done, or put to the dead-letter topic) in one call. */
  consumed(topic: string, group: string, records: number, durationMs: number): void;
  retried(topic: string, group: string, code: string): void;
  deadLettered(topic: string, group: string, code: string): void;
  /** Records behind the end of one partition, as last known. */
  lag(topic: string, group: string, partition: number, records: number): void;
}

const ignore = (): void => undefined;

export const NO_METRICS: BusMetrics = {
  published: ignore,
  publishFailed: ignore,
  batchSent: ignore,
  consumed: ignore,
  retried: ignore,
  deadLettered: ignore,
  lag: ignore,
};
