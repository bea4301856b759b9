/**
 * A firmware version of a phone, `V<major>[.<sub>] R<minor>.<fix>.<hotfix>`. The order of the parts is the order of
 * their weight; a version without a second number before the `R` has `sub` 0.
 */
export interface FirmwareVersion {
  readonly major: number;
  readonly sub: number;
  readonly minor: number;
  readonly fix: number;
  readonly hotfix: number;
}

/** The parts of a version from the heaviest to the lightest. */
export type VersionParts = readonly number[];

const NUMBER = '\\d{1,6}';
const RELEASE_FORM = new RegExp(
  `^V\\s*(${NUMBER})(?:\\.(${NUMBER}))?\\s*R\\s*(${NUMBER})(?:\\.(${NUMBER}))?(?:\\.(${NUMBER}))?$`,
  'i',
);
const DOTTED_FORM = new RegExp(`^${NUMBER}(?:\\.${NUMBER}){3,4}$`);

/**
 * Reads a version in any form in which phones and deployment items write it: `V3 R5.12.0`, `V1.2 R0.3.4`, `3.5.12.0`, and
 * `1.2.0.3.4` for a version with a second number before the `R`. White space and case do not matter; a missing fix or
 * hotfix counts as 0.
 *
 * @returns undefined for any other text
 */
export function parseFirmwareVersion(text: string): FirmwareVersion | undefined {
  const trimmed = text.trim();
  const release = RELEASE_FORM.exec(trimmed);
  if (release !== null) {
    const [major, sub, minor, fix, hotfix] = release.slice(1).map((part: string | undefined) => Number(part ?? 0));
    return versionOf([major, sub, minor, fix, hotfix]);
  }
  if (!DOTTED_FORM.test(trimmed)) return undefined;
  const numbers = trimmed.split('.').map(Number);
  return versionOf(partsOfDotted(numbers));
}

/** Dotted numbers as version parts: only five of them have room for the second number before the `R`. */
export function partsOfDotted(numbers: VersionParts): VersionParts {
  const [major, ...rest] = numbers;
  return numbers.length >= 5 || major === undefined || rest.length === 0 ? numbers : [major, 0, ...rest];
}

function versionOf([major = 0, sub = 0, minor = 0, fix = 0, hotfix = 0]: readonly (
  number | undefined
)[]): FirmwareVersion {
  return { major, sub, minor, fix, hotfix };
}

/** The parts of a version from the heaviest to the lightest. */
export function partsOf(version: FirmwareVersion): VersionParts {
  return [version.major, version.sub, version.minor, version.fix, version.hotfix];
}

/** Compares as many parts as `b` has. */
export function compareParts(a: VersionParts, b: VersionParts): -1 | 0 | 1 {
  for (const [position, part] of b.entries()) {
    const other = a[position] ?? 0;
    if (other !== part) return other < part ? -1 : 1;
  }
  return 0;
}

/** The total order of versions, for `sort`. */
export function compareFirmwareVersions(a: FirmwareVersion, b: FirmwareVersion): -1 | 0 | 1 {
  return compareParts(partsOf(a), partsOf(b));
}

/** Whether two texts name the same version, in whatever form; two texts that name none are not the same version. */
export function isSameFirmwareVersion(a: string, b: string): boolean {
  const [left, right] = [parseFirmwareVersion(a), parseFirmwareVersion(b)];
  return left !== undefined && right !== undefined && compareFirmwareVersions(left, right) === 0;
}

/** `V3 R5.12.0`, as phones report it in `software-version`. */
export function formatFirmwareVersion({ major, sub, minor, fix, hotfix }: FirmwareVersion): string {
  return `V${major}${sub === 0 ? '' : `.${sub}`} R${minor}.${fix}.${hotfix}`;
}

/** `3.5.12.0`, as `file-sw-version` writes it; five numbers when there is a second number before the `R`. */
export function formatDottedVersion({ major, sub, minor, fix, hotfix }: FirmwareVersion): string {
  return (sub === 0 ? [major, minor, fix, hotfix] : [major, sub, minor, fix, hotfix]).join('.');
}
