import type { WorkpointMessage } from '@opendls/dls-codec';
import type { ScriptedAnswer, ScriptedService } from './testing/index.js';
import { answer, startScriptedService, valueOf } from './testing/index.js';
import type { VirtualPhoneOptions } from './index.js';
import { personalityOf, PERSONALITIES, readUserDataChunk, userDataItems, VirtualPhone } from './index.js';

const DEVICE = '4989100231';
const USER = '4989100777';
const PASSWORD = '246810';
const GRANT: ScriptedAnswer = {
  action: 'WriteItems',
  items: [
    { name: 'sip-mobility-state', value: '0' },
    { name: 'display-id-unicode', value: 'Alice' },
  ],
};
const CLEAN_UP: ScriptedAnswer = { action: 'CleanUp' };

describe('a mobile user', () => {
  let service: ScriptedService;
  const phones: VirtualPhone[] = [];

  function aPhone(options: Partial<VirtualPhoneOptions> = {}): VirtualPhone {
    const phone = new VirtualPhone({
      url: service.url,
      macAddress: '00:1A:E8:00:53:01',
      e164: DEVICE,
      isMobilityEnabled: true,
      overloadBackOffMs: { min: 0, max: 0 },
      limits: { maxRetries: 0 },
      ...options,
    });
    phones.push(phone);
    return phone;
  }

  async function aBootedPhone(options: Partial<VirtualPhoneOptions> = {}): Promise<VirtualPhone> {
    const phone = aPhone(options);
    await phone.boot();
    service.received.length = 0;
    return phone;
  }

  /** What an initial message says about who is there. */
  const told = ({ reason, items }: WorkpointMessage): string =>
    [reason, ...['sip-mobility-state', 'e164', 'basic-e164'].map((name) => valueOf(items, name))].join(' ');
  const messages = (): WorkpointMessage[] => service.received.map(({ message }) => message);
  const opened = (): string[] =>
    messages()
      .filter(({ reason }) => reason !== 'reply-to')
      .map(told);

  beforeAll(async () => {
    service = await startScriptedService();
  });
  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.close()));
    service.received.length = 0;
  });
  afterAll(async () => {
    await service.close();
  });

  it('is not there at first: state 1 where users may come, 0 where they may not', async () => {
    await aPhone().boot();
    await aPhone({ isMobilityEnabled: false }).boot();
    expect(opened()).toEqual([`start-up 1 ${DEVICE} ${DEVICE}`, `start-up 0 ${DEVICE} ${DEVICE}`]);
  });

  it.each(PERSONALITIES.map(({ name }) => name))('logs on and off at a %s', async (name) => {
    const legacy = name === 'openstage-40-v1';
    const own = legacy
      ? await startScriptedService({
          tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' },
        })
      : service;
    const phone = aPhone({ personality: personalityOf(name), legacyUrl: own.url });
    await phone.boot();
    own.received.length = 0;
    own.script(GRANT);
    expect(await phone.logOn(USER, PASSWORD)).toMatchObject({ outcome: 'logged-on' });
    own.script({ action: 'ReadItems', items: [{ name: 'userdata-phonebook', value: '' }] });
    expect(await phone.logOff()).toMatchObject({ outcome: 'logged-off' });
    const seen = own.received.map(({ message }) => message);
    expect(valueOf(seen[0]!.items, 'user-pwd')).toBe(PASSWORD);
    expect(seen.filter(({ reason }) => reason !== 'reply-to').map(told)).toEqual([
      `inventory-changes 0 ${USER} ${DEVICE}`,
      `start-up 2 ${USER} ${DEVICE}`,
      `inventory-changes 0 ${USER} ${DEVICE}`,
      `inventory-changes 1 ${USER} ${DEVICE}`,
      `start-up 1 ${DEVICE} ${DEVICE}`,
    ]);
    if (legacy) {
      expect(own.received.every(({ tlsProtocol }) => tlsProtocol === 'TLSv1')).toBe(true);
      await own.close();
    }
  });

  it('gets the stored files and leaves the changed ones, chunk by chunk', async () => {
    const phone = await aBootedPhone();
    const stored = userDataItems('userdata-phonebook', 'Bob,4989100001\n'.repeat(10), 1_700_000_000_000, 100);
    expect(stored.length).toBe(2);
    service.script(GRANT, CLEAN_UP, CLEAN_UP, { action: 'WriteItems', items: stored });
    const { contacts } = await phone.logOn(USER, PASSWORD);
    expect(contacts.map(({ actions }) => actions)).toEqual([
      ['WriteItems', 'CleanUp'],
      ['CleanUp'],
      ['WriteItems', 'CleanUp'],
    ]);
    const request = messages().find(({ items }) => valueOf(items, 'requested-items') !== undefined);
    expect(valueOf(request!.items, 'requested-items')).toContain('userdata-vu1,userdata-call-log');
    expect(phone.userData('userdata-phonebook')).toEqual(stored);
    expect(phone.mobileUser).toBe(USER);
    expect(phone.items().some(({ name }) => name.startsWith('userdata-'))).toBe(false);

    phone.changeUserData('userdata-call-log', 'x'.repeat(6000));
    service.received.length = 0;
    service.script({
      action: 'ReadItems',
      items: ['userdata-call-log', 'userdata-vu1', 'userdata-phonebook'].map((name) => ({ name, value: '' })),
    });
    await phone.logOff();
    const [request1, reply] = messages();
    expect(valueOf(request1!.items, 'modified-items')?.split(',')).toEqual([
      'userdata-call-log',
      'userdata-vu1',
      'userdata-ring-tone',
    ]);
    expect(valueOf(request1!.items, 'configuration-changed-flag')).toBe('true');
    const chunks = reply!.items.filter(({ name }) => name === 'userdata-call-log');
    expect(chunks.map(({ index }) => index)).toEqual([1, 2]);
    expect(readUserDataChunk(chunks[1]!.value)).toMatchObject({
      fileName: '/tmp/priority_chunking.tmp',
      number: 2,
      count: 2,
    });
    expect(chunks.map(({ value }) => readUserDataChunk(value)?.text).join('')).toBe('x'.repeat(6000));
    expect(reply!.items.filter(({ name }) => name === 'userdata-phonebook')).toEqual(stored);
    expect(phone.mobileUser).toBeUndefined();
    expect(phone.userData('userdata-phonebook')).toEqual([]);
  });

  it.each([
    ['CleanUp', CLEAN_UP],
    ['state 1', { action: 'WriteItems', items: [{ name: 'sip-mobility-state', value: '1' }] } satisfies ScriptedAnswer],
  ])('stays away when refused by %s', async (_, refusal) => {
    const phone = await aBootedPhone();
    service.script(refusal);
    const { outcome, contacts } = await phone.logOn(USER, 'wrong');
    expect([outcome, contacts.length]).toEqual(['refused', 1]);
    expect(phone.mobileUser).toBeUndefined();
    expect(phone.value('e164')).toBe(DEVICE);
    service.received.length = 0;
    await phone.boot();
    expect(opened()).toEqual([`start-up 1 ${DEVICE} ${DEVICE}`]);
  });

  it('does not even ask where users may not come, or when one is there', async () => {
    const closed = await aBootedPhone({ isMobilityEnabled: false });
    expect(await closed.logOn(USER, PASSWORD)).toEqual({ outcome: 'not-enabled', contacts: [] });
    expect(await closed.logOff()).toEqual({ outcome: 'not-logged-on', contacts: [] });
    const phone = await aBootedPhone();
    service.script(GRANT);
    await phone.logOn(USER, PASSWORD);
    expect((await phone.logOn('1', '2')).outcome).toBe('already-logged-on');
  });

  it('repeats the request after an overload', async () => {
    const phone = await aBootedPhone();
    service.script({ action: 'CleanUp', items: [{ name: 'cleanup-reason', value: 'overload' }] }, GRANT);
    expect((await phone.logOn(USER, PASSWORD)).outcome).toBe('logged-on');
  });

  it('fails without an answer, and can try again', async () => {
    const phone = await aBootedPhone();
    service.script((_request, response) => void response.destroy());
    expect((await phone.logOn(USER, PASSWORD)).outcome).toBe('failed');
    service.script(GRANT);
    expect((await phone.logOn(USER, PASSWORD)).outcome).toBe('logged-on');
  });

  it('is logged off by the service, and its files are read all the same', async () => {
    const phone = await aBootedPhone();
    service.script(GRANT);
    await phone.logOn(USER, PASSWORD);
    service.received.length = 0;
    service.script({ action: 'WriteItems', items: [{ name: 'sip-mobility-state', value: '1' }] });
    await phone.boot();
    expect(opened()).toEqual([
      `start-up 0 ${USER} ${DEVICE}`,
      `inventory-changes 1 ${USER} ${DEVICE}`,
      `start-up 1 ${DEVICE} ${DEVICE}`,
    ]);
    expect(phone.mobileUser).toBeUndefined();
  });

  it('is logged on by the service', async () => {
    const phone = await aBootedPhone();
    service.script({
      action: 'WriteItems',
      items: [
        { name: 'e164', value: USER },
        { name: 'sip-mobility-state', value: '0' },
      ],
    });
    await phone.boot();
    expect(phone.mobileUser).toBe(USER);
    expect(phone.value('basic-e164')).toBe(DEVICE);
  });

  it('stays logged on over a restart in the middle of the logon', async () => {
    const phone = await aBootedPhone();
    service.script(GRANT, CLEAN_UP, { action: 'Restart' });
    expect((await phone.logOn(USER, PASSWORD)).outcome).toBe('logged-on');
    expect(opened().map((text) => text.slice(0, 12))).toEqual([
      'inventory-ch',
      'start-up 2 4',
      'start-up 2 4',
      'inventory-ch',
    ]);
  });

  it.each([
    [true, 'Lobby'],
    [false, 'Alice'],
  ])('leaves the settings of the device behind: restoresDeviceProfile %s', async (restoresDeviceProfile, name) => {
    const phone = await aBootedPhone({
      restoresDeviceProfile,
      items: [{ name: 'display-id-unicode', value: 'Lobby' }],
    });
    service.script(GRANT);
    await phone.logOn(USER, PASSWORD);
    expect(phone.value('display-id-unicode')).toBe('Alice');
    await phone.logOff();
    expect(phone.value('display-id-unicode')).toBe(name);
  });

  it('keeps the own number of the phone in step with the number in force while nobody is there', async () => {
    const phone = await aBootedPhone();
    service.script({ action: 'WriteItems', items: [{ name: 'e164', value: '4989100999' }] });
    await phone.boot();
    expect(phone.value('basic-e164')).toBe('4989100999');
  });

  it('is refused user data while nobody is there', async () => {
    const phone = await aBootedPhone();
    service.script(({ message }, response) =>
      answer(response, {
        kind: 'dls',
        nonce: message.nonce,
        action: 'WriteItems',
        items: [{ name: 'userdata-vu1', index: 1, value: 'AAAA' }],
      }),
    );
    await phone.boot();
    expect(messages().at(-1)?.items).toEqual([
      { name: 'userdata-vu1', index: 1, value: '', status: 'unexpected item' },
    ]);
  });
});
