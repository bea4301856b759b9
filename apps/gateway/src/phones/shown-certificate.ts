import type { TLSSocket } from 'node:tls';
import { parseDeviceId } from '@opendls/event-contracts';
import { plainSerial } from '../directives/device-directives.js';
import type { ShownCertificate } from '../directives/mode-check.js';

const SERIAL = /^[0-9a-f]{1,64}$/;

/** Client certificates of connections, read once each. */
export class ShownCertificates {
  private readonly known = new WeakMap<TLSSocket, { readonly certificate: ShownCertificate | undefined }>();

  /** The certificate that the other side of a connection showed, also when it did so in the session that was resumed. */
  of(socket: TLSSocket): ShownCertificate | undefined {
    let entry = this.known.get(socket);
    if (entry === undefined) {
      entry = { certificate: read(socket) };
      this.known.set(socket, entry);
    }
    return entry.certificate;
  }
}

function read(socket: TLSSocket): ShownCertificate | undefined {
  // `authorized` alone does not do: of a resumed TLS 1.3 session without any certificate it is true as well.
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  const serialNumber = plainSerial(certificate.serialNumber);
  const notAfter = new Date(certificate.validTo);
  if (!SERIAL.test(serialNumber) || Number.isNaN(notAfter.getTime())) return undefined;
  return { deviceId: parseDeviceId(commonName(certificate.subject)), serialNumber, notAfter };
}

/** The only common name of a subject, one part per line; empty when there are none or several. */
function commonName(subject: string): string {
  const names = subject.split('\n').filter((part) => part.startsWith('CN='));
  return names.length === 1 ? (names[0]?.slice(3) ?? '') : '';
}
