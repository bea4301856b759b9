import { brokersForTests, describeWithKafka } from '@opendls/kafka-tool';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient, isAlive, RunningProgram, until, type Endpoints } from '../src/index.js';
import { FlowStage, playOne, playSeveral, type FlowSite } from './flow-stage.js';
import { FLOWS } from './flows.js';

const START_MS = 180_000;
const AT_A_TIME = 4;
/** The first answer was given: the contact has begun, and is not over. */
const KILL_BEFORE_MESSAGE = 2;
const PORTS = ['--phone-port', '0', '--legacy-phone-port', '0', '--secure-phone-port', '0', '--api-port', '0'];
/** A busy test machine is slow, and what is tested here is not the deadline. */
const PATIENT = { OPENDLS_GATEWAY_DEADLINE_MS: '20000', OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS: '15000' };
const named = process.env['KAFKA_BROKERS'];
const kafkaEnv: Record<string, string> = named
  ? { KAFKA_BROKERS: named, OPENDLS_TOPIC_PREFIX: `flows-${process.pid}-${Date.now()}.` }
  : { KAFKA_BROKERS: '' };

describeWithKafka(await brokersForTests(), 'two gateways without stickiness play', () => {
  let directory: string;
  let cluster: RunningProgram;
  let site: FlowSite;
  let played: ReadonlyMap<string, Promise<void>>;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-flows-'));
    const args = ['--host', '127.0.0.1', '--gateways', '2', ...PORTS, '--simulated-phones'];
    cluster = RunningProgram.start('tools/cluster/dist/main.js', path.join(directory, 'data'), args, {
      ...kafkaEnv,
      ...PATIENT,
    });
    const ready = await cluster.ready();
    const key = await cluster.apiKey();
    const endpoints = async (): Promise<Endpoints> => (await cluster.endpoints()) ?? ready;
    site = { api: new ApiClient(ready.api, key), endpoints, killHolder: () => killHolder(endpoints, key) };
    played = playSeveral(FLOWS, AT_A_TIME, async () => new FlowStage(site, ready, 0));
  }, START_MS);

  afterAll(async () => {
    const pids = (await site.endpoints()).processes.map(({ pid }) => pid);
    expect(await cluster.stop()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it.each(FLOWS)('$name ($clause)', async ({ name }) => played.get(name), START_MS);

  it.each(FLOWS.filter(({ isOneMessage }) => !isOneMessage))(
    '$name ($clause), with the gateway that holds the contact killed in its middle',
    async (flow) => {
      await bothGatewaysReady(site);
      const stage = new FlowStage(site, await site.endpoints(), KILL_BEFORE_MESSAGE);
      await playOne(flow, stage);
      expect(stage.wasInterrupted).toBe(true);
    },
    START_MS,
  );
});

/** Kills the gateway that has the one open contact of this moment. */
async function killHolder(endpoints: () => Promise<Endpoints>, key: string): Promise<void> {
  const gateways = (await endpoints()).processes.filter(({ name }) => name.startsWith('gateway'));
  const open = await Promise.all(
    gateways.map(async ({ pid, url }) => {
      const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
      const count = /^opendls_gateway_open_contacts (\d+)/m.exec(await answer.text())?.[1];
      return { pid, count: Number(count) };
    }),
  );
  const holder = open.reduce((most, one) => (one.count > most.count ? one : most));
  process.kill(holder.pid, 'SIGKILL');
}

async function bothGatewaysReady(site: FlowSite): Promise<void> {
  await until('both gateways ready', 60_000, async () => {
    const gateways = (await site.endpoints()).processes.filter(({ name }) => name.startsWith('gateway'));
    const states = await Promise.all(
      gateways.map(({ url }) =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    );
    return states.length === 2 && states.every(Boolean);
  });
}
