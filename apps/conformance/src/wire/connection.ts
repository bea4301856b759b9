import { once } from 'node:events';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { readResponse, type WireAnswer } from './read-response.js';
import type { Target } from './target.js';
import { WireError } from './wire-error.js';

// A phone takes what it gets: every version and cipher, and no look at the certificate (PROTOCOL 1.4).
const LIKE_A_PHONE: ConnectionOptions = {
  rejectUnauthorized: false,
  minVersion: 'TLSv1',
  ciphers: 'DEFAULT@SECLEVEL=0',
};

/** One connection, on which anything can be written, well-formed or not, and responses are read one by one. */
export class Connection {
  #bytes: Buffer = Buffer.alloc(0);
  #hasEnded = false;
  #failure: string | undefined;

  private constructor(
    readonly socket: Socket | TLSSocket,
    private readonly timeoutMs: number,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? data : Buffer.concat([this.#bytes, data]);
    });
    socket.on('end', () => (this.#hasEnded = true));
    socket.on('close', () => (this.#hasEnded = true));
    socket.on('error', (error) => (this.#failure = codeOf(error)));
  }

  /** Opens a TLS connection as a phone does. */
  static async open(target: Target, timeoutMs: number, options: ConnectionOptions = {}): Promise<Connection> {
    const name = isIP(target.host) === 0 ? { servername: target.host } : {};
    const socket = connectTls({ host: target.host, port: target.port, ...LIKE_A_PHONE, ...name, ...options });
    return Connection.#opened(socket, 'secureConnect', timeoutMs);
  }

  /** Opens a bare TCP connection to the same port. */
  static async openPlain(target: Target, timeoutMs: number): Promise<Connection> {
    return Connection.#opened(connectPlain(target.port, target.host), 'connect', timeoutMs);
  }

  static async #opened(socket: Socket, event: string, timeoutMs: number): Promise<Connection> {
    const connection = new Connection(socket, timeoutMs);
    try {
      await once(socket, event, { signal: AbortSignal.timeout(timeoutMs) });
      return connection;
    } catch (error) {
      socket.destroy();
      if (error instanceof Error && error.name === 'AbortError')
        throw new WireError('silent', `no connection within ${timeoutMs / 1000} s`);
      throw new WireError('refused', `no connection: ${codeOf(error)}`);
    }
  }

  get isOpen(): boolean {
    return !this.#hasEnded && !this.socket.destroyed;
  }

  /** Bytes that arrived and belong to no answer that was read. */
  get unread(): Buffer {
    return this.#bytes;
  }

  /** Writes; what the server does not take any more is its decision and not a failure. */
  async write(data: string | Buffer): Promise<void> {
    if (this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off('close', done);
        resolve();
      };
      this.socket.once('close', done);
      this.socket.write(data, done);
    });
  }

  /** Reads the next response. */
  async readAnswer(timeoutMs = this.timeoutMs): Promise<WireAnswer> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const result = readResponse(this.#bytes, this.#hasEnded);
      if (result.state === 'complete') {
        this.#bytes = this.#bytes.subarray(result.consumed);
        return result.answer;
      }
      if (result.state === 'malformed') throw new WireError('malformed', result.message);
      if (this.#hasEnded) throw new WireError('closed', this.#endedHow());
      if (!(await this.#somethingHappens(deadline))) throw new WireError('silent', this.#silentHow(timeoutMs));
    }
  }

  /** Waits until the server has closed the connection; false when it has not by then. */
  async closes(timeoutMs = this.timeoutMs): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (!this.#hasEnded) if (!(await this.#somethingHappens(deadline))) return false;
    return true;
  }

  /** Ends our side in order. */
  end(): void {
    this.socket.end();
  }

  /** Drops the connection without a word. */
  destroy(): void {
    this.socket.destroy();
  }

  async #somethingHappens(deadline: number): Promise<boolean> {
    const restMs = Math.ceil(deadline - performance.now());
    if (restMs <= 0) return false;
    return new Promise((resolve) => {
      const settle = (happened: boolean): void => {
        clearTimeout(timer);
        for (const event of ['data', 'end', 'close']) this.socket.off(event, onEvent);
        resolve(happened);
      };
      const onEvent = (): void => settle(true);
      const timer = setTimeout(() => settle(false), restMs);
      for (const event of ['data', 'end', 'close']) this.socket.on(event, onEvent);
    });
  }

  #endedHow(): string {
    return `the connection was closed without an answer${this.#failure === undefined ? '' : ` (${this.#failure})`}`;
  }

  #silentHow(timeoutMs: number): string {
    const part = this.#bytes.length === 0 ? 'no answer' : 'only a part of an answer';
    return `${part} within ${timeoutMs / 1000} s`;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
