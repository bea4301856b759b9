/** User data that phones hand over at a logoff and ask for at a logon (PROTOCOL 4.12). */
const KNOWN: ReadonlySet<string> = new Set([
  'userdata-vu1',
  'userdata-call-log',
  'userdata-ring-tone',
  'userdata-phonebook',
  'userdata-call-group',
  'userdata-voice-record',
  'userdata-picture',
  'userdata-ring-tone-mp3',
  'userdata-screensaver',
  'userdata-ldap',
]);

/** Longer lists are no phone's. */
const MAX_LIST_LENGTH = 2_000;

/**
 * The names of a comma separated list, as `requested-items` and `modified-items` have it. A phone can name what it likes: only
 * user data is read or given, each name once.
 */
export function userDataNames(list: string | undefined): string[] {
  if (list === undefined || list.length > MAX_LIST_LENGTH) return [];
  const names = list.split(',').map((name) => name.trim());
  return [...new Set(names)].filter((name) => KNOWN.has(name));
}
