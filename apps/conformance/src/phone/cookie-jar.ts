/** A cookie as the server set it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** What follows the first `;`, as it came. */
  readonly attributes: string;
}

/** Reads a Set-Cookie value. */
export function parseSetCookie(header: string): Cookie | undefined {
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  if (equals <= 0) return undefined;
  return {
    name: pair.slice(0, equals).trim(),
    value: pair.slice(equals + 1).trim(),
    attributes: attributes.join(';').trim(),
  };
}

/** How a phone writes the cookie into its next request. */
export type CookieForm = (cookie: Cookie) => string;

export const plainCookie: CookieForm = ({ name, value }) => `${name}=${value}`;
/** The whole Set-Cookie value comes back (PROTOCOL 1.3). */
export const cookieWithAttributes: CookieForm = ({ name, value, attributes }) =>
  `${name}=${value}; ${attributes === '' ? 'path=/' : attributes}`;
