import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Logger } from '@opendls/logging';
import type { GatewayConfig, TlsIdentity } from '../config.js';
import { tlsOptionsOf, type ListenerName } from './tls-options.js';

/** Where the certificate of a listener came from, as far as it came from files. */
export interface TlsFiles {
  readonly key?: string | undefined;
  readonly cert?: string | undefined;
  readonly clientCa?: string | undefined;
}

export type ListenerTlsFiles = { readonly [Name in ListenerName]?: TlsFiles };

/** The files that the environment names (`<variable>_FILE`). */
export function tlsFilesOf(env: Readonly<Record<string, string | undefined>>): ListenerTlsFiles {
  const file = (name: string): string | undefined => env[`OPENDLS_GATEWAY_${name}_FILE`];
  const phones = { key: file('TLS_KEY'), cert: file('TLS_CERT') };
  const hasOwn = env['OPENDLS_GATEWAY_LEGACY_TLS_KEY'] !== undefined || file('LEGACY_TLS_KEY') !== undefined;
  const legacy = hasOwn ? { key: file('LEGACY_TLS_KEY'), cert: file('LEGACY_TLS_CERT') } : phones;
  const clientCa = file('SECURE_CLIENT_CA');
  return { default: phones, legacy, secure: { key: file('SECURE_TLS_KEY'), cert: file('SECURE_TLS_CERT'), clientCa } };
}

/** What a listener shows and whom it believes. */
interface Credentials extends TlsIdentity {
  readonly clientCa: string | undefined;
}

/** A listener whose certificate can be replaced. */
export interface ReloadableListener {
  readonly name: ListenerName;
  setCredentials(options: ReturnType<typeof tlsOptionsOf>): void;
}

export type ReloadOutcome = 'loaded' | 'failed';

/**
 * Follows the files of the listeners' certificates. New content that can be used replaces the old, without a connection
 * being cut; what cannot be used, a key without its certificate for example, is told once and the old stays.
 */
export class TlsReload {
  private readonly current = new Map<ListenerName, Credentials>();
  private readonly broken = new Map<ListenerName, string>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: GatewayConfig,
    private readonly files: ListenerTlsFiles,
    private readonly listeners: readonly ReloadableListener[],
    private readonly onReload: (listener: ListenerName, outcome: ReloadOutcome) => void,
    private readonly logger: Logger,
  ) {
    for (const { name } of listeners) this.current.set(name, configured(config, name));
  }

  /** Looks at all files; one look after the other. Never rejects. */
  check(): Promise<void> {
    return (this.running = this.running.then(async () => {
      for (const listener of this.listeners) await this.checkOne(listener);
    }));
  }

  private async checkOne(listener: ReloadableListener): Promise<void> {
    const { name } = listener;
    const files = this.files[name];
    const before = this.current.get(name);
    if (files === undefined || before === undefined) return;
    try {
      const next: Credentials = {
        key: await textOf(files.key, before.key),
        cert: await textOf(files.cert, before.cert),
        clientCa: before.clientCa === undefined ? undefined : await textOf(files.clientCa, before.clientCa),
      };
      if (sameText(next, before)) return void this.broken.delete(name);
      const options = tlsOptionsOf(name, this.config, next, next.clientCa);
      createSecureContext(options); // throws for what cannot be used, before anything was changed
      listener.setCredentials(options);
      this.current.set(name, next);
      this.broken.delete(name);
      this.onReload(name, 'loaded');
      this.logger.info({ listener: name }, 'certificate reloaded');
    } catch (error) {
      this.tellBroken(name, error);
    }
  }

  private tellBroken(name: ListenerName, error: unknown): void {
    // OpenSSL's messages say what is wrong, never what is in a key.
    const reason = error instanceof Error ? error.message : String(error);
    if (this.broken.get(name) === reason) return;
    this.broken.set(name, reason);
    this.onReload(name, 'failed');
    this.logger.error({ listener: name, reason }, 'new certificate cannot be used, the old one stays');
  }
}

function configured({ phones, securePhones, legacyPhones }: GatewayConfig, name: ListenerName): Credentials {
  if (name === 'secure' && securePhones) return { ...securePhones.tls, clientCa: securePhones.clientCa };
  return { ...(name === 'legacy' && legacyPhones ? legacyPhones : phones).tls, clientCa: undefined };
}

async function textOf(path: string | undefined, otherwise: string): Promise<string> {
  return path === undefined ? otherwise : readFile(path, 'utf8');
}

function sameText(a: Credentials, b: Credentials): boolean {
  const same = (one = '', other = ''): boolean => one.trimEnd() === other.trimEnd();
  return same(a.key, b.key) && same(a.cert, b.cert) && same(a.clientCa, b.clientCa);
}
