import { parseDeviceId, type DeviceId } from '@opendls/event-contracts';

/** Where phones poll, below their `dcmp-url` (PROTOCOL 8.2). */
export const DCMP_PATH = '/dcmp/contact-me';

const PARAMETER = 'device-id=';
const MAC_DIGITS = 12;
/** `%3A` five times and twelve digits. */
const MAX_ID_LENGTH = 27;

/**
 * The phone of a poll, as 12 lower-case hex digits; undefined when the query names none. `:` (percent-encoded or not), `-` or
 * nothing between the digits, upper or lower case, as phones differ (PROTOCOL 8.2). Looks at no more than a MAC's length.
 */
export function polledDevice(url: string): DeviceId | undefined {
  const begin = parameterBegin(url);
  if (begin === -1) return undefined;
  const ampersand = url.indexOf('&', begin);
  const end = ampersand === -1 ? url.length : ampersand;
  if (end - begin > MAX_ID_LENGTH) return undefined;
  const digits = url
    .slice(begin, end)
    .toLowerCase()
    .replace(/%3a|[:-]/g, '');
  return digits.length === MAC_DIGITS ? parseDeviceId(digits) : undefined;
}

/** Whether a request target is the path of polls, with or without a query. */
export function isDcmpPath(url: string): boolean {
  return (
    url.startsWith(DCMP_PATH) && (url.length === DCMP_PATH.length || url.charCodeAt(DCMP_PATH.length) === QUESTION_MARK)
  );
}

const QUESTION_MARK = 0x3f;

function parameterBegin(url: string): number {
  const first = DCMP_PATH.length + 1;
  if (url.startsWith(PARAMETER, first)) return first + PARAMETER.length;
  const later = url.indexOf(`&${PARAMETER}`, first);
  return later === -1 ? -1 : later + 1 + PARAMETER.length;
}
