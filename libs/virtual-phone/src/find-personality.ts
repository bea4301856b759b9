import { OPENSTAGE_60_V3, PERSONALITIES } from './personalities.js';
import type { Personality } from './personality.js';

/** The personality a phone has when nobody says otherwise. */
export const DEFAULT_PERSONALITY: Personality = OPENSTAGE_60_V3;

/** A personality by its name, an alias or its device type. */
export function findPersonality(nameOrDeviceType: string): Personality | undefined {
  const wanted = nameOrDeviceType.toLowerCase();
  return PERSONALITIES.find(
    ({ name, aliases, deviceType }) =>
      name === wanted || aliases.includes(wanted) || deviceType.toLowerCase() === wanted,
  );
}

/** The same, where a device type nobody modelled speaks like the default phone. */
export function personalityOf(nameOrDeviceType: string): Personality {
  return (
    findPersonality(nameOrDeviceType) ?? {
      ...DEFAULT_PERSONALITY,
      name: nameOrDeviceType.toLowerCase(),
      aliases: [],
      deviceType: nameOrDeviceType,
    }
  );
}
