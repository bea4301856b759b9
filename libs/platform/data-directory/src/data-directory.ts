import { createSelfSignedCertificate, generateSealingKey } from '@opendls/crypto';
import { access, chmod, constants, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { removeEndpoints, writeEndpoints, writeEventLogUrl, type Endpoints } from './endpoints.js';
import { DataDirectoryError } from './errors.js';
import { readIfExists, writeFileAtomically } from './files.js';
import { lockDirectory } from './lock.js';
import { ownNames } from './own-names.js';
import { readOrCreateSecureTls, type SecureTls, type TlsFiles } from './secure-tls.js';

const CERTIFICATE_DAYS = 3650;

/** Everything an installation on one machine keeps, in one directory: databases, keys, certificate, policies, logs. */
export interface DataDirectory {
  readonly path: string;
  /** `id:base64,...` as `parseSealingKeys` reads it; made on first use, mode 0600. */
  readonly sealingKeys: string;
  readonly sealingKeysFile: string;
  /** PEM files of the phone listener's key and certificate; made on first use unless the user put others there. */
  readonly tls: TlsFiles;
  /** The same of the listener for Secure Mode, signed by the certificate authority unless the user put others there. */
  readonly secureTls: TlsFiles;
  /** Signs certificates of phones; made on first use. Whoever has its key can pretend to be any phone. */
  readonly certificateAuthority: TlsFiles;
  /** PEM with the issuer of the secure listener's certificate, where that is not the certificate authority. */
  readonly serverCaFile: string | undefined;
  /** What is about to expire, for the person who starts the server. */
  readonly warnings: readonly string[];
  /** Hashed API keys. */
  readonly apiKeysFile: string;
  /** The first admin key in clear, mode 0600. */
  readonly firstApiKeyFile: string;
  /** YAML policies; edited by people, read by config-policy. */
  readonly policyDirectory: string;
  readonly logDirectory: string;
  /** A path below the directory. */
  resolve(...segments: string[]): string;
  writeEndpoints(endpoints: Endpoints): Promise<void>;
  /** For commands that look into the log of a running server; holds a password, so mode 0600. */
  writeEventLogUrl(url: string): Promise<void>;
  /** Removes what describes the running server, and gives the directory free. */
  release(): Promise<void>;
}

/**
 * Opens a data directory for this process, making what is missing. Nothing that exists is changed.
 *
 * @throws DataDirectoryError `in-use` when another server runs on it, `not-writable`, `damaged`
 */
export async function openDataDirectory(directory: string): Promise<DataDirectory> {
  const root = path.resolve(directory);
  await makeWritable(root);
  const lock = await lockDirectory(root);
  try {
    await removeEndpoints(root);
    const policyDirectory = path.join(root, 'policies');
    const logDirectory = path.join(root, 'logs');
    await mkdir(policyDirectory, { recursive: true });
    await mkdir(logDirectory, { recursive: true });
    const sealingKeysFile = path.join(root, 'sealing-keys');
    const tls = await readOrCreateCertificate(path.join(root, 'tls'));
    const secure: SecureTls = await readOrCreateSecureTls(path.join(root, 'tls'));
    return {
      path: root,
      sealingKeys: await readOrCreateSealingKeys(sealingKeysFile),
      sealingKeysFile,
      tls,
      ...secure,
      apiKeysFile: path.join(root, 'api-keys.json'),
      firstApiKeyFile: path.join(root, 'api-key'),
      policyDirectory,
      logDirectory,
      resolve: (...segments) => path.join(root, ...segments),
      writeEndpoints: (endpoints) => writeEndpoints(root, endpoints),
      writeEventLogUrl: (url) => writeEventLogUrl(root, url),
      release: async () => {
        await removeEndpoints(root);
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function makeWritable(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DataDirectoryError(
      'not-writable',
      `cannot write to the data directory ${root} (${code ?? 'unknown error'}). Choose another with --data-dir.`,
      { cause: error },
    );
  }
}

/** Losing these keys means losing every stored secret, so a file that is there but empty is an error, never replaced. */
async function readOrCreateSealingKeys(file: string): Promise<string> {
  const existing = await readIfExists(file);
  if (existing === undefined) {
    const created = generateSealingKey('k1');
    await writeFileAtomically(file, `${created}\n`, 0o600);
    return created;
  }
  const keys = existing.trim();
  if (keys === '') {
    throw new DataDirectoryError('damaged', `${file} is empty. Restore it from a backup: it opens the stored secrets.`);
  }
  return keys;
}

async function readOrCreateCertificate(directory: string): Promise<TlsFiles> {
  const keyFile = path.join(directory, 'key.pem');
  const certificateFile = path.join(directory, 'cert.pem');
  const [key, certificate] = [await readIfExists(keyFile), await readIfExists(certificateFile)];
  if ((key === undefined) !== (certificate === undefined)) {
    throw new DataDirectoryError(
      'damaged',
      `${directory} holds only one of key.pem and cert.pem. Add the other or remove both.`,
    );
  }
  if (key === undefined) {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o700);
    const made = await createSelfSignedCertificate({
      commonName: hostname() || 'opendls',
      altNames: ownNames(),
      days: CERTIFICATE_DAYS,
    });
    await writeFileAtomically(keyFile, made.key, 0o600);
    await writeFileAtomically(certificateFile, made.cert, 0o644);
  }
  return { keyFile, certificateFile };
}
