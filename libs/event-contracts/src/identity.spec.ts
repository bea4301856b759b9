import { deviceIdFromIdentity, macAddressOf, parseDeviceId } from './index.js';

describe('deviceIdFromIdentity', () => {
  it.each([
    ['00:1A:E8:00:53:01', '001ae8005301'],
    ['00-1a-e8-00-53-01', '001ae8005301'],
    ['001AE8005301', '001ae8005301'],
    ['\n00:1A:E8:00:53:01 ', '001ae8005301'],
    ['softclient.7', 'id-softclient.7'],
    ['SoftClient_7', 'id-softclient_7'],
    ['a'.repeat(64), `id-${'a'.repeat(64)}`],
  ])('reads %j as %s', (text, expected) => {
    expect(deviceIdFromIdentity(text)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    '.hidden',
    '../../etc',
    'two words',
    'name;drop',
    'ümlaut',
    'a'.repeat(65),
    'a/b',
    '<x>',
    '\u0000',
  ])('refuses %j', (text) => {
    expect(deviceIdFromIdentity(text)).toBeUndefined();
  });
});

describe('parseDeviceId', () => {
  it('takes only the canonical form', () => {
    expect(parseDeviceId('001ae8005301')).toBe('001ae8005301');
    expect(parseDeviceId('id-softclient.7')).toBe('id-softclient.7');
    expect(parseDeviceId('001AE8005301')).toBeUndefined();
    expect(parseDeviceId('00:1a:e8:00:53:01')).toBeUndefined();
    expect(parseDeviceId('softclient')).toBeUndefined();
  });
});

describe('macAddressOf', () => {
  it('writes the MAC as phones do, and none for clients without one', () => {
    expect(macAddressOf(parseDeviceId('001ae8005301')!)).toBe('00:1A:E8:00:53:01');
    expect(macAddressOf(parseDeviceId('id-softclient')!)).toBeNull();
  });
});
