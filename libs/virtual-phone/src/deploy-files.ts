import type { FileJob, FileResult } from './deployment.js';
import type { DownloadHabits } from './file-download.js';
import { download, imageVersion } from './file-download.js';
import type { ConnectionHabits } from './https-client.js';
import { secureContextOf } from './https-client.js';
import type { SecureConnection } from './secure-mode.js';
import { credentialsOf } from './service-connection.js';

/** A file the phone loaded, as it arrived. */
export interface LoadedFile {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly attempts: number;
  /** Where the last attempt went on, when one was cut off; 0: all in one go. */
  readonly resumedAtBytes: number;
}

export interface DeployParts {
  readonly habits: ConnectionHabits;
  readonly downloads: DownloadHabits;
  readonly passphrase: string;
  /** Takes the place of loading anything. */
  readonly hook?: (job: FileJob) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Does the jobs of a deployment one after the other; tells of every file that arrived. */
export async function deployFiles(
  jobs: readonly FileJob[],
  security: SecureConnection | null,
  { habits, downloads, passphrase, hook, signal }: DeployParts,
  onLoaded: (file: LoadedFile) => void,
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  for (const job of jobs) {
    if (job.action === 'delete' || hook) {
      results.push({ job, isOk: job.action === 'delete' || ((await hook?.(job)) ?? false) });
      continue;
    }
    const tls = secureContextOf(habits, security ? credentialsOf(security, passphrase) : undefined);
    const loaded = await download(job, tls, downloads, signal);
    if (!loaded.isOk) {
      results.push({ job, isOk: false, reason: loaded.reason });
      continue;
    }
    const { sha256, sizeBytes, attempts, resumedAtBytes, firstBytes } = loaded;
    onLoaded({ name: job.name, type: job.type, url: job.url ?? '', sha256, sizeBytes, attempts, resumedAtBytes });
    const version = imageVersion(firstBytes);
    results.push({ job, isOk: true, ...(version === undefined ? {} : { imageVersion: version }) });
  }
  return results;
}
