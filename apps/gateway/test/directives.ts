import { randomUUID } from 'node:crypto';
import type { EventBus } from '@opendls/event-bus';
import { parseDeviceId, toRecord, type DeviceDirective } from '@opendls/event-contracts';

/** Says something of a phone, as config-policy does. */
export async function direct(bus: EventBus, deviceId: string, parts: Partial<DeviceDirective>): Promise<void> {
  const subject = parseDeviceId(deviceId);
  if (subject === undefined) throw new Error(`${deviceId} is no device id`);
  const data = {
    deviceId: subject,
    isWorkPending: false,
    requiresSecureMode: false,
    revokedCertificates: [],
    ...parts,
  };
  const type = 'opendls.config-policy.device-directive-changed' as const;
  const source = '/opendls/config-policy/test';
  await bus.publish([toRecord({ id: randomUUID(), type, source, subject, time: new Date(), data })]);
}

/** Takes back whatever was said of a phone. */
export async function takeBack(bus: EventBus, deviceId: string): Promise<void> {
  await bus.publish([{ topic: 'config-policy.device-directive.v1', key: deviceId, headers: {}, value: null }]);
}

/** Waits until a question is answered as wanted, with a deadline. */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean, what: string): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
