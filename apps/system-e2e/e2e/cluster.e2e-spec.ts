import { VirtualFleet, VirtualPhone, type ContactResult } from '@opendls/virtual-phone';
import { brokersForTests, describeWithKafka } from '@opendls/kafka-tool';
import { Kafka, logLevel } from 'kafkajs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient, isAlive, RunningProgram, until, type Endpoints } from '../src/index.js';

const PHONES = 200;
const START_MS = 180_000;

/** Items of a policy for phones whose MAC begins so; `brightness` makes revisions differ. */
function policy(name: string, macPrefix: string, items: string): string {
  return `apiVersion: opendls/v1
kind: Policy
metadata: { name: ${name} }
spec:
  layer: site
  priority: 100
  select: { macPrefix: ["${macPrefix}"] }
  items:
${items}`;
}

function itemsFor(ntp: string): string {
  return `    - { name: sntp-addr, value: ${ntp} }
    - { name: sntp-tz-offset, value: "60" }
    - { name: function-key-def, index: 3, value: "1" }
    - { name: select-dial, index: 3, value: "4989100500" }
    - { name: key-label-unicode, index: 3, value: "Empfang & <Büro>" }
    - { name: sip-pwd, secretRef: sip/fleet }
`;
}

/** A broker somebody named is used with topics of our own; otherwise the cluster starts its own, as users have it. */
const named = process.env['KAFKA_BROKERS'];
const topicPrefix = named ? `e2e-${process.pid}-${Date.now()}.` : '';
/** A busy test machine is slow, and what is tested here is not the deadline. */
const PATIENT = { OPENDLS_GATEWAY_DEADLINE_MS: '20000', OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS: '15000' };
const kafkaEnv: Record<string, string> = named
  ? { KAFKA_BROKERS: named, OPENDLS_TOPIC_PREFIX: topicPrefix }
  : { KAFKA_BROKERS: '' };

describeWithKafka(await brokersForTests(), 'the scaled-out form on one machine', () => {
  let directory: string;
  let cluster: RunningProgram;
  let endpoints: Endpoints;
  let api: ApiClient;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-cluster-'));
    const args = ['--host', '127.0.0.1', '--phone-port', '0', '--api-port', '0', '--gateways', '2'];
    cluster = RunningProgram.start('tools/cluster/dist/main.js', path.join(directory, 'data'), args, {
      ...kafkaEnv,
      ...PATIENT,
    });
    endpoints = await cluster.ready();
    api = new ApiClient(endpoints.api, await cluster.apiKey());
  }, START_MS);

  afterAll(async () => {
    const pids = ((await cluster.endpoints()) ?? endpoints).processes.map(({ pid }) => pid);
    expect(await cluster.stop()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it('runs every service as its own process', () => {
    const names = endpoints.processes.map(({ name }) => name.replace(/-\d+$/, ''));
    const expected = ['cluster', 'config-policy', 'gateway', 'inventory', ...(named ? [] : ['kafka']), 'postgres'];
    expect([...new Set(names)].sort()).toEqual(expected);
    expect(new Set(endpoints.processes.map(({ pid }) => pid)).size).toBe(endpoints.processes.length);
    expect(endpoints.kafka?.length).toBeGreaterThanOrEqual(1);
  });

  it(
    `configures ${PHONES} phones, each start-up one contact; a second boot writes nothing; a policy change reaches all`,
    async () => {
      const secret = await api.request(
        'PUT',
        '/config-policy/v1/secrets/sip/fleet',
        JSON.stringify({ value: 'Zt9-fleet-secret' }),
      );
      expect(secret.status).toBeLessThan(300);
      await api.putPolicy('fleet', policy('fleet', '00:1A:E8:0F', itemsFor('ntp-1.example.org')));
      const fleet = new VirtualFleet({
        url: endpoints.phones,
        phones: PHONES,
        ratePerSecond: 40,
        macStart: '00:1A:E8:0F:00:01',
      });

      const first = await fleet.run(async (phone) => void (await phone.boot()));
      expect(first.phones.failed).toBe(0);
      const starts = await until('all start-ups in the inventory', 60_000, async () => {
        const found = (await api.devices()).filter(({ deviceId }) => deviceId.startsWith('001ae80f'));
        return found.length === PHONES && found;
      });
      expect(starts.filter(({ startUpCount }) => startUpCount !== 1)).toEqual([]);
      for (const phone of fleet.phones) expect(settingsOf(phone)).toEqual(wanted('ntp-1.example.org'));
      await allCompliant(fleet.phones);

      const second = await bootAgain(fleet.phones);
      expect(second.filter(({ actions }) => actions.join() !== 'CleanUp')).toEqual([]);

      await api.putPolicy('fleet', policy('fleet', '00:1A:E8:0F', itemsFor('ntp-2.example.org')));
      const third = await bootAgain(fleet.phones);
      expect(third.filter(({ itemsWritten }) => itemsWritten !== 1)).toEqual([]);
      for (const phone of fleet.phones) expect(settingsOf(phone)).toEqual(wanted('ntp-2.example.org'));
      await until('three start-ups each', 60_000, async () => {
        const found = (await api.devices()).filter(({ deviceId }) => deviceId.startsWith('001ae80f'));
        return found.every(({ startUpCount }) => startUpCount === 3);
      });
      for (const phone of fleet.phones) {
        const contacts = await api.all<{ reason: string }>(`/inventory/v1/devices/${idOf(phone)}/contacts`);
        expect(contacts.map(({ reason }) => reason)).toEqual(['start-up', 'start-up', 'start-up']);
      }
      await allCompliant(fleet.phones);
    },
    START_MS,
  );

  it(
    'reads 1,200 items in fragments and writes what needs three messages',
    async () => {
      const keys = Array.from(
        { length: 300 },
        (_, index) => `    - { name: line-sip-uri, index: ${index + 1}, value: "sip:${'x'.repeat(480)}@example.org" }`,
      );
      await api.putPolicy('large', policy('large', '00:1A:E8:1F', `${keys.join('\n')}\n`));
      const phone = aPhone('00:1A:E8:1F:00:01', { itemCount: 1_200 });
      const [contact] = await phone.boot();
      expect(contact?.failure).toBeUndefined();
      expect(contact?.actions.filter((action) => action === 'GetNextFragment').length).toBeGreaterThanOrEqual(1);
      expect(contact?.actions.filter((action) => action === 'WriteItems').length).toBeGreaterThanOrEqual(3);
      await until('all items in the inventory', 30_000, async () => {
        const items = await api.all<{ name: string }>(`/inventory/v1/devices/${idOf(phone)}/items`);
        return items.length >= 1_200;
      });
      expect((await api.policyOf(idOf(phone))).state).toMatch(/^(compliant|failed)$/);
      await phone.close();
    },
    START_MS,
  );

  it(
    'ends with configured phones when a gateway is killed in the middle of their interactions',
    async () => {
      await api.putPolicy('killed', policy('killed', '00:1A:E8:2F', itemsFor('ntp-3.example.org')));
      const phones = Array.from({ length: 20 }, (_, n) =>
        aPhone(`00:1A:E8:2F:00:${(n + 16).toString(16)}`, { itemCount: 1_200 }),
      );
      let exchanges = 0;
      let kill: () => void = () => undefined;
      const enough = new Promise<void>((resolve) => (kill = resolve));
      const boots = phones.map((phone) => {
        const boot = phone.boot();
        void boot.then(() => (exchanges += 1)).then(() => exchanges === 3 && kill());
        return boot;
      });
      await enough;
      const victim = endpoints.processes.find(({ name }) => name.startsWith('gateway'));
      process.kill(victim?.pid ?? 0, 'SIGKILL');
      await Promise.all(boots);
      for (const phone of phones) {
        await until(`${phone.macAddress} configured`, 60_000, async () => {
          if (settingsOf(phone)['sntp-addr'] === 'ntp-3.example.org') return true;
          await phone.boot();
          return false;
        });
        expect(settingsOf(phone)).toEqual(wanted('ntp-3.example.org'));
        await phone.close();
      }
      const restarted = await until('the gateway is started again', 30_000, async () => {
        const now = (await cluster.endpoints())?.processes.find(({ name }) => name === victim?.name);
        return now && now.pid !== victim?.pid && now;
      });
      endpoints = (await cluster.endpoints()) ?? endpoints;
      expect(isAlive(restarted.pid)).toBe(true);
    },
    START_MS,
  );

  it(
    'gives its events to a consumer that has nothing of ours',
    async () => {
      const kafka = new Kafka({ brokers: [...(endpoints.kafka ?? [])], logLevel: logLevel.NOTHING });
      const consumer = kafka.consumer({ groupId: 'somebody-else' });
      const phone = aPhone('00:1A:E8:3F:00:01');
      let seen: (event: {
        type: string | undefined;
        key: string | undefined;
        data: { device: { deviceType: string } };
      }) => void;
      const started = new Promise<Parameters<typeof seen>[0]>((resolve) => (seen = resolve));
      try {
        await consumer.connect();
        await consumer.subscribe({ topic: `${topicPrefix}gateway.device.v1`, fromBeginning: true });
        await consumer.run({
          eachMessage: async ({ message }) => {
            if (message.key?.toString() !== '001ae83f0001') return;
            const data = JSON.parse(message.value?.toString() ?? '') as { device: { deviceType: string } };
            seen({ type: message.headers?.['ce_type']?.toString(), key: message.key?.toString(), data });
          },
        });
        await phone.boot();
        expect(await started).toMatchObject({
          type: 'opendls.gateway.device-started',
          data: { device: { deviceType: 'OpenStage 60' } },
        });
      } finally {
        await consumer.disconnect();
        await phone.close();
      }
    },
    START_MS,
  );

  function aPhone(macAddress: string, more: { itemCount?: number } = {}): VirtualPhone {
    return new VirtualPhone({
      url: endpoints.phones,
      macAddress,
      e164: '4989100999',
      contactMeUri: 'http://198.18.0.9:8085/contact_dls.html/ContactDLS',
      ...more,
    });
  }

  async function bootAgain(phones: readonly VirtualPhone[]): Promise<ContactResult[]> {
    const contacts: ContactResult[] = [];
    for (let from = 0; from < phones.length; from += 20) {
      const results = await Promise.all(phones.slice(from, from + 20).map((phone) => phone.boot()));
      contacts.push(...results.flat());
    }
    expect(contacts.filter(({ failure }) => failure)).toEqual([]);
    expect(contacts).toHaveLength(phones.length);
    return contacts;
  }

  async function allCompliant(phones: readonly VirtualPhone[]): Promise<void> {
    for (const phone of phones) {
      await until(
        `${phone.macAddress} compliant`,
        30_000,
        async () => (await api.policyOf(idOf(phone))).state === 'compliant',
      );
    }
  }
});

function settingsOf(phone: VirtualPhone): Record<string, string | undefined> {
  return {
    'sntp-addr': phone.value('sntp-addr'),
    'sntp-tz-offset': phone.value('sntp-tz-offset'),
    'function-key-def': phone.value('function-key-def', 3),
    'select-dial': phone.value('select-dial', 3),
    'key-label-unicode': phone.value('key-label-unicode', 3),
    'sip-pwd': phone.value('sip-pwd'),
  };
}

function wanted(ntp: string): Record<string, string> {
  return {
    'sntp-addr': ntp,
    'sntp-tz-offset': '60',
    'function-key-def': '1',
    'select-dial': '4989100500',
    'key-label-unicode': 'Empfang & <Büro>',
    'sip-pwd': 'Zt9-fleet-secret',
  };
}

function idOf(phone: VirtualPhone): string {
  return phone.macAddress.replaceAll(':', '').toLowerCase();
}
