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
  /** As it came, with its attributes. */
  #setCookie: string | undefined;
  #before: string | undefined;
  #isFirstOfContact = true;

  constructor(private readonly habits: CookieHabits) {}

  /** A new interaction begins. */
  startContact(): void {
    this.#isFirstOfContact = true;
    this.#before = this.#setCookie;
    if (!this.habits.sendsOldCookie) this.#setCookie = undefined;
  }

  /** The value of the Cookie header, if there is one to send. */
  header(): string | undefined {
    if (this.habits.style === 'none') return undefined;
    return this.habits.style === 'with-attributes' ? this.#setCookie : withoutAttributes(this.#setCookie);
  }

  headerWithAttributes(): string | undefined {
    return this.#setCookie;
  }

  /** The cookie of the interaction before this one. */
  get cookieBefore(): string | undefined {
    return withoutAttributes(this.#before);
  }

  /** Takes the Set-Cookie values of an answer. */
  accept(setCookies: readonly string[]): void {
    const [setCookie] = setCookies;
    if (setCookie === undefined || (this.habits.keepsFirstCookie && !this.#isFirstOfContact)) return;
    this.#isFirstOfContact = false;
    this.#setCookie = setCookie;
  }
}

function withoutAttributes(setCookie: string | undefined): string | undefined {
  return setCookie?.split(';')[0]?.trim();
}
