import { CertificateAuthority, createPkcs12, type KeyAndCertificate } from '@opendls/crypto';
import type { Item } from '@opendls/dls-codec';
import type { Fault } from './faults.js';

let shared: Promise<KeyAndCertificate> | undefined;

const idOf = (mac: string): string => mac.replaceAll(':', '').toLowerCase();

/** Secure Mode of the reference server: its authority, and which phones have been seen with their certificate. */
export class ReferenceSecurity {
  readonly #secured = new Set<string>();

  private constructor(
    private readonly authority: CertificateAuthority,
    private readonly fault: Fault | undefined,
  ) {}

  static async create(fault: Fault | undefined): Promise<ReferenceSecurity> {
    shared ??= CertificateAuthority.create({ commonName: 'Reference authority', days: 2, keyBits: 2048 });
    return new ReferenceSecurity(await CertificateAuthority.open(await shared), fault);
  }

  get certificate(): string {
    return this.authority.certificate;
  }

  serverCertificate(): Promise<KeyAndCertificate> {
    return this.authority.issueServerCertificate({ commonName: 'reference', days: 1, altNames: ['127.0.0.1'] });
  }

  /** The items of 7.2. */
  async orderFor(mac: string, port: number): Promise<readonly Item[]> {
    const { key, cert } = await this.authority.issueClientCertificate({ commonName: idOf(mac), days: 1 });
    const pkcs12 = createPkcs12({ key, cert, chain: [], passphrase: '', cipher: 'aes256' });
    const foreign = async (): Promise<string> =>
      (await CertificateAuthority.create({ commonName: 'Nobody', days: 1, keyBits: 2048 })).cert;
    const ca = this.fault === 'foreign-authority' ? await foreign() : this.certificate;
    return [
      { name: 'goto-secure-mode', value: 'nopin' },
      { name: 'dls-client-certificate', value: pkcs12 },
      { name: 'dls-server-ca', index: 0, value: ca },
      { name: 'dls-server-ca', index: 1, value: '' },
      { name: 'dls-secure-port', value: String(port) },
    ];
  }

  /** Whether a phone may speak here; one that comes with its certificate is in Secure Mode from then on. */
  admits(mac: string, commonName: string | undefined): boolean {
    if (commonName === undefined) return !this.#secured.has(idOf(mac)) || this.fault === 'open-default-port';
    if (mac === '') return true;
    if (commonName !== idOf(mac)) return this.fault === 'takes-any-certificate';
    this.#secured.add(commonName);
    return true;
  }
}
