/**
 * Phones whose firmware counts its versions together. OpenStage and OpenScape Desk Phone IP share one line (`V1` to
 * `V3`); the CP phones began again at `V1`, so that a `V2` of theirs is younger than a `V3` of the others.
 */
export type PhoneFamily = 'openstage' | 'cp' | 'unknown';

/** The family of a `device-type`, such as `OpenStage 60` or `OpenScape Desk Phone CP210`. */
export function phoneFamilyOf(deviceType: string | undefined): PhoneFamily {
  if (deviceType === undefined) return 'unknown';
  if (/\bCP\s*\d/i.test(deviceType)) return 'cp';
  if (/\bOpenStage\b|\bDesk\s*Phone\s+IP\b/i.test(deviceType)) return 'openstage';
  return 'unknown';
}
