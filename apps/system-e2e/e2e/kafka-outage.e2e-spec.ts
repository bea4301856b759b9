import { brokersForTests, describeWithKafka, startKafka, type RunningKafka } from '@opendls/kafka-tool';
import { VirtualPhone, type Exchange } from '@opendls/virtual-phone';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient, RunningProgram, until } from '../src/index.js';

const PHONES = 30;
const TIMEOUT_MS = 240_000;

// A broker of the test's own, whichever one is named for the others: this one is stopped in the middle.
describeWithKafka(await brokersForTests(), 'Kafka stopped in the middle', () => {
  let directory: string;
  let kafka: RunningKafka;
  let cluster: RunningProgram;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'opendls-outage-'));
    kafka = await startKafka({ dataDir: path.join(directory, 'kafka') });
    const args = ['--host', '127.0.0.1', '--phone-port', '0', '--api-port', '0', '--gateways', '2'];
    cluster = RunningProgram.start('tools/cluster/dist/main.js', path.join(directory, 'data'), args, {
      KAFKA_BROKERS: kafka.brokers.join(','),
    });
    await cluster.ready();
  }, TIMEOUT_MS);

  afterAll(async () => {
    await cluster.stop();
    await kafka.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  it(
    'phones get overload and repeat; when it is back all arrive, none twice, and all are configured',
    async () => {
      const endpoints = await cluster.ready();
      const api = new ApiClient(endpoints.api, await cluster.apiKey());
      await api.putPolicy(
        'outage',
        `apiVersion: opendls/v1
kind: Policy
metadata: { name: outage }
spec:
  layer: site
  select: { macPrefix: ["00:1A:E8:4F"] }
  items: [{ name: sntp-addr, value: ntp-outage.example.org }]
`,
      );
      const answers: Exchange[] = [];
      const observer = { onExchange: (exchange: Exchange) => void answers.push(exchange) };
      const phones = Array.from(
        { length: PHONES },
        (_, n) =>
          new VirtualPhone({
            url: endpoints.phones,
            macAddress: `00:1A:E8:4F:00:${(n + 16).toString(16).toUpperCase()}`,
            e164: `49891004${n}`,
            contactMeUri: 'http://198.18.0.9:8085/contact_dls.html/ContactDLS',
            limits: { maxOverloads: 200 },
            observer,
          }),
      );

      await phones[0]?.boot();
      expect(answers.some(({ isOverload }) => isOverload)).toBe(false);

      await kafka.pause();
      const boots = phones.slice(1).map((phone) => phone.boot());
      await until('overload for every phone', 60_000, async () => {
        const sent = new Set(answers.filter(({ isOverload }) => isOverload).map(({ macAddress }) => macAddress));
        return sent.size === PHONES - 1;
      });
      const during = answers.filter(({ macAddress }) => macAddress !== phones[0]?.macAddress);
      // Nothing but overload: no phone is sent away as if it had been heard.
      expect(during.filter(({ isOverload }) => !isOverload)).toEqual([]);

      await kafka.restart();
      const contacts = (await Promise.all(boots)).flat();
      expect(contacts.filter(({ failure }) => failure)).toEqual([]);

      const devices = await until('all phones in the inventory', 60_000, async () => {
        const found = (await api.devices()).filter(({ deviceId }) => deviceId.startsWith('001ae84f'));
        return found.length === PHONES && found;
      });
      for (const phone of phones) {
        await until(`${phone.macAddress} configured`, 60_000, async () => {
          if (phone.value('sntp-addr') === 'ntp-outage.example.org') return true;
          // The deadline passed while config-policy caught up: the work waits for the next contact, whatever it is about.
          await phone.changeInventory([{ name: 'key-modules', value: '1' }]);
          return false;
        });
      }
      expect(devices.filter(({ startUpCount }) => startUpCount !== 1)).toEqual([]);
      await Promise.all(phones.map((phone) => phone.close()));
    },
    TIMEOUT_MS,
  );
});
