import { clipText } from '@opendls/dls-codec';

/**
 * A text that sorts as the version does: `V3 R4.9.0` before `V3 R4.11.0`. Every number is padded, everything else kept.
 * Grammar of the protocol: `V<major>[.<sub>] R<minor>.<fix>.<hotfix>`; other forms sort as sensibly as they can.
 */
export function softwareVersionSortKey(version: string | null): string {
  return clipText(version ?? '', 128).replace(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, '').padStart(6, '0'));
}
