import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient, RunningProgram, type Endpoints } from '../src/index.js';
import { FlowStage, type FlowSite } from './flow-stage.js';
import { FLOWS } from './flows.js';

const START_MS = 120_000;
const PORTS = ['--phone-port', '0', '--legacy-phone-port', '0', '--secure-phone-port', '0', '--api-port', '0'];

describe('the embedded default plays', () => {
  let directory: string;
  let program: RunningProgram;
  let endpoints: Endpoints;
  let site: FlowSite;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-flows-'));
    const args = ['--host', '127.0.0.1', ...PORTS, '--simulated-phones'];
    program = RunningProgram.start('apps/standalone/dist/main.js', path.join(directory, 'data'), args);
    endpoints = await program.ready();
    const api = new ApiClient(endpoints.api, await program.apiKey());
    site = { api, endpoints: () => Promise.resolve(endpoints) };
  }, START_MS);

  afterAll(async () => {
    expect(await program.stop()).toBe(0);
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it.each(FLOWS)(
    '$name ($clause)',
    async ({ play }) => {
      const stage = new FlowStage(site, endpoints, 0);
      try {
        await play(stage);
      } finally {
        await stage.close();
      }
    },
    START_MS,
  );
});
