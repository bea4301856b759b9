import { connect, createSecureContext, type TLSSocket } from 'node:tls';

/** One answer of the listener. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** What came of waiting for an answer. */
export type Reading =
  | { readonly kind: 'answer'; readonly answer: RawAnswer }
  | { readonly kind: 'closed' }
  | { readonly kind: 'late' }
  | { readonly kind: 'malformed'; readonly problem: string };

// Made once: loading the authorities of the machine costs more than a handshake. None of them matters here.
const secureContext = createSecureContext({ ca: [] });
let session: Buffer | undefined;

/** A kept TLS connection on which any bytes are written and answers are read one by one. */
export class TlsClient {
  private bytes: Buffer = Buffer.alloc(0);
  private hasEnded = false;
  private wake = (): void => undefined;

  private constructor(private readonly socket: TLSSocket) {
    socket.on('data', (data: Buffer) => {
      this.bytes = this.bytes.length === 0 ? data : Buffer.concat([this.bytes, data]);
      this.wake();
    });
    const end = (): void => {
      this.hasEnded = true;
      this.wake();
    };
    socket.on('end', end).on('close', end).on('error', end);
  }

  static async open(port: number): Promise<TlsClient> {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, secureContext, session });
    socket.setNoDelay(true);
    socket.on('session', (ticket) => (session = ticket));
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return new TlsClient(socket);
  }

  get isOpen(): boolean {
    return !this.hasEnded && !this.socket.destroyed;
  }

  /** Writes the bytes in pieces, each in a record of its own. */
  async write(bytes: Buffer, cuts: readonly number[]): Promise<void> {
    let from = 0;
    for (const cut of cuts) {
      this.socket.write(bytes.subarray(from, cut));
      await new Promise((resolve) => setImmediate(resolve));
      from = cut;
    }
    this.socket.write(bytes.subarray(from));
  }

  /** Says that nothing more comes. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  async read(deadlineMs: number): Promise<Reading> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const reading = this.parse();
      if (reading !== undefined) return reading;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return { kind: 'late' };
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private parse(): Reading | undefined {
    const headEnd = this.bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) {
      if (!this.hasEnded) return undefined;
      // A listener that cuts a connection may cut an answer, too; but it never writes anything else.
      const start = this.bytes.toString('latin1', 0, 5);
      return 'HTTP/'.startsWith(start) || start === 'HTTP/' ? { kind: 'closed' } : malformed('bytes that are no HTTP');
    }
    const head = this.bytes.toString('latin1', 0, headEnd);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    if (!Number.isInteger(status)) return malformed(`the status line is ${JSON.stringify(head.slice(0, 60))}`);
    if (status < 200) {
      this.bytes = this.bytes.subarray(headEnd + 4);
      return this.parse();
    }
    const length = /^content-length: (\d+)$/im.exec(head)?.[1];
    // A phone's answer always has a length (PROTOCOL 1.2); of an answer to HEAD only the header comes.
    if (length === undefined) return malformed(`no Content-Length with status ${status}`);
    const end = headEnd + 4 + Number(length);
    if (this.bytes.length < end) {
      if (!this.hasEnded) return undefined;
      this.bytes = Buffer.alloc(0);
      return { kind: 'closed' };
    }
    const body = this.bytes.subarray(headEnd + 4, end);
    this.bytes = this.bytes.subarray(end);
    return { kind: 'answer', answer: { status, head, body } };
  }
}

function malformed(problem: string): Reading {
  return { kind: 'malformed', problem };
}
