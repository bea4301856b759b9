import { createPkcs12, createSelfSignedCertificate } from '@opendls/crypto';
import { readUserDataChunk, type VirtualPhone } from '@opendls/virtual-phone';
import { readItem, type FlowStage, deviceIdOf } from './flow-stage.js';
import { until } from '../src/index.js';

/** One flow of the protocol, from the first message to what an operator can see of it. */
export interface Flow {
  readonly name: string;
  /** Where the protocol describes it. */
  readonly clause: string;
  /** The contact consists of one message and its answer: it has no middle. */
  readonly isOneMessage?: true;
  readonly play: (stage: FlowStage) => Promise<void>;
}

/** A name and content of a file that no other flow uses. */
function textFile(): { name: string; bytes: Buffer } {
  const name = `flow-${Math.random().toString(36).slice(2, 10)}.txt`;
  return { name, bytes: Buffer.from(`template of ${name}\n`.repeat(400)) };
}

export const FLOWS: readonly Flow[] = [
  {
    name: 'start-up of an unknown phone: everything is read, what differs is written',
    clause: '4.1',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.phone('openstage-60');
      const ntp = 'ntp-flow.example.org';
      await stage.policyFor(phone, [{ name: 'sntp-addr', value: ntp }]);
      stage.arm();
      await phone.boot();
      await until('written', 60_000, async () => phone.value('sntp-addr') === ntp || (await phone.boot(), false));
      await stage.compliant(phone);
    },
  },
  {
    name: 'local changes before V2R2: the phone says that, not what: everything is read',
    clause: '4.2',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-40-v1');
      stage.arm();
      const [contact] = await phone.changeLocally([{ name: 'display-brightness', value: '2' }]);
      expect(contact).toMatchObject({ reason: 'local-changes', end: 'CleanUp' });
      expect(contact?.actions).toContain('ReadAllItems');
      await stage.inventoryHas(phone, 'display-brightness', '2');
    },
  },
  {
    name: 'local changes from V2R2: the changed items come along',
    clause: '4.3',
    isOneMessage: true,
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      stage.arm();
      const [contact] = await phone.changeLocally([{ name: 'display-brightness', value: '2' }]);
      expect(contact).toMatchObject({ reason: 'local-changes', actions: ['CleanUp'] });
      await stage.inventoryHas(phone, 'display-brightness', '2');
    },
  },
  {
    name: 'reading, service-driven: the phone is woken',
    clause: '4.4, 8.1',
    play: async (stage: FlowStage): Promise<void> => {
      const secret = 'Flow7-sip-secret';
      const items = [{ name: 'sip-pwd', value: secret }];
      const phone = await stage.bootedPhone('openstage-60', { itemCount: 1_200, items });
      stage.arm();
      const order = await stage.order(phone, {
        kind: 'read',
        items: [{ name: 'sntp-addr' }, { name: 'sip-pwd' }],
        contact: true,
      });
      const done = await stage.closed(phone, order);
      expect(done.state).toBe('done');
      expect(readItem(done, 'sntp-addr')).toMatchObject({ value: phone.value('sntp-addr') });
      expect(JSON.stringify(done)).not.toContain(secret);
    },
  },
  {
    name: 'writing: what the phone refuses is told item by item',
    clause: '4.5, 6.3',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      stage.arm();
      const order = await stage.order(phone, {
        kind: 'write',
        items: [
          { name: 'sntp-addr', value: 'ntp-one-off.example.org' },
          { name: 'no-such-item-anywhere', value: 'x' },
        ],
        contact: true,
      });
      const done = await stage.closed(phone, order);
      expect(done.state).toBe('refused');
      expect(done.steps.flatMap(({ results }) => results.flatMap(({ refusedItems }) => refusedItems))).toContainEqual(
        expect.objectContaining({ name: 'no-such-item-anywhere', status: 'unknown item' }),
      );
      expect(phone.value('sntp-addr')).toBe('ntp-one-off.example.org');
    },
  },
  {
    name: 'busy: two jobs in a call, one solicited contact after it does both',
    clause: '4.6',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      phone.startCall();
      const first = await stage.order(phone, {
        kind: 'write',
        items: [{ name: 'sntp-addr', value: 'ntp-busy-1.example.org' }],
        contact: true,
      });
      await until('busy', 60_000, async () => phone.contacts.some(({ actions }) => actions.includes('WriteItems')));
      await phone.settled();
      const second = await stage.order(phone, {
        kind: 'write',
        items: [{ name: 'backup-addr', value: '192.0.2.77' }],
      });
      const before = phone.contacts.length;
      stage.arm();
      await phone.endCall();
      expect((await stage.closed(phone, first)).state).toBe('done');
      expect((await stage.closed(phone, second)).state).toBe('done');
      expect(phone.contacts.slice(before).map(({ reason }) => reason)).toEqual(
        phone.contacts.slice(before).map(() => 'solicited'),
      );
      expect(phone.value('sntp-addr')).toBe('ntp-busy-1.example.org');
    },
  },
  {
    name: 'busy, firmware without send-solicited: plain CleanUp, the job waits',
    clause: '4.6 (6b)',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-40-v1');
      phone.startCall();
      const order = await stage.order(phone, {
        kind: 'write',
        items: [{ name: 'sntp-addr', value: 'ntp-old.example.org' }],
      });
      await phone.contactMe();
      await stage.orderWhen(phone, order.orderId, ({ state }) => state === 'pending');
      const contacts = phone.contacts.length;
      await phone.endCall();
      expect(phone.contacts).toHaveLength(contacts);
      stage.arm();
      await phone.contactMe();
      expect((await stage.closed(phone, order)).state).toBe('done');
    },
  },
  {
    name: 'restart: done when the phone has come back',
    clause: '4.7',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      stage.arm();
      const order = await stage.order(phone, { kind: 'restart', contact: true });
      expect((await stage.closed(phone, order)).state).toBe('done');
      await phone.settled();
      expect(phone.contacts.filter(({ reason }) => reason === 'start-up')).toHaveLength(2);
    },
  },
  {
    name: 'factory reset: the phone comes back new, and is read and configured again',
    clause: '4.7, 3.5',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.phone('openstage-60');
      await stage.policyFor(phone, [{ name: 'sntp-addr', value: 'ntp-reset.example.org' }]);
      await phone.boot();
      await stage.compliant(phone);
      stage.arm();
      const order = await stage.order(phone, { kind: 'factory-reset', password: 'flow-reset-password', contact: true });
      expect((await stage.closed(phone, order)).state).toBe('done');
      await phone.settled();
      await until('configured', 60_000, async () => phone.value('sntp-addr') === 'ntp-reset.example.org');
      await stage.compliant(phone);
    },
  },
  {
    name: 'one file: downloaded, its result reported',
    clause: '4.8',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      const file = textFile();
      await stage.upload(file.name, 'LDAP', file.bytes);
      stage.arm();
      const order = await stage.order(phone, { kind: 'file', files: [{ name: file.name }], contact: true });
      expect((await stage.closed(phone, order)).state).toBe('done');
      await phone.settled();
      expect(
        phone.items().find(({ name, value }) => name === 'file-deployment-name' && value === file.name),
      ).toBeDefined();
    },
  },
  {
    name: 'several files and a deletion: verified by what the phone lists',
    clause: '4.9',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      const [kept, gone] = [textFile(), textFile()];
      await stage.upload(kept.name, 'LDAP', kept.bytes);
      await stage.upload(gone.name, 'LDAP', gone.bytes);
      const both = await stage.order(phone, {
        kind: 'file',
        files: [{ name: kept.name }, { name: gone.name }],
        contact: true,
      });
      await until('both there', 60_000, async () => listed(phone).length === 2 && listed(phone));
      await phone.settled();
      // No status follows (4.9): what the phone lists when it is read next says whether they arrived.
      await readAll(stage, phone);
      expect((await stage.closed(phone, both)).state).toBe('done');
      const order = await stage.order(phone, {
        kind: 'file',
        files: [{ name: gone.name, type: 'LDAP', action: 'delete' }],
      });
      stage.arm();
      await phone.boot();
      await until('deleted', 60_000, async () => listed(phone).length === 1);
      await phone.settled();
      await readAll(stage, phone);
      expect((await stage.closed(phone, order)).state).toBe('done');
      expect(listed(phone)).toEqual([kept.name]);
    },
  },
  {
    name: 'firmware: loaded, verified at the next start-up, not offered again',
    clause: '4.10',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      const name = `flow-${Math.random().toString(36).slice(2, 10)}.img`;
      await stage.upload(name, 'APP', Buffer.alloc(300_000, 7), '&version=3.5.12.0&softwareType=Siemens%20SIP');
      stage.arm();
      const order = await stage.order(phone, { kind: 'firmware', name, contact: true });
      expect((await stage.closed(phone, order)).state).toBe('done');
      await phone.settled();
      expect(phone.softwareVersion).toBe('V3 R5.12.0');
      expect(
        phone.contacts.flatMap(({ actions }) => actions).filter((one) => one === 'SoftwareDeployment'),
      ).toHaveLength(1);
    },
  },
  {
    name: 'certificate: written, its information read back',
    clause: '4.11',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      const identity = await createSelfSignedCertificate({ commonName: 'flow', altNames: [], days: 1 });
      const pkcs12 = createPkcs12({ ...identity, chain: [], passphrase: '', cipher: '3des' });
      stage.arm();
      const order = await stage.order(phone, {
        kind: 'certificate',
        item: 'wbm-server-certificate',
        pkcs12,
        contact: true,
      });
      const done = await stage.closed(phone, order);
      expect(done.state).toBe('done');
      expect(readItem(done, 'wbm-server-certificate-info')).toBeDefined();
      expect(JSON.stringify(done)).not.toContain(pkcs12);
    },
  },
  ...(['openstage-60', 'openstage-40-v1'] as const).map((model) => ({
    name: `mobility on ${model}: log on, user data, log off, log on elsewhere, wrong password`,
    clause: '4.12',
    play: async (stage: FlowStage): Promise<void> => {
      const [user, password] = [`4989177${Math.floor(Math.random() * 1e5)}`, '271828'];
      await stage.mobileUser(user, password, [{ name: 'display-id-unicode', value: 'Guest of flows' }]);
      const options = { isMobilityEnabled: true };
      const [home, desk] = [await stage.bootedPhone(model, options), await stage.bootedPhone(model, options)];
      expect((await home.logOn(user, '000000')).outcome).toBe('refused');
      expect(home.value('e164')).not.toBe(user);

      stage.arm();
      expect((await home.logOn(user, password)).outcome).toBe('logged-on');
      expect(home.value('e164')).toBe(user);
      expect(home.value('display-id-unicode')).toBe('Guest of flows');
      home.changeUserData('userdata-phonebook', 'Alice,4989100111');
      expect((await home.logOff()).outcome).toBe('logged-off');
      expect(home.value('e164')).toBe(home.value('basic-e164'));
      await until('logged off', 30_000, async () => (await stage.mobileUserState(user)).loggedOn === null);

      expect((await desk.logOn(user, password)).outcome).toBe('logged-on');
      expect(desk.value('e164')).toBe(user);
      expect(
        desk
          .userData('userdata-phonebook')
          .map(({ value }) => readUserDataChunk(value)?.text)
          .join(''),
      ).toContain('Alice,4989100111');
      expect((await stage.mobileUserState(user)).loggedOn?.deviceId).toBe(deviceIdOf(desk));
    },
  })),
  {
    name: 'Secure Mode without PIN: certificate, secure port, refusal on the default port',
    clause: '7.2',
    play: async (stage: FlowStage): Promise<void> => {
      const phone = await stage.bootedPhone('openstage-60');
      stage.arm();
      await stage.secureMode(phone);
      await until('secure', 60_000, async () => (await stage.secureModeState(phone)).state === 'secure');
      await phone.settled();
      const impostor = await stage.phone('openstage-60', { macAddress: phone.macAddress });
      await until('refused', 30_000, async () => {
        const [contact] = await impostor.boot();
        return contact?.end === 'CleanUp' && contact.actions.join() === 'CleanUp';
      });
      const order = await stage.order(phone, { kind: 'read', items: [{ name: 'sntp-addr' }] });
      await phone.contactMe();
      expect((await stage.closed(phone, order)).state).toBe('done');
    },
  },
];

async function readAll(stage: FlowStage, phone: VirtualPhone): Promise<void> {
  const order = await stage.order(phone, { kind: 'read-all' });
  await phone.contactMe();
  expect((await stage.closed(phone, order)).state).toBe('done');
}

function listed(phone: VirtualPhone): string[] {
  return phone
    .items()
    .filter(({ name }) => name === 'file-deployment-name')
    .map(({ value }) => value);
}
