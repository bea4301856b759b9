/** The ETag of something whose changes are numbered (RFC 9110, 8.8.3). */
export function revisionEtag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that a client wants to change, by `If-Match` and `If-None-Match` (RFC 9110, 13.1); 0: there shall be none
 * yet; -1: a tag that is none of ours, which matches no revision; undefined: whatever there is.
 */
export function expectedRevision(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  if (headers['if-none-match']?.trim() === '*') return 0;
  const match = headers['if-match']?.trim();
  if (match === undefined || match === '*') return undefined;
  const revision = /^(?:W\/)?"(\d{1,9})"$/.exec(match)?.[1];
  return revision === undefined ? -1 : Number(revision);
}
