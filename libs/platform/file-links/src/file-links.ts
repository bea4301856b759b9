import { deriveTokenKeys, signToken, verifyToken, type SealingKeys, type TokenKeys } from '@opendls/crypto/sealing';

/** What a signed link lets its holder read: one content, for one phone, under one name, until a time. */
export interface FileLink {
  /** Of the content, 64 lower-case hex digits. */
  readonly sha256: string;
  readonly deviceId: string;
  /** The name the phone knows the file by; the last part of the URL. */
  readonly fileName: string;
  /** Whole seconds count. */
  readonly expiresAt: Date;
}

/**
 * - `malformed`: no token of this kind.
 * - `bad-signature`: changed, or signed by somebody else, or with a key that was taken away.
 * - `expired`: good, but too old.
 */
export type FileLinkErrorCode = 'malformed' | 'bad-signature' | 'expired';

export type VerifiedFileLink =
  { readonly ok: true; readonly link: FileLink } | { readonly ok: false; readonly code: FileLinkErrorCode };

export const MAX_FILE_NAME_LENGTH = 128;

const VERSION = '1';
const TIME_DIGITS = 7;
const TIME_RADIX = 36;
const MS_PER_SECOND = 1_000;
/** Longest token that `sign` makes: key id 32, payload of 128 three-byte characters, signature. */
const MAX_TOKEN_LENGTH = 1_024;
const TOKEN = /^[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const DEVICE_ID = /^(?:[0-9a-f]{12}|id-[a-z0-9][a-z0-9._-]{0,63})$/;
// The name is last: everything after the fourth slash.
const PAYLOAD = /^1\/([A-Za-z0-9_-]{43})\/([0-9a-z]{7})\/([a-z0-9._-]{1,67})\/([^/]{1,128})$/u;

/** Whether a text can be the last part of a URL and the name of a file on a phone: no path, no control characters. */
export function isFileName(text: string): boolean {
  if (text === '.' || text === '..' || text.length === 0 || text.length > MAX_FILE_NAME_LENGTH) return false;
  return !/[\p{Cc}\p{Cs}/\\]/u.test(text);
}

/**
 * Signs and verifies links to files. Who made them and who verifies them share the sealing keys and nothing else. A token
 * is as long for every phone and every hour; only the length of the name counts.
 */
export class FileLinks {
  private readonly keys: TokenKeys;

  constructor(sealingKeys: SealingKeys) {
    this.keys = deriveTokenKeys(sealingKeys, 'file-link');
  }

  /** @throws RangeError for a link that `verify` would not accept: the caller has checked its parts before. */
  sign({ sha256, deviceId, fileName, expiresAt }: FileLink): string {
    const seconds = Math.floor(expiresAt.getTime() / MS_PER_SECOND);
    const time = seconds >= 0 ? seconds.toString(TIME_RADIX).padStart(TIME_DIGITS, '0') : '';
    if (!SHA256.test(sha256) || !DEVICE_ID.test(deviceId) || !isFileName(fileName) || time.length !== TIME_DIGITS) {
      throw new RangeError('no link can be made of these values');
    }
    const digest = Buffer.from(sha256, 'hex').toString('base64url');
    return signToken(this.keys, [VERSION, digest, time, deviceId, fileName].join('/'));
  }

  /** Never throws, whatever the token is. Cheap: no work before the shape is right, one HMAC after it. */
  verify(token: string, now: Date): VerifiedFileLink {
    if (token.length > MAX_TOKEN_LENGTH || !TOKEN.test(token)) return { ok: false, code: 'malformed' };
    const payload = verifyToken(this.keys, token);
    if (payload === undefined) return { ok: false, code: 'bad-signature' };
    const [, digest, time, deviceId, fileName] = PAYLOAD.exec(payload) ?? [];
    if (digest === undefined || time === undefined || deviceId === undefined || fileName === undefined) {
      return { ok: false, code: 'malformed' };
    }
    const expiresAt = new Date(Number.parseInt(time, TIME_RADIX) * MS_PER_SECOND);
    if (now.getTime() >= expiresAt.getTime()) return { ok: false, code: 'expired' };
    return {
      ok: true,
      link: { sha256: Buffer.from(digest, 'base64url').toString('hex'), deviceId, fileName, expiresAt },
    };
  }
}
