import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient, RunningProgram } from '../src/index.js';
import { FlowStage, playSeveral, type FlowSite } from './flow-stage.js';
import { FLOWS } from './flows.js';

const START_MS = 120_000;
/** The deadline of the gateway is 2 s, and everything shares one process. */
const AT_A_TIME = 2;
const PORTS = ['--phone-port', '0', '--legacy-phone-port', '0', '--secure-phone-port', '0', '--api-port', '0'];

describe('the embedded default plays', () => {
  let directory: string;
  let program: RunningProgram;
  let played: ReadonlyMap<string, Promise<void>>;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-flows-'));
    const args = ['--host', '127.0.0.1', ...PORTS, '--simulated-phones'];
    program = RunningProgram.start('apps/standalone/dist/main.js', path.join(directory, 'data'), args);
    const endpoints = await program.ready();
    const api = new ApiClient(endpoints.api, await program.apiKey());
    const site: FlowSite = { api, endpoints: () => Promise.resolve(endpoints) };
    played = playSeveral(FLOWS, AT_A_TIME, async () => new FlowStage(site, endpoints, 0));
  }, START_MS);

  afterAll(async () => {
    expect(await program.stop()).toBe(0);
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it.each(FLOWS)('$name ($clause)', async ({ name }) => played.get(name), START_MS);
});
