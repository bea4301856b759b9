import { parseDeviceId } from '@opendls/event-contracts';
import { DeviceDirectives } from '../src/directives/device-directives.js';

// Prints the bytes of heap that one phone takes, with the directives of a large installation. Needs --expose-gc.
const PHONES = 100_000;
const collect = globalThis.gc;
if (collect === undefined) throw new Error('start it with --expose-gc');

const directives = new DeviceDirectives();
collect();
const before = process.memoryUsage().heapUsed;
for (let n = 0; n < PHONES; n++) {
  const deviceId = parseDeviceId((0x00_1a_e8_00_00_00 + n * 7).toString(16).padStart(12, '0'));
  if (deviceId === undefined) throw new Error('not a device id');
  directives.set({ deviceId, isWorkPending: n % 2 === 0, requiresSecureMode: true, revokedCertificates: [] });
}
collect();
console.log((process.memoryUsage().heapUsed - before) / directives.size);
