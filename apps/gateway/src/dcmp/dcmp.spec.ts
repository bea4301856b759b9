import { isDcmpPath, polledDevice } from './dcmp-poll.js';

const PATH = '/dcmp/contact-me';

describe('a DCMP poll', () => {
  it.each([
    '00:1A:E8:00:53:01',
    '00:1a:e8:00:53:01',
    '00%3A1A%3AE8%3A00%3A53%3A01',
    '00%3a1a%3ae8%3a00%3a53%3a01',
    '00-1A-E8-00-53-01',
    '001ae8005301',
    '001AE8005301',
  ])('names its phone as %s', (id) => {
    expect(polledDevice(`${PATH}?device-id=${id}`)).toBe('001ae8005301');
    expect(polledDevice(`${PATH}?x=1&device-id=${id}&y=2`)).toBe('001ae8005301');
  });

  it.each([
    '',
    '?',
    '?device-id',
    '?device-id=',
    '?device-id=001ae800530',
    '?device-id=001ae80053012',
    '?device-id=001ae800530g',
    '?device-id=%2e%2e',
    '?device-id=%',
    '?xdevice-id=001ae8005301',
    '?DEVICE-ID=001ae8005301',
    `?device-id=${':'.repeat(100_000)}001ae8005301`,
    '?device-id=id-soft',
  ])('names no phone: %.40s', (query) => {
    expect(polledDevice(`${PATH}${query}`)).toBeUndefined();
  });

  it('has one path', () => {
    expect(isDcmpPath(PATH)).toBe(true);
    expect(isDcmpPath(`${PATH}?device-id=1`)).toBe(true);
    for (const other of ['/', '/dcmp', `${PATH}/`, `${PATH}x`, `/x${PATH}`, PATH.toUpperCase()]) {
      expect(isDcmpPath(other)).toBe(false);
    }
  });
});
