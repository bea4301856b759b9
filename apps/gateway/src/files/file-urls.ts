import type { FileLinks } from '@opendls/file-links';

export interface FileUrlOptions {
  /** `https://host[:port]` phones reach the gateways at; null: the host the phone itself used in this contact. */
  readonly publicUrl: string | null;
  readonly linkTtlMs: number;
  /**
   * Ports of the secure and of the default listener: a phone that came to the secure one loads from the default one, as it is not
   * known whether phones show their certificate when they load files.
   */
  readonly ports: () => { readonly secure: number | undefined; readonly default: number | undefined };
  readonly now: () => Date;
}

/** A file of the store, as a work order names it. */
export interface FileRef {
  readonly sha256: string;
  readonly fileName: string;
}

/** Where links to files begin on the listeners for phones. */
export const FILES_PATH = '/files/';

// A name, an IPv4 address or an IPv6 address in brackets, and a port: what may stand in a Host header and nothing else.
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

/** Makes the URLs phones load files from: complete, with the name at the end (`file-https-base-url`, PROTOCOL 3.4). */
export class FileUrls {
  constructor(
    private readonly links: FileLinks,
    private readonly options: FileUrlOptions,
  ) {}

  /**
   * The URL of a file for one phone, good for a while.
   * @param host `Host` header of the phone's request: untrusted, but only the phone itself gets the URL.
   * @returns undefined when it cannot be said where the phone reaches this gateway.
   */
  urlOf({ sha256, fileName }: FileRef, deviceId: string, host: string | undefined): string | undefined {
    const base = this.options.publicUrl ?? this.baseOf(host);
    if (base === undefined) return undefined;
    const expiresAt = new Date(this.options.now().getTime() + this.options.linkTtlMs);
    const token = this.links.sign({ sha256, deviceId, fileName, expiresAt });
    return `${base}${FILES_PATH}${token}/${encodeURIComponent(fileName)}`;
  }

  private baseOf(host: string | undefined): string | undefined {
    if (host === undefined || !HOST.test(host) || !URL.canParse(`https://${host}`)) return undefined;
    const { secure, default: plain } = this.options.ports();
    const isSecure = secure !== undefined && host.endsWith(`:${secure}`);
    return isSecure && plain !== undefined
      ? `https://${host.slice(0, -String(secure).length)}${plain}`
      : `https://${host}`;
  }
}
