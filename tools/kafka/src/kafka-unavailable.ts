export type KafkaUnavailableCode =
  | 'no-java'
  | 'java-too-old'
  | 'no-network'
  | 'bad-download'
  | 'cache-not-writable'
  | 'port-in-use'
  | 'data-in-use'
  | 'start-failed';

/** A real Kafka cannot be had on this machine right now; `code` says why, `message` says what to do about it. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable';
  constructor(
    readonly code: KafkaUnavailableCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
