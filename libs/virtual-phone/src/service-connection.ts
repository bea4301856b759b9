import type { ConnectionHabits, SecureCredentials } from './https-client.js';
import { DlsHttpsClient } from './https-client.js';
import type { SecureConnection } from './secure-mode.js';
import { serviceUrl } from './service-url.js';

export interface ServiceConnectionParts {
  readonly url: string;
  readonly habits: ConnectionHabits;
  readonly passphrase: string;
  /** Shared by the phones of a fleet, for default mode. */
  readonly shared?: DlsHttpsClient;
}

/** The way to the service: in default mode by its URL, in secure mode by the secure port of the same host. */
export class ServiceConnection {
  readonly #default: DlsHttpsClient;
  #secure: { readonly connection: SecureConnection; readonly client: DlsHttpsClient } | null = null;

  constructor(private readonly parts: ServiceConnectionParts) {
    this.#default = parts.shared ?? new DlsHttpsClient(serviceUrl(parts.url), parts.habits);
  }

  clientFor(connection: SecureConnection | null): DlsHttpsClient {
    if (!connection) return this.#default;
    if (this.#secure?.connection !== connection) {
      this.#secure?.client.close();
      const { url, habits, passphrase } = this.parts;
      const target = serviceUrl(url);
      target.port = String(connection.port);
      const client = DlsHttpsClient.secure(target, habits, credentialsOf(connection, passphrase));
      this.#secure = { connection, client };
    }
    return this.#secure.client;
  }

  close(): void {
    this.#secure?.client.close();
    if (!this.parts.shared) this.#default.close();
  }
}

/** What a phone presents and trusts on secure connections. */
export function credentialsOf(connection: SecureConnection, passphrase: string): SecureCredentials {
  const pfx = Buffer.from(connection.clientCertificate, 'base64');
  return { pfx, passphrase, serverCa: connection.serverCa };
}
