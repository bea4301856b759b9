import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { CryptoError } from './crypto-error.js';

/** How much work one hash costs: 2^logN * r * 128 bytes of memory, p times. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

export const DEFAULT_SCRYPT_COST: ScryptCost = { logN: 15, r: 8, p: 1 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;
const STORED = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d)\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;
/** What one hash may cost, whatever a stored text says. */
const MAX_LOG_N = 18;
const MAX_R = 16;
const MAX_P = 4;

/**
 * Hashes and checks passwords that people chose: scrypt with a salt of its own for each, `scrypt$logN$r$p$salt$hash`. Slow on
 * purpose, so at most `concurrency` run at once, off the event loop; the others wait, in their order, and more than `maxWaiting`
 * are refused.
 */
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummy: Promise<string> | undefined;

  constructor(
    private readonly cost: ScryptCost = DEFAULT_SCRYPT_COST,
    private readonly concurrency = 2,
    private readonly maxWaiting = 1_000,
  ) {}

  async hash(password: string): Promise<string> {
    const { logN, r, p } = this.cost;
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.derive(password, salt, this.cost);
    return ['scrypt', logN, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
  }

  /**
   * Whether this is the password; compared in constant time.
   * @throws CryptoError `password-hash-malformed`, `password-hasher-busy`
   */
  async verify(password: string, stored: string): Promise<boolean> {
    const [, logN = '', r = '', p = '', salt = '', hash = ''] = STORED.exec(stored) ?? [];
    const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
    if (salt === '' || !isAcceptable(cost)) throw new CryptoError('password-hash-malformed');
    const expected = Buffer.from(hash, 'base64url');
    return timingSafeEqual(await this.derive(password, Buffer.from(salt, 'base64url'), cost), expected);
  }

  /** Takes as long as {@link verify}, so that nobody learns from the time whether a user exists. */
  async verifyNothing(password: string): Promise<false> {
    this.dummy ??= this.hash('');
    await this.verify(password, await this.dummy);
    return false;
  }

  private async derive(password: string, salt: Buffer, { logN, r, p }: ScryptCost): Promise<Buffer> {
    await this.turn();
    const N = 2 ** logN;
    try {
      return await new Promise((resolve, reject) => {
        const options = { N, r, p, maxmem: 2 * 128 * N * r * p };
        scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      });
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      // The turn is handed on as it is.
      else next();
    }
  }

  private async turn(): Promise<void> {
    if (this.running < this.concurrency) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= this.maxWaiting) throw new CryptoError('password-hasher-busy');
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

function isAcceptable({ logN, r, p }: ScryptCost): boolean {
  return logN >= 1 && logN <= MAX_LOG_N && r >= 1 && r <= MAX_R && p >= 1 && p <= MAX_P;
}
