import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDirectory, kafkaClassPath, parseArtifacts } from './kafka-jars.js';
import { quietLogger } from './tool-logger.js';

describe('the cache of Kafka', () => {
  let directory: string;
  let repository: Server;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-kafka-cache-'));
    // Answers with something, which is never what was asked for.
    repository = createServer((_, response) => response.end('not a jar'));
    repository.listen(0, '127.0.0.1');
    await once(repository, 'listening');
    const address = repository.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    env = {
      OPENDLS_KAFKA_CACHE: path.join(directory, 'kafka'),
      OPENDLS_MAVEN_REPOSITORY: `http://127.0.0.1:${port}/maven2`,
    };
  });

  afterEach(async () => {
    repository.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('takes nothing whose checksum differs, and leaves nothing behind', async () => {
    await expect(kafkaClassPath(quietLogger, env)).rejects.toMatchObject({ code: 'bad-download' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('says so when there is no network', async () => {
    repository.close();
    repository.closeAllConnections();
    await expect(kafkaClassPath(quietLogger, env)).rejects.toMatchObject({ code: 'no-network' });
  });

  it('pins every artifact by name, version and checksum', async () => {
    const text = await readFile(new URL('./kafka-4.1.0.artifacts.txt', import.meta.url), 'utf8');
    const artifacts = parseArtifacts(text);
    expect(artifacts.length).toBeGreaterThan(40);
    const length = createHash('sha256').digest('hex').length;
    expect(artifacts.every((artifact) => artifact.sha256.length === length)).toBe(true);
  });

  it('is in the user cache directory', () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/opendls/kafka-4.1.0');
    expect(cacheDirectory({ OPENDLS_KAFKA_CACHE: '/elsewhere' })).toBe('/elsewhere');
  });
});
