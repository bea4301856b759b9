import { silentLogger } from '@opendls/logging';
import { createTestDatabase, type TestDatabase } from '@opendls/testing-postgres';
import { toRawRecord } from '../publish/raw-record.js';
import { TopicSignals } from '../topic-signals.js';
import { purgeLog } from './log-retention.js';
import { PostgresLog } from './postgres-log.js';

const HOUR_MS = 3_600_000;

describe('the purge of the log', () => {
  let database: TestDatabase;
  let log: PostgresLog;

  beforeEach(async () => {
    database = await createTestDatabase();
    log = new PostgresLog(database.url, 2, new TopicSignals(), silentLogger());
    await log.createTopics([
      { name: 'short', cleanup: 'delete', retentionMs: HOUR_MS },
      { name: 'endless', cleanup: 'delete' },
      { name: 'state', cleanup: 'compact' },
    ]);
  });

  afterEach(async () => {
    await log.close();
    await database.drop();
  });

  const append = (...records: [topic: string, key: string, value: string | null][]): Promise<void> =>
    log.send(records.map(([topic, key, value]) => toRawRecord({ topic, key, value, headers: {} })));

  const age = async (ms: number): Promise<void> => {
    await log.pool.query(`UPDATE event_log SET created_at = created_at - $1 * interval '1 millisecond'`, [ms]);
  };

  const values = async (topic: string): Promise<(string | null)[]> =>
    (await log.read(topic, '0', 100)).map((record) => record.value?.toString() ?? null);

  it('removes what is older than its topic keeps', async () => {
    await append(['short', 'a', 'old'], ['endless', 'a', 'old']);
    await age(HOUR_MS);
    await append(['short', 'a', 'young']);
    expect(await purgeLog(log)).toBe(1);
    expect(await values('short')).toEqual(['young']);
    expect(await values('endless')).toEqual(['old']);
  });

  it('removes everything of a topic when everything is old', async () => {
    await append(['short', 'a', '1'], ['short', 'b', '2']);
    await age(2 * HOUR_MS);
    expect(await purgeLog(log)).toBe(2);
    expect(await values('short')).toEqual([]);
  });

  it('keeps the latest record of each key of a compacted topic', async () => {
    await append(
      ['state', 'a', 'a1'],
      ['state', 'b', 'b1'],
      ['state', 'a', 'a2'],
      ['state', 'c', 'c1'],
      ['state', 'c', null],
    );
    expect(await purgeLog(log)).toBe(2);
    expect(await values('state')).toEqual(['b1', 'a2', null]);
  });

  it('removes a tombstone a day later', async () => {
    await append(['state', 'c', 'c1'], ['state', 'c', null], ['state', 'a', 'a1']);
    await age(25 * HOUR_MS);
    await purgeLog(log);
    expect(await values('state')).toEqual(['a1']);
  });
});

describe('the log under writers of many processes', () => {
  it('shows ids in their order only, so that a reader never misses one', async () => {
    const database = await createTestDatabase();
    const logs = Array.from({ length: 3 }, () => new PostgresLog(database.url, 2, new TopicSignals(), silentLogger()));
    const [reader, ...writers] = logs;
    await reader?.createTopics([{ name: 't', cleanup: 'delete' }]);
    let isWriting = true;
    const seen: number[] = [];
    const reading = (async () => {
      let position = '0';
      for (let isLast = false; !isLast;) {
        isLast = !isWriting;
        for (const record of (await reader?.read('t', position, 1000)) ?? []) {
          seen.push(Number(record.offset));
          position = record.offset;
        }
      }
    })();
    const lanes = [0, 1, 2, 3].map(async (lane) => {
      for (let round = 0; round < 50; round += 1) {
        const record = toRawRecord({ topic: 't', key: 'a', value: `${lane} ${round}`, headers: {} });
        await writers[lane % writers.length]?.send([record, record]);
      }
    });
    await Promise.all(lanes);
    isWriting = false;
    await reading;
    expect(seen).toHaveLength(400);
    await Promise.all(logs.map((log) => log.close()));
    await database.drop();
  });
});
