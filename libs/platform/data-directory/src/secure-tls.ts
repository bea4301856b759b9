import { CertificateAuthority, splitPem } from '@opendls/crypto';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { DataDirectoryError } from './errors.js';
import { readIfExists, writeFileAtomically } from './files.js';
import { ownNames } from './own-names.js';

/** PEM files of a key and its certificate. */
export interface TlsFiles {
  readonly keyFile: string;
  readonly certificateFile: string;
}

/** What Secure Mode needs (PROTOCOL 7.1). */
export interface SecureTls {
  readonly secureTls: TlsFiles;
  readonly certificateAuthority: TlsFiles;
  /** `tls/server-ca.pem`, where the user put it: who signed the user's own certificate of the secure listener. */
  readonly serverCaFile: string | undefined;
  readonly warnings: readonly string[];
}

const DAY_MS = 86_400_000;
/** Phones cannot be told of a new authority while they are switched off: it has to outlast them. */
const AUTHORITY_DAYS = 7300;
const SERVER_DAYS = 3650;
const WARN_BEFORE_DAYS = 60;

/**
 * The certificate authority, and the secure listener's certificate that it signs. What the user put there is kept: an own
 * `secure-key.pem` and `secure-cert.pem` without an own authority, or an own authority alone.
 */
export async function readOrCreateSecureTls(directory: string, now = new Date()): Promise<SecureTls> {
  const certificateAuthority = filesIn(directory, 'ca-key.pem', 'ca.pem');
  const secureTls = filesIn(directory, 'secure-key.pem', 'secure-cert.pem');
  if (!(await arePresent(certificateAuthority))) {
    const commonName = `OpenDLS CA ${hostname()}`.slice(0, 64);
    await write(
      directory,
      certificateAuthority,
      await CertificateAuthority.create({ commonName, days: AUTHORITY_DAYS }),
    );
  }
  if (!(await arePresent(secureTls))) {
    const [key, cert] = [
      await readFileOf(certificateAuthority.keyFile),
      await readFileOf(certificateAuthority.certificateFile),
    ];
    const authority = await CertificateAuthority.open({ key, cert });
    const commonName = (hostname() || 'opendls').slice(0, 64);
    const made = await authority.issueServerCertificate({ commonName, altNames: ownNames(), days: SERVER_DAYS, now });
    await write(directory, secureTls, made);
  }
  const own = path.join(directory, 'server-ca.pem');
  const serverCaFile = (await readIfExists(own)) === undefined ? undefined : own;
  const warnings = [
    ...(await issuerWarning(secureTls, serverCaFile ?? certificateAuthority.certificateFile)),
    ...(await expiryWarning(certificateAuthority, 'certificate authority', now)),
    ...(await expiryWarning(secureTls, 'certificate of the secure listener', now)),
  ];
  return { secureTls, certificateAuthority, serverCaFile, warnings };
}

function filesIn(directory: string, key: string, certificate: string): TlsFiles {
  return { keyFile: path.join(directory, key), certificateFile: path.join(directory, certificate) };
}

async function arePresent({ keyFile, certificateFile }: TlsFiles): Promise<boolean> {
  const [key, certificate] = [await readIfExists(keyFile), await readIfExists(certificateFile)];
  if ((key === undefined) === (certificate === undefined)) return key !== undefined;
  const missing = key === undefined ? keyFile : certificateFile;
  throw new DataDirectoryError(
    'damaged',
    `${missing} is missing. Restore it from a backup, or remove the other of the pair.`,
  );
}

async function readFileOf(file: string): Promise<string> {
  return (await readIfExists(file)) ?? '';
}

async function write(directory: string, files: TlsFiles, made: { key: string; cert: string }): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o700);
  await writeFileAtomically(files.keyFile, made.key, 0o600);
  await writeFileAtomically(files.certificateFile, made.cert, 0o644);
}

async function expiryWarning({ certificateFile }: TlsFiles, what: string, now: Date): Promise<string[]> {
  const [first] = splitPem(await readFileOf(certificateFile));
  if (first === undefined) throw new DataDirectoryError('damaged', `${certificateFile} holds no certificate.`);
  const validTo = new Date(new X509Certificate(first).validTo);
  const days = Math.floor((validTo.getTime() - now.getTime()) / DAY_MS);
  if (days >= WARN_BEFORE_DAYS) return [];
  const when = days < 0 ? 'has expired' : `expires in ${days} days`;
  return [
    `The ${what} (${certificateFile}) ${when}, on ${validTo.toISOString().slice(0, 10)}: phones in Secure Mode will not connect any more.`,
  ];
}

/** Phones in Secure Mode check the service's certificate against the authorities they were given. */
async function issuerWarning({ certificateFile }: TlsFiles, authorityFile: string): Promise<string[]> {
  const [first] = splitPem(await readFileOf(certificateFile));
  const server = first === undefined ? undefined : new X509Certificate(first);
  const authorities = splitPem(await readFileOf(authorityFile)).map((pem) => new X509Certificate(pem));
  if (server === undefined || authorities.some((one) => server.checkIssued(one))) return [];
  return [
    `${certificateFile} was not issued by ${authorityFile}, which phones are given to check it. Put the certificate of its issuer into ${path.join(path.dirname(certificateFile), 'server-ca.pem')} before phones go to Secure Mode.`,
  ];
}
