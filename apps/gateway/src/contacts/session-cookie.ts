/** The vendor's own name; any works (PROTOCOL 1.3). */
export const SESSION_COOKIE = 'JSESSIONID';

const MAX_HEADER_LENGTH = 8_192;
const MAX_CANDIDATES = 8;
const VALUE = /^[A-Za-z0-9._-]+$/;

/** One cookie, its value a single token; the path covers where the phone posts to. */
export function setCookie(token: string, path: string): string {
  const end = path.indexOf('/', 1);
  return `${SESSION_COOKIE}=${token}; Path=${end === -1 ? path : path.slice(0, end)}; Secure`;
}

/**
 * Every value that a Cookie header may mean for our cookie. Phones return attributes with it (`JSESSIONID=x; Path=/...`),
 * some quote values, proxies join headers with a comma (PROTOCOL 1.3). Which of them is ours shows its signature.
 */
export function sessionTokens(header: string | undefined): readonly string[] {
  if (header === undefined || header.length > MAX_HEADER_LENGTH) return [];
  const tokens: string[] = [];
  for (const part of header.split(/[;,]/)) {
    const separator = part.indexOf('=');
    if (separator === -1 || part.slice(0, separator).trim().toUpperCase() !== SESSION_COOKIE) continue;
    const value = part
      .slice(separator + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (VALUE.test(value) && tokens.length < MAX_CANDIDATES) tokens.push(value);
  }
  return tokens;
}
