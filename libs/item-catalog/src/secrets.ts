import { findItemIgnoringCase } from './catalog.js';

/** Words that name a secret; the first row counts anywhere in a name, the second only as a whole word. */
const NAMES_A_SECRET = new RegExp(
  [
    'pwd|passwd|password|passphrase|secret|credential|pkcs12|private-?key|certificate',
    '(?<![a-z0-9])(?:pass|passw|pin|tan|psk|token|community)(?![a-z0-9])',
  ].join('|'),
);

/** A rule or state of a secret is not the secret: `user-pwd-expiry`, `passw-min-length`, `web-certificate-info`. */
const IS_ABOUT_A_SECRET =
  /-(?:status|state|expiry|lastchanged|history|retries|length|policy|days|duration|period|digit|lower|upper|punct|info)(?![a-z0-9])/;

/**
 * True when values of this item must never be shown, logged or stored readable. The catalogue decides for what it
 * knows (also in other spelling); an unknown name is judged by its words and counts as secret when in doubt.
 */
export function isSecretItem(name: string): boolean {
  const known = findItemIgnoringCase(name);
  if (known) return known.secret === true;
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[_.\s]+/g, '-');
  if (!NAMES_A_SECRET.test(words)) return false;
  const about = IS_ABOUT_A_SECRET.exec(words);
  return about === null || NAMES_A_SECRET.test(words.slice(about.index + about[0].length));
}
