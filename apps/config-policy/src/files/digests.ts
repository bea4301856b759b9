import { FileError } from './files.errors.js';

const SHA256_HEX = /^[0-9a-f]{64}$/i;
/** A member of `Content-Digest` (RFC 9530): `sha-256=:base64:`. */
const SHA256_MEMBER = /(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/]{43}=):\s*(?:[,;]|$)/;

/**
 * The SHA-256 the uploader expects, from `?sha256=` (hex) and `Content-Digest`; undefined when neither says one.
 * @throws {FileError} `file-digest-invalid`
 */
export function expectedSha256(hex: string | undefined, contentDigest: string | undefined): string | undefined {
  if (hex !== undefined && !SHA256_HEX.test(hex)) throw new FileError('file-digest-invalid', 'sha256 is 64 hex digits');
  const member = contentDigest === undefined ? undefined : SHA256_MEMBER.exec(contentDigest)?.[1];
  if (contentDigest !== undefined && member === undefined && /(?:^|,)\s*sha-256\s*=/.test(contentDigest)) {
    throw new FileError('file-digest-invalid', 'Content-Digest is sha-256=:base64 of 32 bytes:');
  }
  const ofHeader = member === undefined ? undefined : Buffer.from(member, 'base64').toString('hex');
  const ofQuery = hex?.toLowerCase();
  if (ofHeader !== undefined && ofQuery !== undefined && ofHeader !== ofQuery) {
    throw new FileError('file-digest-invalid', 'sha256 and Content-Digest differ');
  }
  return ofQuery ?? ofHeader;
}

/** `ETag` of a file: its content. */
export function etagOf(sha256: string): string {
  return `"${sha256}"`;
}

/** What a client says it knows: the content it wants to replace, or that there is no file yet. */
export type Precondition =
  { readonly kind: 'none' } | { readonly kind: 'any' } | { readonly kind: 'one-of'; readonly tags: readonly string[] };

/** `If-None-Match: *` and `If-Match` of a request that changes something. */
export function preconditionOf(headers: Readonly<Record<string, string | undefined>>): Precondition | undefined {
  if (headers['if-none-match']?.trim() === '*') return { kind: 'none' };
  const match = headers['if-match']?.trim();
  if (match === undefined) return undefined;
  return match === '*' ? { kind: 'any' } : { kind: 'one-of', tags: match.split(',').map((tag) => tag.trim()) };
}

/** Whether what is there, or undefined, is what the client expects. */
export function holds(condition: Precondition | undefined, sha256: string | undefined): boolean {
  if (condition === undefined) return true;
  if (condition.kind === 'none') return sha256 === undefined;
  if (sha256 === undefined) return false;
  return condition.kind === 'any' || condition.tags.includes(etagOf(sha256));
}
