import type { Logger } from '@opendls/logging';
import { Kafka, logLevel, type Admin, type ISocketFactory, type KafkaConfig, type logCreator } from 'kafkajs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { stopIdleTimers } from './kafkajs-idle-timers.js';

/** How to reach a cluster. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
}

const REPEATED_MESSAGE_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;
/** Short, because we try again by ourselves for as long as it takes. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 };

/** One kafkajs client whose sockets can be cut, so that nothing of it works on after its owner gave it up. */
export class KafkaClient {
  readonly kafka: Kafka;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  constructor(connection: KafkaConnection, logger: Logger) {
    stopIdleTimers();
    this.kafka = new Kafka({
      brokers: [...connection.brokers],
      clientId: connection.clientId,
      ...(connection.ssl !== undefined && { ssl: connection.ssl }),
      ...(connection.sasl !== undefined && { sasl: connection.sasl }),
      connectionTimeout: 3000,
      requestTimeout: 10_000,
      retry: RETRY,
      logLevel: logLevel.INFO,
      logCreator: logTo(logger, () => this.#isCut),
      socketFactory: this.#socketFactory,
    });
  }

  /** Runs something with a connected admin client. */
  async withAdmin<T>(action: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return await action(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** Closes every connection at once and opens no more. */
  cut(): void {
    this.#isCut = true;
    // With an error: kafkajs does not listen to a plain close.
    for (const socket of this.#sockets) socket.destroy(new Error('the client is closed'));
  }

  readonly #socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#isCut) throw new Error('the client is closed');
    const socket = ssl
      ? connectTls({ host, port, ...(host && !/^[\d.:]+$/.test(host) && { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };
}

/**
 * kafkajs calls every transient condition an ERROR, and repeats it. Whether something is wrong is decided where the failure
 * ends, so its messages are at most warnings, and not one per retry.
 */
function logTo(logger: Logger, isCut: () => boolean): logCreator {
  const saidAt = new Map<string, number>();
  return () =>
    ({ level, namespace, log }) => {
      // Of a client that was closed every connection is an error.
      if (level === logLevel.INFO || isCut()) {
        logger.debug({ namespace, kafkajs: log.message }, 'kafkajs');
        return;
      }
      if (level !== logLevel.ERROR && level !== logLevel.WARN) return;
      // Ours are limited on purpose, see KafkaPublisher.
      if (log.message.startsWith('Limiting retries for the idempotent producer')) return;
      const key = `${namespace} ${log.message}`;
      const now = Date.now();
      if (now - (saidAt.get(key) ?? 0) < REPEATED_MESSAGE_MS) return;
      // Messages can contain addresses and offsets: the memory of them stays small.
      if (saidAt.size > 100) saidAt.clear();
      saidAt.set(key, now);
      logger.warn({ namespace, kafkajs: log.message, reason: textOf(log['error']) }, 'kafkajs');
    };
}

function textOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  return error instanceof Error ? error.message : undefined;
}
