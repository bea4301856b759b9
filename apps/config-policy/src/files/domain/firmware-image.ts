import { formatFirmwareVersion, parseFirmwareVersion } from '@opendls/firmware';

/** What a firmware image says of itself. */
export interface FirmwareImage {
  /** The family of phones, as the image writes it. */
  readonly family: string;
  /** In the form in which phones report it, `V3 R5.12.0`. */
  readonly version: string;
  readonly deviceType: string | null;
  /** Item `software-type`, `Siemens SIP` or `Siemens HFA`. */
  readonly softwareType: string | null;
}

/** Where the family stands in an image (PROTOCOL 4.10). */
const FAMILY_OFFSET = 0x20;
/** The end of an image: device type and firmware type. */
export const FIRMWARE_TAIL_BYTES = 0x128;
/** What follows the NUL of the device type before the firmware type. */
const TYPE_GAP = 2;
const MAX_TEXT = 64;
const MAX_PADDING = 256;
const SOFTWARE_TYPES: readonly string[] = ['Siemens SIP', 'Siemens HFA'];

/**
 * Reads the header and the end of an image: family at 0x20, NUL, padding, version, NUL; in the last 0x128 bytes the device
 * type, NUL, two bytes, the firmware type, NUL (PROTOCOL 4.10).
 *
 * @param head the beginning of the image
 * @param tail its last 0x128 bytes
 * @returns undefined for a format that is not known
 */
export function readFirmwareImage(head: Uint8Array, tail: Uint8Array): FirmwareImage | undefined {
  const family = textAt(head, FAMILY_OFFSET);
  if (family === undefined) return undefined;
  const versionText = textAt(head, skipNuls(head, family.end));
  const version = versionText && parseFirmwareVersion(versionText.text);
  if (version === undefined) return undefined;
  const deviceType = tail.length === FIRMWARE_TAIL_BYTES ? textAt(tail, 0) : undefined;
  const softwareType = deviceType && textAt(tail, deviceType.end + TYPE_GAP);
  const isKnown = softwareType !== undefined && SOFTWARE_TYPES.includes(softwareType.text);
  return {
    family: family.text,
    version: formatFirmwareVersion(version),
    // One without the other is something else that happens to stand there.
    deviceType: isKnown ? (deviceType?.text ?? null) : null,
    softwareType: isKnown ? softwareType.text : null,
  };
}

/** Printable ASCII up to a NUL, and where it goes on after that. */
function textAt(bytes: Uint8Array, start: number): { readonly text: string; readonly end: number } | undefined {
  const end = bytes.indexOf(0, start);
  if (end <= start || end - start > MAX_TEXT) return undefined;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  return /^[\x20-\x7e]+$/.test(text) ? { text, end: end + 1 } : undefined;
}

function skipNuls(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === 0 && at - start < MAX_PADDING) at += 1;
  return at;
}
