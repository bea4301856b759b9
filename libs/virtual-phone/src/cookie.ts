/** How a phone treats the cookie that ties an interaction together (PROTOCOL 1.3). */
export interface CookieHabits {
  /** `with-attributes`: returns the whole Set-Cookie value, as CP phones do; `none`: returns no cookie at all. */
  readonly style: 'plain' | 'with-attributes' | 'none';
  /** Sends the cookie of the last interaction with the first message of the next one. */
  readonly sendsOldCookie: boolean;
  /** Keeps the first cookie of an interaction and ignores later ones. */
  readonly keepsFirstCookie: boolean;
}

export const DEFAULT_COOKIE_HABITS: CookieHabits = { style: 'plain', sendsOldCookie: false, keepsFirstCookie: false };

/** The one cookie a phone keeps. */
export class CookieJar {
  #cookie: string | undefined;
  #isFirstOfContact = true;

  constructor(private readonly habits: CookieHabits) {}

  /** A new interaction begins. */
  startContact(): void {
    this.#isFirstOfContact = true;
    if (!this.habits.sendsOldCookie) this.#cookie = undefined;
  }

  /** The value of the Cookie header, if there is one to send. */
  header(): string | undefined {
    return this.habits.style === 'none' ? undefined : this.#cookie;
  }

  /** Takes the Set-Cookie values of an answer. */
  accept(setCookies: readonly string[]): void {
    const [setCookie] = setCookies;
    if (setCookie === undefined || (this.habits.keepsFirstCookie && !this.#isFirstOfContact)) return;
    this.#isFirstOfContact = false;
    this.#cookie = this.habits.style === 'with-attributes' ? setCookie : setCookie.split(';')[0]?.trim();
  }
}
