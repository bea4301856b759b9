import { after, deviceIdOf } from '../../../test/device-events.js';
import { applyOpening, toInventoryDevice, unknownDevice, type Opening } from './device-record.js';

const NOTHING = {
  deviceType: null,
  softwareType: null,
  softwareVersion: null,
  e164: null,
  basicE164: null,
  contactMeUri: null,
  partNumber: null,
};

function opening(seconds: number, facts: Partial<Opening['facts']> = {}, rest: Partial<Opening> = {}): Opening {
  return {
    at: after(seconds),
    reason: 'start-up',
    facts: { ...NOTHING, ...facts },
    connection: { listener: 'default', remoteAddress: '192.0.2.1' },
    isNewContact: true,
    ...rest,
  };
}

function recordAfter(...openings: readonly Opening[]): ReturnType<typeof unknownDevice> {
  return openings.reduce(applyOpening, unknownDevice(deviceIdOf(1)));
}

describe('the record of a phone', () => {
  it('begins with its first opening', () => {
    expect(toInventoryDevice(unknownDevice(deviceIdOf(1)))).toBeUndefined();
    expect(toInventoryDevice(recordAfter(opening(0, { e164: '4989' })))).toMatchObject({
      deviceId: '001ae8000001',
      macAddress: '00:1A:E8:00:00:01',
      e164: '4989',
      firstSeenAt: after(0).toISOString(),
      lastSeenAt: after(0).toISOString(),
      lastReason: 'start-up',
      startUpCount: 1,
    });
  });

  it('keeps a fact that the phone does not state again', () => {
    const record = recordAfter(opening(0, { e164: '1', deviceType: 'A' }), opening(10, { deviceType: 'B' }));
    expect(record.facts).toMatchObject({ e164: '1', deviceType: 'B' });
  });

  it('does not move backwards when an older opening arrives late', () => {
    const newest = opening(20, { e164: '2' }, { reason: 'solicited', connection: connectionOf('192.0.2.9') });
    const record = recordAfter(newest, opening(10, { e164: '1', partNumber: 'P' }));
    expect(record.facts).toMatchObject({ e164: '2', partNumber: 'P' });
    expect(record.sighting).toEqual({
      firstSeenAt: after(10),
      lastSeenAt: after(20),
      lastReason: 'solicited',
      listener: 'default',
      remoteAddress: '192.0.2.9',
    });
    expect(record.startUpCount).toBe(1);
  });

  it('fills in a fact with the newest of several late openings, whatever their order', () => {
    const openings = [opening(0, { e164: '1' }), opening(10, { e164: '2' }), opening(20)];
    for (const order of [
      [2, 0, 1],
      [2, 1, 0],
      [0, 2, 1],
      [0, 1, 2],
    ]) {
      expect(recordAfter(...order.map((position) => openings[position]!)).facts.e164).toBe('2');
    }
  });

  it('counts a repeated opening of one contact once', () => {
    expect(recordAfter(opening(0), opening(3, {}, { isNewContact: false })).startUpCount).toBe(1);
  });

  it('counts starts only', () => {
    expect(recordAfter(opening(0, {}, { reason: 'local-changes' })).startUpCount).toBe(0);
  });
});

function connectionOf(remoteAddress: string): Opening['connection'] {
  return { listener: 'default', remoteAddress };
}
