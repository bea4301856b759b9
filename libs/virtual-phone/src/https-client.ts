import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { SecureContext, SecureVersion } from 'node:tls';
import { createSecureContext } from 'node:tls';

/** How a phone connects. */
export interface ConnectionHabits {
  /** Reuses its connection; new firmware opens one per message (PROTOCOL 1.2). */
  readonly keepAlive?: boolean;
  readonly timeoutMs?: number;
  readonly minTlsVersion?: SecureVersion;
  readonly maxTlsVersion?: SecureVersion;
  readonly ciphers?: string;
}

/** TLS of firmware from about 2010: TLS 1.0 with RSA or DHE key exchange, CBC and SHA-1 (PROTOCOL 1.4). */
export const LEGACY_TLS: ConnectionHabits = {
  minTlsVersion: 'TLSv1',
  maxTlsVersion: 'TLSv1',
  ciphers: 'AES128-SHA:AES256-SHA:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA:@SECLEVEL=0',
};

/** An answer as it came over the wire. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What secure mode needs: who the phone is, and whom it trusts (PROTOCOL 7.2). */
export interface SecureCredentials {
  /** PKCS#12 with key and certificate. */
  readonly pfx: Buffer;
  readonly passphrase: string;
  /** PEM certificates of the authorities of the service. */
  readonly serverCa: readonly string[];
}

/** How a message leaves the phone, where that is not the ordinary way. */
export interface Delivery {
  /** Writes the body; the ordinary way is all at once. */
  readonly send?: (outgoing: ClientRequest, body: Buffer) => void;
  /** The answer arrives and is never read. */
  readonly losesAnswer?: boolean;
}

/** No complete answer came back. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(
    readonly kind: 'connection' | 'timeout' | 'untrusted-server',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const DEFAULT_TIMEOUT_MS = 15_000;
/** More than a service may send by far; the rest of a larger answer is not read. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What Node says when the certificate of a server does not verify. */
const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:VERIFY|GET_ISSUER)_|ERR_TLS_CERT_ALTNAME_INVALID)/;

/** Sends messages to one service. */
export class DlsHttpsClient {
  readonly #agent: Agent;

  constructor(
    private readonly url: URL,
    private readonly habits: ConnectionHabits = {},
    private readonly tls: SecureContext = secureContextOf(habits),
    private readonly verifiesServer = false,
  ) {
    this.#agent = new Agent({
      keepAlive: habits.keepAlive ?? false,
      // Every connection makes its own handshake: phones do not resume sessions.
      maxCachedSessions: 0,
      // In default mode a phone takes any certificate (PROTOCOL 1.4).
      rejectUnauthorized: verifiesServer,
      secureContext: tls,
    });
  }

  /** A client of secure mode: presents a certificate and checks the one of the service (PROTOCOL 7.1). */
  static secure(url: URL, habits: ConnectionHabits, credentials: SecureCredentials): DlsHttpsClient {
    return new DlsHttpsClient(url, habits, secureContextOf(habits, credentials), true);
  }

  /** A client for one more phone: phones that keep their connection need one each, the others can share. */
  forAnotherPhone(): DlsHttpsClient {
    return this.habits.keepAlive ? new DlsHttpsClient(this.url, this.habits, this.tls, this.verifiesServer) : this;
  }

  /** Posts one message. Rejects with a {@link ConnectionError} when no complete answer comes back. */
  post(
    body: Buffer,
    cookie: string | undefined,
    signal?: AbortSignal,
    { send, losesAnswer = false }: Delivery = {},
  ): Promise<HttpAnswer> {
    const timeoutMs = this.habits.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      const fail = (kind: ConnectionError['kind'], cause: unknown): void => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        reject(new ConnectionError(kind, reason, { cause }));
      };
      const outgoing = request(this.url, {
        method: 'POST',
        agent: this.#agent,
        // PROTOCOL 1.2: exactly the headers of a traced phone.
        headers: {
          'Content-Type': 'text/xml',
          'Content-Length': body.length,
          ...(cookie === undefined ? {} : { Cookie: cookie }),
        },
        ...(signal ? { signal } : {}),
      });
      const timer = setTimeout(() => {
        fail('timeout', `no answer within ${timeoutMs} ms`);
        outgoing.destroy();
      }, timeoutMs);
      outgoing.on('close', () => clearTimeout(timer));
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        fail(UNTRUSTED.test(error.code ?? '') ? 'untrusted-server' : 'connection', error),
      );
      outgoing.on('response', (incoming) => {
        if (losesAnswer) {
          fail('connection', 'the answer was lost');
          outgoing.destroy();
        } else collect(incoming).then(resolve, (error: unknown) => fail('connection', error));
      });
      if (send) send(outgoing, body);
      else outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** TLS of a phone, with its credentials in secure mode. */
export function secureContextOf(habits: ConnectionHabits, credentials?: SecureCredentials): SecureContext {
  return createSecureContext({
    ...(habits.minTlsVersion ? { minVersion: habits.minTlsVersion } : {}),
    ...(habits.maxTlsVersion ? { maxVersion: habits.maxTlsVersion } : {}),
    ...(habits.ciphers ? { ciphers: habits.ciphers } : {}),
    ...(credentials ? { pfx: credentials.pfx, passphrase: credentials.passphrase, ca: [...credentials.serverCa] } : {}),
  });
}

async function collect(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is far too long');
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}
