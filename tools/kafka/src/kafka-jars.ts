import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { runCommand } from './java-runtime.js';
import { KafkaUnavailable } from './kafka-unavailable.js';
import type { ToolLogger } from './tool-logger.js';

export const KAFKA_VERSION = '4.1.0';

const DOWNLOADS_AT_ONCE = 6;
const STALE_DOWNLOAD_MS = 60 * 60 * 1000;

export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** Parses the list of artifacts: one `group:name:version sha256` per line, `#` begins a comment. */
export function parseArtifacts(text: string): Artifact[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [coordinate, sha256] = line.split(' ');
    const [group, name, version] = (coordinate ?? '').split(':');
    if (!group || !name || !version || !sha256) throw new Error(`not an artifact: ${line}`);
    return { group, name, version, sha256 };
  });
}

const fileName = (artifact: Artifact): string => `${artifact.name}-${artifact.version}.jar`;

/** Where the jars are kept: `OPENDLS_KAFKA_CACHE`, else the user's cache directory. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env['OPENDLS_KAFKA_CACHE']) return path.resolve(env['OPENDLS_KAFKA_CACHE']);
  const base = env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  return path.join(base, 'opendls', `kafka-${KAFKA_VERSION}`);
}

/**
 * The class path of a Kafka, fetched on first use. A download is made beside the final place, checked against the pinned
 * SHA-256 sums and moved there in one step, so two starters at once cannot spoil each other's.
 */
export async function kafkaClassPath(logger: ToolLogger, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const target = cacheDirectory(env);
  if (!(await exists(target))) await fillCache(target, logger, env);
  return path.join(target, '*');
}

async function fillCache(target: string, logger: ToolLogger, env: NodeJS.ProcessEnv): Promise<void> {
  logger.info({}, `fetching Kafka ${KAFKA_VERSION} from Maven Central, once, ~43 MB`);
  const artifacts = parseArtifacts(
    await readFile(new URL(`./kafka-${KAFKA_VERSION}.artifacts.txt`, import.meta.url), 'utf8'),
  );
  await prepareParent(target);
  const download = `${target}.download-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(download);
    await fetchAll(artifacts, download, logger, env);
    await verify(artifacts, download);
    await moveIntoPlace(download, target);
  } finally {
    await rm(download, { recursive: true, force: true });
  }
  logger.info({ directory: target }, 'Kafka is in the cache');
}

async function prepareParent(target: string): Promise<void> {
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await removeStaleDownloads(target);
  } catch (cause) {
    throw new KafkaUnavailable(
      'cache-not-writable',
      `Kafka cannot be kept in ${target}: name a directory of yours in OPENDLS_KAFKA_CACHE`,
      { cause },
    );
  }
}

async function moveIntoPlace(download: string, target: string): Promise<void> {
  try {
    await rename(download, target);
  } catch (error) {
    // Another starter was faster; what it put there has passed the same check.
    if (!(await exists(target))) throw error;
  }
}

/** From the repository that `OPENDLS_MAVEN_REPOSITORY` names, else with `mvn` and the user's mirror and proxy settings. */
async function fetchAll(
  artifacts: readonly Artifact[],
  directory: string,
  logger: ToolLogger,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const repository = env['OPENDLS_MAVEN_REPOSITORY'];
  if (!repository) {
    const problem = await fetchWithMaven(artifacts, directory);
    if (problem === undefined) return;
    logger.debug({ problem }, 'mvn did not fetch Kafka');
    throw new KafkaUnavailable(
      'no-network',
      `Kafka cannot be fetched (mvn: ${problem}). Install Maven and connect to the Internet once, set OPENDLS_MAVEN_REPOSITORY to the URL of a Maven repository, or name a running broker in KAFKA_BROKERS`,
    );
  }
  try {
    await fetchWithHttps(artifacts, directory, repository);
  } catch (cause) {
    if (cause instanceof KafkaUnavailable) throw cause;
    throw new KafkaUnavailable(
      'no-network',
      `Kafka cannot be fetched from OPENDLS_MAVEN_REPOSITORY: ${describe(cause)}. Or name a running broker in KAFKA_BROKERS`,
      { cause },
    );
  }
}

async function fetchWithMaven(artifacts: readonly Artifact[], directory: string): Promise<string | undefined> {
  const dependencies = artifacts.map(
    (artifact) =>
      `<dependency><groupId>${artifact.group}</groupId><artifactId>${artifact.name}</artifactId><version>${artifact.version}</version>` +
      '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>',
  );
  const project =
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
    '<groupId>opendls</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>' +
    `<dependencies>${dependencies.join('')}</dependencies></project>`;
  await writeFile(path.join(directory, 'pom.xml'), project);
  try {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${directory}`];
    const result = await runCommand('mvn', ['-q', '-B', ...goal], { cwd: directory });
    return result.code === 0 ? undefined : firstError(result.output);
  } catch {
    return 'not installed';
  } finally {
    await rm(path.join(directory, 'pom.xml'), { force: true });
  }
}

function firstError(output: string): string {
  const line = output.split('\n').find((text) => text.includes('ERROR'));
  return (line ?? 'failed').replace('[ERROR]', '').trim().slice(0, 200);
}

async function fetchWithHttps(artifacts: readonly Artifact[], directory: string, repository: string): Promise<void> {
  const waiting = [...artifacts];
  const work = async (): Promise<void> => {
    for (let artifact = waiting.pop(); artifact; artifact = waiting.pop()) {
      const folder = artifact.group.replaceAll('.', '/');
      const file = fileName(artifact);
      const url = `${repository.replace(/\/$/, '')}/${folder}/${artifact.name}/${artifact.version}/${file}`;
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      await writeFile(path.join(directory, file), Buffer.from(await response.arrayBuffer()));
    }
  };
  await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, work));
}

async function verify(artifacts: readonly Artifact[], directory: string): Promise<void> {
  for (const artifact of artifacts) {
    const bytes = await readFile(path.join(directory, fileName(artifact))).catch(() => Buffer.alloc(0));
    if (createHash('sha256').update(bytes).digest('hex') !== artifact.sha256) {
      throw new KafkaUnavailable(
        'bad-download',
        `${fileName(artifact)} is not the file it should be (SHA-256 differs)`,
      );
    }
  }
}

async function removeStaleDownloads(target: string): Promise<void> {
  const prefix = `${path.basename(target)}.download-`;
  for (const name of await readdir(path.dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const directory = path.join(path.dirname(target), name);
    const found = await stat(directory).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > STALE_DOWNLOAD_MS) await rm(directory, { recursive: true, force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
