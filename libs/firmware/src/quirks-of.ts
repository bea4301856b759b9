import { isInFirmwareRange } from './firmware-range.js';
import { parseFirmwareVersion } from './firmware-version.js';
import { phoneFamilyOf } from './phone-family.js';
import { QUIRK_TABLE, type Quirks } from './quirk-table.js';

const NO_QUIRKS: Quirks = {
  legacyEntities: false,
  noChunkedResponses: false,
  sendSolicited: false,
  attachedChanges: false,
  gigabitEthernetEnabled: false,
  numericFilePriority: false,
  faultFlags: false,
  cookieAttributesEchoed: false,
  connectionPerMessage: false,
};

/**
 * What applies to a phone by the model and the version it told. Old firmware tells no version (PROTOCOL 3.3); a missing or
 * unreadable one gets what each row says is safe.
 */
export function quirksOf(phone: {
  readonly deviceType?: string | undefined;
  readonly softwareVersion?: string | undefined;
}): Quirks {
  const family = phoneFamilyOf(phone.deviceType);
  const version = parseFirmwareVersion(phone.softwareVersion ?? '');
  const applying = QUIRK_TABLE.filter(
    (row) =>
      row.families.includes(family) &&
      (version === undefined ? row.withoutVersion : isInFirmwareRange(version, row.versions)),
  );
  return { ...NO_QUIRKS, ...Object.fromEntries(applying.map(({ quirk }) => [quirk, true])) };
}
