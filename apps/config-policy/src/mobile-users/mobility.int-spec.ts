import { jest } from '@jest/globals';
import { PasswordHasher } from '@opendls/crypto';
import { TOPICS } from '@opendls/event-contracts';
import { silentLogger } from '@opendls/logging';
import { openDataSource, UnitOfWork } from '@opendls/postgres';
import type { TestDatabase } from '@opendls/testing-postgres';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { aDocument } from '../../test/builders.js';
import { aConfigPolicy, aDatabase, eventually, GatewayDouble, sealingKeys } from '../../test/harness.js';
import { MobilePhone } from '../../test/mobile-phone.js';
import type { ConfigPolicyPart } from '../create-config-policy.js';
import { databaseOptions } from '../data-source.js';
import { ChangePolicies } from '../policies/change-policies.use-case.js';
import { PoliciesStore } from '../policies/policies.store.js';
import { MobileUsersService, type SaveMobileUser } from './mobile-users.service.js';
import { MobileUsersStore } from './mobile-users.store.js';

jest.setTimeout(30_000);

const USER = '4989100777';
const PIN = '735912';
const PROFILE = [
  { name: 'sip-user-id', value: USER },
  { name: 'display-id-unicode', value: 'Gast 777' },
  { name: 'sip-pwd', value: 'sehr-geheim' },
];

let database: TestDatabase;
let dataSource: DataSource;
let gateway: GatewayDouble;
let service: ConfigPolicyPart;
let registry: Registry;
let users: MobileUsersService;
let lobby: MobilePhone;
let office: MobilePhone;

beforeEach(async () => {
  database = await aDatabase();
  dataSource = await openDataSource(databaseOptions(database.url, silentLogger()));
  gateway = new GatewayDouble();
  registry = new Registry();
  service = await aConfigPolicy(database, gateway.bus, { metrics: registry });
  await service.start();
  const unitOfWork = new UnitOfWork(dataSource);
  const hasher = new PasswordHasher({ logN: 4, r: 8, p: 1 });
  users = new MobileUsersService(unitOfWork, new MobileUsersStore(dataSource), hasher, sealingKeys, () => new Date());
  const change = new ChangePolicies(unitOfWork, new PoliciesStore(dataSource), () => new Date(), false);
  const document = aDocument({
    select: { e164: '49891002*' },
    items: [
      { name: 'sntp-addr', value: 'ntp.example.org' },
      { name: 'display-id-unicode', value: 'Lobby' },
      { name: 'sip-user-id', value: 'own' },
    ],
  });
  await change.save({ name: 'lobby', text: JSON.stringify(document), format: 'json', by: 'test' });
  lobby = new MobilePhone(gateway, '001ae8005301', '4989100231');
  office = new MobilePhone(gateway, '001ae8005302', '4989100232');
  await putUser();
  for (const phone of [lobby, office]) {
    await phone.contact({ ...phone.said('1', phone.number), configurationChanged: true });
  }
});
afterEach(async () => {
  await service.stop();
  await dataSource.destroy();
  await database.drop();
});

async function putUser(change: Partial<SaveMobileUser> = {}): Promise<void> {
  const user = { e164: USER, displayName: null, isEnabled: true, password: PIN, items: PROFILE, by: 'test' };
  await users.save({ ...user, ...change });
}

async function phoneOf(): Promise<string | null> {
  await gateway.settled();
  return (await users.get(USER)).user.loggedOnDeviceId;
}

async function complianceOf({ deviceId }: MobilePhone): Promise<string> {
  await gateway.settled();
  const rows: { compliance: string }[] = await dataSource.query('SELECT compliance FROM device WHERE device_id = $1', [
    deviceId,
  ]);
  return rows[0]?.compliance ?? '';
}

/** Waits until the phone was compared again, and has work of this kind. */
async function planned(kind: string): Promise<void> {
  await eventually(`an order ${kind}`, async () => {
    const rows: unknown[] = await dataSource.query('SELECT 1 FROM work_order WHERE kind = $1 AND closed_at IS NULL', [
      kind,
    ]);
    return rows[0];
  });
}

describe('a mobile user', () => {
  it('logs on, has the profile on the phone, and gives the phone back at logoff', async () => {
    expect(lobby.valueOf('display-id-unicode')).toBe('Lobby');
    expect(await lobby.logOn(USER, PIN)).toEqual(['mobility-logon']);
    expect(lobby.writes).toEqual(
      expect.arrayContaining([
        'sip-mobility-state=0',
        `e164=${USER}`,
        'display-id-unicode=Gast 777',
        'sip-pwd=sehr-geheim',
      ]),
    );
    expect(await lobby.startInterim(USER)).toEqual([]);
    expect(await lobby.askForData(USER, 'userdata-vu1')).toEqual([]);
    expect(await phoneOf()).toBe(lobby.deviceId);
    expect(await lobby.startWith(USER)).toEqual([]);
    expect(await complianceOf(lobby)).toBe('compliant');

    lobby.setUserData('userdata-vu1', 'QUFBQQ==', 'QkJCQg==');
    expect(await lobby.logOff(USER, 'userdata-vu1,admin-pwd')).toEqual(['user-data-save']);
    expect(await phoneOf()).toBeNull();
    expect((await users.get(USER)).userData).toEqual([
      expect.objectContaining({ name: 'userdata-vu1', chunks: 2, sizeCharacters: 16 }),
    ]);
    expect(await lobby.startAlone()).toEqual(['read-all', 'configure']);
    expect(lobby.valueOf('display-id-unicode')).toBe('Lobby');
    expect(lobby.valueOf('sip-user-id')).toBe('own');
    expect(await complianceOf(lobby)).toBe('compliant');
  });

  it('finds the data again on another phone, unchanged', async () => {
    await lobby.wholeLogOn(USER, PIN);
    lobby.setUserData('userdata-vu1', 'QUFBQQ==', 'QkJCQg==');
    await lobby.logOff(USER, 'userdata-vu1');
    expect(await office.wholeLogOn(USER, PIN)).toEqual(['mobility-logon', 'user-data-restore']);
    expect(office.valueOf('userdata-vu1[1]')).toBe('QUFBQQ==');
    expect(office.valueOf('userdata-vu1[2]')).toBe('QkJCQg==');
    expect(await phoneOf()).toBe(office.deviceId);
  });

  it('is refused with a wrong password, an unknown number, or when disabled', async () => {
    lobby.writes.length = 0;
    expect(await lobby.logOn(USER, '111111')).toEqual([]);
    expect(await lobby.logOn('4989100778', PIN)).toEqual([]);
    await putUser({ isEnabled: false });
    expect(await lobby.logOn(USER, PIN)).toEqual([]);
    expect(lobby.writes).toEqual([]);
    expect(await phoneOf()).toBeNull();
    const text = await registry.metrics();
    for (const outcome of ['wrong-password', 'unknown-user', 'user-disabled']) {
      expect(text).toContain(`opendls_config_policy_mobility_logons_total{outcome="${outcome}"} 1`);
    }
    // The number that was typed selects no other policies, and the phone stays as it is.
    expect(await lobby.startAlone()).toEqual([]);
    expect(await complianceOf(lobby)).toBe('compliant');
  });

  it('cannot be guessed: after too many wrong passwords the right one is refused as well', async () => {
    for (const guess of ['1', '2', '3', '4', '5']) await lobby.logOn(USER, `00000${guess}`);
    expect(await lobby.logOn(USER, PIN)).toEqual([]);
    for (const guess of ['6', '7', '8', '9']) await office.logOn(USER, `00000${guess}`);
    expect((await users.get(USER)).user.failedLogons).toBe(9);
    expect(await office.logOn(USER, '000010')).toEqual([]);
    const third = new MobilePhone(gateway, '001ae8005303', '4989100233');
    await third.contact({ ...third.said('1', third.number), configurationChanged: true });
    expect(await third.logOn(USER, PIN)).toEqual([]);
    await putUser();
    expect(await third.logOn(USER, PIN)).toEqual(['mobility-logon']);
  });

  it('leaves the older phone at a newer logon, with the data saved', async () => {
    await lobby.wholeLogOn(USER, PIN);
    expect(await office.wholeLogOn(USER, PIN)).toEqual(['mobility-logon']);
    await planned('mobility-logoff');
    expect(await lobby.startWith(USER)).toEqual(['mobility-logoff']);
    expect(lobby.valueOf('sip-mobility-state')).toBe('1');
    lobby.setUserData('userdata-phonebook', 'Q0NDQw==');
    expect(await lobby.logOff(USER, 'userdata-phonebook')).toEqual(['user-data-save']);
    expect(await lobby.startAlone()).toContain('configure');
    expect(await phoneOf()).toBe(office.deviceId);
    expect((await users.get(USER)).userData).toHaveLength(1);
  });

  it('is logged off when an operator asks for it, or when deleted', async () => {
    await lobby.wholeLogOn(USER, PIN);
    expect(await users.logOff(USER)).toBe(lobby.deviceId);
    await planned('mobility-logoff');
    expect(await lobby.startWith(USER)).toEqual(['mobility-logoff']);
    await lobby.logOff(USER, '');
    await lobby.startAlone();
    expect(await phoneOf()).toBeNull();

    await lobby.wholeLogOn(USER, PIN);
    await users.remove(USER);
    await planned('mobility-logoff');
    expect(await lobby.startWith(USER)).toEqual(['mobility-logoff']);
  });

  it('is gone when the phone says so, although nobody heard of a logoff', async () => {
    await lobby.wholeLogOn(USER, PIN);
    expect(await lobby.startAlone()).toEqual(['configure']);
    expect(await phoneOf()).toBeNull();
    expect(lobby.valueOf('display-id-unicode')).toBe('Lobby');
  });

  it('keeps settings changed at the phone; a changed profile is written', async () => {
    await lobby.wholeLogOn(USER, PIN);
    lobby.items.set('display-id-unicode', { name: 'display-id-unicode', value: 'Ich' });
    const changed = [{ name: 'display-id-unicode', value: 'Ich' }];
    const said = { ...lobby.said('0', USER, changed), configurationChanged: true, itemsAttached: true };
    expect(await lobby.contact(said, 'opendls.gateway.local-changes-reported')).toEqual([]);
    expect(await lobby.startWith(USER)).toEqual([]);
    expect(await complianceOf(lobby)).toBe('compliant');
    await putUser({ items: [{ name: 'display-id-unicode', value: 'Gast neu' }], password: undefined });
    expect(await lobby.startWith(USER)).toContain('configure');
    expect(lobby.valueOf('display-id-unicode')).toBe('Gast neu');
  });

  it('gives nothing to a phone that only says that a user is on it', async () => {
    await lobby.wholeLogOn(USER, PIN);
    lobby.setUserData('userdata-vu1', 'QUFBQQ==');
    await lobby.logOff(USER, 'userdata-vu1');
    await lobby.startAlone();
    expect(await office.askForData(USER, 'userdata-vu1')).toEqual(['mobility-logoff']);
    expect(office.valueOf('userdata-vu1[1]')).toBeUndefined();
    office.setUserData('userdata-vu1', 'WFhYWA==', 'WFhYWA==');
    expect(await office.logOff(USER, 'userdata-vu1')).toEqual([]);
    expect((await users.get(USER)).userData[0]?.chunks).toBe(1);
  });

  it('leaves no password and no user data readable in the database or on the bus', async () => {
    await lobby.wholeLogOn(USER, PIN);
    lobby.setUserData('userdata-vu1', 'Z2VoZWltZXMgQWRyZXNzYnVjaA==');
    await lobby.logOff(USER, 'userdata-vu1');
    await office.wholeLogOn(USER, PIN);
    const tables: { name: string }[] = await dataSource.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    const read = async (name: string): Promise<unknown[]> => dataSource.query(`SELECT t::text FROM "${name}" t`);
    const places = await Promise.all(tables.map(async ({ name }) => ({ name, rows: await read(name) })));
    places.push(...TOPICS.map(({ name }) => ({ name, rows: gateway.events(name) })));
    for (const { name, rows } of places) {
      for (const secret of [PIN, 'sehr-geheim', 'Z2VoZWltZXMgQWRyZXNzYnVjaA==']) {
        expect(JSON.stringify(rows).includes(secret) ? `${name}: ${secret}` : '').toBe('');
      }
    }
  });
});
