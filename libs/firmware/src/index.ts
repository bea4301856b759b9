export { isInFirmwareRange, parseFirmwareRange } from './firmware-range.js';
export type { FirmwareRange, FirmwareRangeError, FirmwareRangeResult } from './firmware-range.js';
export {
  compareFirmwareVersions,
  formatDottedVersion,
  formatFirmwareVersion,
  isSameFirmwareVersion,
  parseFirmwareVersion,
} from './firmware-version.js';
export type { FirmwareVersion } from './firmware-version.js';
export { phoneFamilyOf } from './phone-family.js';
export type { PhoneFamily } from './phone-family.js';
export { QUIRK_TABLE } from './quirk-table.js';
export type { Confidence, QuirkRow, Quirks } from './quirk-table.js';
export { quirksOf } from './quirks-of.js';
