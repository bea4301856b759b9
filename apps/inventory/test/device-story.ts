import type { AnyEvent, DeviceId } from '@opendls/event-contracts';
import { aClosing, after, anItemsReport, anOpening, aStep, contactIdOf } from './device-events.js';

export const HOUR = 3_600;

/**
 * All events of one phone: it starts, is read completely in three fragments, is written, is changed locally, starts again
 * and repeats that message.
 */
export function deviceStory(deviceId: DeviceId): readonly AnyEvent[] {
  const of = (n: number): { deviceId: DeviceId; contactId: string } => ({
    deviceId,
    contactId: contactIdOf(String(n)),
  });
  return [
    anOpening({ ...of(1), at: after(0), items: itemsOf({ a: '1', b: '1', old: 'x' }) }),
    anItemsReport({ ...of(1), at: after(1), fragment: 0, isFinal: false, items: itemsOf({ a: '1', c: '1' }) }),
    anItemsReport({ ...of(1), at: after(2), fragment: 1, isFinal: false, items: itemsOf({ b: '1' }) }),
    anItemsReport({ ...of(1), at: after(3), fragment: 2, isFinal: true, items: itemsOf({ d: '1' }) }),
    aStep({ ...of(1), at: after(4), stepIndex: 1, refusedItems: [{ name: 'a', status: 'read only' }] }),
    aClosing({ ...of(1), at: after(5), outcome: 'completed' }),
    anOpening({
      ...of(2),
      at: after(HOUR),
      type: 'opendls.gateway.local-changes-reported',
      items: itemsOf({ a: '1', b: '1', d: '2' }),
      device: { e164: '4989777', partNumber: null },
    }),
    aClosing({ ...of(2), at: after(HOUR + 1) }),
    anOpening({ ...of(3), at: after(2 * HOUR), items: itemsOf({ a: '2', b: '1' }) }),
    anOpening({ ...of(3), at: after(2 * HOUR + 30), items: itemsOf({ a: '2', b: '1' }) }),
    aClosing({ ...of(3), at: after(2 * HOUR + 31) }),
  ];
}

/** Items by name and value. */
export function itemsOf(values: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}
