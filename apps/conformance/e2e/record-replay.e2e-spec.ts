import { readdir, readFile } from 'node:fs/promises';
import { parseTarget } from '../src/index.js';
import { recordContact } from '../src/record/record-contact.js';
import { startRecordingProxy } from '../src/record/record-proxy.js';
import { formatRecording, parseRecording, type Recording } from '../src/record/recording.js';
import { replay } from '../src/record/replay.js';
import type { Fault } from '../test/faults.js';
import { startReferenceServer, type ReferenceServer } from '../test/reference-server.js';

const FOLDER = new URL('../recordings/', import.meta.url);
const recordingOf = async (name: string): Promise<Recording> =>
  parseRecording(await readFile(new URL(name, FOLDER), 'utf8'));
const MAC = '02:4F:44:0B:00:01';

let server: ReferenceServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function started(fault?: Fault): Promise<ReferenceServer> {
  server = await startReferenceServer(fault);
  return server;
}

const common = { timeoutMs: 5_000, fragments: 1, isBusy: false, mac: MAC, macPrefix: '02:4F:44', note: 'a test' };
const play = (recording: Recording, { url }: { url: string }, comparesValues = true, mac?: string) =>
  replay(recording, { target: parseTarget(url)!, timeoutMs: 2_000, mac, comparesValues });

describe('the recordings that come with the suite', () => {
  it.each(['start-up.json', 'start-up-in-fragments.json'])('%s is answered the same', async (name) => {
    expect(await play(await recordingOf(name), await started())).toEqual([]);
  });

  it('busy-write.json is answered the same by a server that has that work', async () => {
    const { hooks, ...rest } = await started();
    const mac = '02:4F:44:0A:00:03';
    await recordContact({ ...common, target: parseTarget(rest.url)!, mac, reason: 'start-up' });
    await hooks.wantWrite?.({ mac, items: [{ name: 'sntp-addr', value: '198.51.100.124' }] });
    expect(await play(await recordingOf('busy-write.json'), rest)).toEqual([]);
  });

  it('are all played here', async () => {
    expect((await readdir(FOLDER)).toSorted()).toEqual([
      'busy-write.json',
      'start-up-in-fragments.json',
      'start-up.json',
    ]);
  });
});

describe('a replay', () => {
  it.each<[Fault, string]>([
    ['chunked', 'framing'],
    ['wrong-nonce', 'nonce'],
    ['no-cookie', 'cookie'],
    ['error-status', 'status'],
    ['stray-output', 'document'],
    ['never-closes', 'action'],
  ])('finds a server that is %s: %s', async (fault, what) => {
    const found = await play(await recordingOf('start-up.json'), await started(fault));
    expect(found.map((difference) => difference.what)).toContain(what);
  });

  it('finds another value, but only when values count', async () => {
    const { hooks, ...rest } = await started();
    const mac = '02:4F:44:0A:00:03';
    await recordContact({ ...common, target: parseTarget(rest.url)!, mac, reason: 'start-up' });
    const recording = await recordingOf('busy-write.json');
    await hooks.wantWrite?.({ mac, items: [{ name: 'sntp-addr', value: '192.0.2.99' }] });
    expect(await play(recording, rest, false)).toEqual([]);
    expect(await play(recording, rest)).toMatchObject([{ exchange: 1, what: 'values', got: '192.0.2.99' }]);
  });
});

describe('the recording proxy', () => {
  it('hands everything on and writes the contact down, without its cookie', async () => {
    const { url } = await started();
    const proxy = await startRecordingProxy({
      ...{ target: parseTarget(url)!, host: '127.0.0.1', port: 0, timeoutMs: 5_000, note: 'through the proxy' },
    });
    try {
      const target = parseTarget(`https://127.0.0.1:${proxy.port}`)!;
      const seen = await recordContact({ ...common, target, reason: 'start-up', fragments: 2 });
      const recorded = await proxy.recorded;
      const xml = ({ exchanges }: Recording) => exchanges.map(({ request, response }) => [request.xml, response.xml]);
      expect(xml(recorded)).toEqual(xml(seen));
      expect(recorded.exchanges).toHaveLength(3);
      expect(formatRecording(recorded)).toContain('JSESSIONID=COOKIE-1');
      expect(formatRecording(recorded)).not.toMatch(/JSESSIONID=[0-9A-F]{32}/);
      // The recorded phone is known by now; another one is asked the same.
      expect(await play(recorded, { url }, true, '02:4F:44:0B:00:02')).toEqual([]);
    } finally {
      await proxy.close();
    }
  });
});
