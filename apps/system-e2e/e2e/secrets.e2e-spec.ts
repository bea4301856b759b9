import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@opendls/embedded-postgres';
import { brokersForTests, describeWithKafka } from '@opendls/kafka-tool';
import { DlsHttpsClient, serviceUrl, VirtualPhone } from '@opendls/virtual-phone';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  ApiClient,
  findLeaks,
  readCommandLines,
  readDatabase,
  readFiles,
  readTopics,
  RunningProgram,
  until,
  type Endpoints,
  type Sink,
} from '../src/index.js';
import { FlowStage } from './flow-stage.js';
import { playSecretFlows, RecordingApi, secretsOfFlows } from './secret-flows.js';

const TIMEOUT_MS = 180_000;
const MAC = '00:1A:E8:5E:C0:01';
const DEVICE = '001ae85ec001';
const RUN = `${process.pid}x${Date.now()}`;
const FLOW_SECRETS = secretsOfFlows(RUN);

/** Letters, digits and dashes: written alike in XML, JSON, YAML and URLs. */
const SECRETS = {
  'stored secret': `Sip-Kw7-${RUN}`,
  'changed secret': `Sip-Nx2-${RUN}`,
  'password at the phone': `User-Qz9-${RUN}`,
  'number of the bootstrapping': `Tan-Vb3-${RUN}`,
  'password in a complete reading': `Read-Jm5-${RUN}`,
  'password in a broken message': `Broken-Tp4-${RUN}`,
  'password in a message without session': `Stray-Lc6-${RUN}`,
  'password in a refused policy': `Refused-Hd8-${RUN}`,
  'password in a malformed policy': `Malformed-Rf1-${RUN}`,
  'password in a malformed request': `Request-Yg0-${RUN}`,
  'key that is not known': `Guessed-Sb6-${RUN}`,
  'password of the database': `Database-Wm3-${RUN}`,
  'value in the words of a refusal': `Echo-Ub2-${RUN}`,
  ...FLOW_SECRETS,
};
/** Not secret: has to be found wherever anything is found at all. */
const CONTROL = { control: `Control-Ae5-${RUN}` };

/** The files that hold keys and passwords: documented, and closed to others (mode 0600). */
const KEY_FILES = new Set([
  'api-key',
  'sealing-keys',
  ...['key.pem', 'ca-key.pem', 'secure-key.pem'].map((name) => path.join('tls', name)),
]);

describeWithKafka(await brokersForTests(), 'secrets', (brokers) => {
  const topicPrefix = `secrets-${RUN}.`;
  const answers: string[] = [];
  const phoneAnswers: string[] = [];
  let directory: string;
  let postgres: EmbeddedPostgres;
  let cluster: RunningProgram;
  let endpoints: Endpoints;
  let apiKey: string;
  let api: RecordingApi;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-secrets-'));
    const quiet = (): void => undefined;
    postgres = await startEmbeddedPostgres({
      dataDir: path.join(directory, 'postgres'),
      password: SECRETS['password of the database'],
      durability: 'throwaway',
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    const args = [
      '--host',
      '127.0.0.1',
      '--phone-port',
      '0',
      '--api-port',
      '0',
      '--gateways',
      '2',
      '--simulated-phones',
    ];
    cluster = RunningProgram.start('tools/cluster/dist/main.js', path.join(directory, 'data'), args, {
      KAFKA_BROKERS: brokers.join(','),
      OPENDLS_TOPIC_PREFIX: topicPrefix,
      OPENDLS_DATABASE_URL: postgres.adminUrl,
      OPENDLS_LOG_LEVEL: 'trace',
    });
    endpoints = await cluster.ready();
    apiKey = await cluster.apiKey();
    api = new RecordingApi(endpoints.api, apiKey, answers);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await cluster.stop();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it(
    'reach the phones that need them, and nobody else',
    async () => {
      await storeSecretsAndPolicies();
      await playThePhone();
      await sendStrayMessages();
      const stage = new FlowStage({ api, endpoints: async () => endpoints }, endpoints, 0);
      const handedOut = await playSecretFlows(stage, FLOW_SECRETS, endpoints.api);
      await askEverything();

      const sinks = await collect();
      // The search finds what is there, in every kind of place.
      const found = new Set(findLeaks(sinks, CONTROL).map(({ sink }) => sink.split(' ', 1)[0]));
      expect([...found].sort()).toEqual(['API', 'file', 'table', 'topic']);
      expect(sinks.find(({ name }) => name === 'metrics of gateway-1')?.bytes.toString()).toMatch(
        /opendls_gateway_requests_total\{.*\} [1-9]/,
      );
      expect(sinks.find(({ name }) => name === 'standard output')?.bytes.toString()).toContain('OpenDLS is ready');

      const authorityKey = await readFile(path.join(cluster.dataDir, 'tls', 'ca-key.pem'), 'utf8');
      const made = {
        ...handedOut,
        'API key': apiKey.split('_').slice(3).join('_'),
        'key of the authority': authorityKey.split('\n')[2] ?? '',
      };
      // Each of them is there and long enough not to be found by chance.
      expect(Object.entries(made).filter(([, value]) => value.length < 30)).toEqual([]);
      expect(findLeaks(sinks, { ...SECRETS, ...made })).toEqual([]);

      const orders = sinks.find(({ name }) => name === 'topic config-policy.work-order.v1')?.bytes.toString() ?? '';
      for (const name of ['sip-pwd', 'file-pwd', 'file-https-base-url', 'restart-password', 'dls-client-certificate'])
        expect(orders).toMatch(new RegExp(`"name":"${name}"(,"index":\\d+)?,"sealed":"v1\\.`));
      expect(sinks.find(({ name }) => name === 'topic gateway.device.v1')?.bytes.toString()).toContain(
        '{"name":"user-pwd","secret":true}',
      );
    },
    TIMEOUT_MS,
  );

  async function call(method: string, url: string, body?: string, type?: string): Promise<number> {
    return (await api.request(method, url, body, type)).status;
  }

  async function storeSecretsAndPolicies(): Promise<void> {
    const secret = (value: string): Promise<number> =>
      call('PUT', '/config-policy/v1/secrets/sip/e2e', JSON.stringify({ value }));
    const policy = (items: string): string => `apiVersion: opendls/v1
kind: Policy
metadata: { name: secrets }
spec:
  layer: site
  select: { macPrefix: ["${MAC.slice(0, 14)}"] }
  items: [{ name: sntp-addr, value: ${CONTROL.control} }, ${items}]
`;
    const put = (text: string): Promise<number> =>
      call('PUT', '/config-policy/v1/policies/secrets', text, 'application/yaml');
    expect(await secret(SECRETS['stored secret'])).toBe(201);
    expect(await put(policy('{ name: sip-pwd, secretRef: sip/e2e }'))).toBe(201);
    expect(await put(policy(`{ name: sip-pwd, value: ${SECRETS['password in a refused policy']} }`))).toBe(400);
    expect(await put(policy(`{ name: sip-pwd, value: "${SECRETS['password in a malformed policy']} }`))).toBe(400);
    const malformed = `{"value": "${SECRETS['password in a malformed request']}"`;
    expect(await call('PUT', '/config-policy/v1/secrets/sip/other', malformed)).toBe(400);
    const misplaced = JSON.stringify({ vlaue: SECRETS['password in a malformed request'] });
    expect(await call('PUT', '/config-policy/v1/secrets/sip/other', misplaced)).toBe(400);
    const stranger = new ApiClient(endpoints.api, `odls_a_0123456789ab_${SECRETS['key that is not known']}`);
    expect((await stranger.request('GET', '/inventory/v1/devices')).status).toBe(401);
  }

  /** Read, configured with a secret, changed by hand, configured with another one. */
  async function playThePhone(): Promise<void> {
    const phone = new VirtualPhone({ url: endpoints.phones, macAddress: MAC, e164: '4989100700' });
    await phone.boot();
    expect(phone.value('sip-pwd')).toBe(SECRETS['stored secret']);
    await phone.changeLocally([
      { name: 'user-pwd', value: SECRETS['password at the phone'] },
      { name: 'bootstrapping-tan', value: SECRETS['number of the bootstrapping'] },
    ]);
    const changed = JSON.stringify({ value: SECRETS['changed secret'] });
    expect(await call('PUT', '/config-policy/v1/secrets/sip/e2e', changed)).toBe(200);
    await until('the phone has the changed secret', 30_000, async () => {
      await phone.boot();
      return phone.value('sip-pwd') === SECRETS['changed secret'];
    });
    await phone.close();
  }

  async function sendStrayMessages(): Promise<void> {
    const client = new DlsHttpsClient(serviceUrl(endpoints.phones));
    const send = async (body: string, cookie?: string): Promise<string> => {
      const answer = await client.post(Buffer.from(body), cookie);
      phoneAnswers.push(answer.body.toString());
      return answer.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
    };
    const pwd = (value: string): { name: string; value: string }[] => [
      { name: 'user-pwd', value },
      { name: 'Sip-PWD', value },
      { name: 'x-api-token', value },
    ];
    const message = { kind: 'workpoint', nonce: `A${RUN}`, fragment: 'final', reason: 'start-up' } as const;
    const mac = { name: 'mac-addr', value: '00:1A:E8:5E:D0:01' };
    // Never read before: it is asked for everything, and its answer is full of passwords.
    const cookie = await send(encodeWorkpointMessage({ ...message, items: [mac] }));
    const reply = {
      ...message,
      nonce: `B${RUN}`,
      reason: 'reply-to',
      action: 'ReadAllItems',
      status: 'accepted',
    } as const;
    const statusText = `not a password: ${SECRETS['value in the words of a refusal']}`;
    const items = [
      ...pwd(SECRETS['password in a complete reading']),
      { name: 'sip-pwd', value: '', status: 'undefined status', statusText } as const,
    ];
    await send(encodeWorkpointMessage({ ...reply, fragment: 'next', items }), cookie);
    const stray = pwd(SECRETS['password in a message without session']);
    await send(encodeWorkpointMessage({ ...reply, nonce: `C${RUN}`, items: stray }), 'JSESSIONID=unknown');
    const whole = encodeWorkpointMessage({ ...message, items: pwd(SECRETS['password in a broken message']) });
    await send(whole.slice(0, -30));
    await send(whole.replace('start-up', 'start-up&bomb;'));
    client.close();
  }

  async function askEverything(): Promise<void> {
    await until(
      'the phone in the inventory',
      30_000,
      async () => (await api.request('GET', `/inventory/v1/devices/${DEVICE}/contacts`)).ok,
    );
    const inventory = '/inventory/v1/devices';
    const policy = '/config-policy/v1';
    for (const url of [
      inventory,
      `${inventory}/${DEVICE}`,
      `${inventory}/${DEVICE}/items?limit=500`,
      `${inventory}/${DEVICE}/contacts?limit=500`,
      `${policy}/policies`,
      `${policy}/policies/secrets`,
      `${policy}/policies/secrets/revisions`,
      `${policy}/policy-files`,
      `${policy}/secrets`,
      `${policy}/devices`,
      `${policy}/devices/${DEVICE}`,
      `${policy}/devices/${DEVICE}/orders`,
      '/openapi.json',
      '/docs',
      '/health/ready',
    ])
      expect([url, await call('GET', url)]).toEqual([url, 200]);
    await call('GET', `${policy}/secrets/sip/e2e`);
    await call('GET', `${inventory}?deviceType=${CONTROL.control}&unknown=${apiKey}`);
  }

  async function collect(): Promise<Sink[]> {
    const { processes } = (await cluster.endpoints()) ?? endpoints;
    const metrics = await Promise.all(
      processes.flatMap(({ name, url }) =>
        url === null
          ? []
          : [
              new ApiClient(url, apiKey).request('GET', '/metrics').then(async (answer) => ({
                name: `metrics of ${name}`,
                bytes: Buffer.from(await answer.text()),
              })),
            ],
      ),
    );
    const databases = ['opendls_inventory', 'opendls_config_policy'].map((name) => readDatabase(postgres.url(name)));
    await appendFile(path.join(cluster.dataDir, 'logs', 'inventory.log'), `${CONTROL.control}\n`);
    // The first admin key is shown once, on purpose, to whoever started the cluster.
    const output = cluster.output.replace(`: ${apiKey}\n`, '\n');
    return [
      ...metrics,
      ...(await Promise.all(databases)).flat(),
      ...(await readTopics(brokers, topicPrefix)),
      ...(await readFiles(cluster.dataDir, KEY_FILES)),
      ...(await readCommandLines(processes.map(({ pid }) => pid))),
      { name: 'standard output', bytes: Buffer.from(output) },
      { name: 'API answers', bytes: Buffer.from(answers.join('\n')) },
      { name: 'stray answers to phones', bytes: Buffer.from(phoneAnswers.join('\n')) },
    ];
  }
});
