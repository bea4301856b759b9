/** A SQL LIKE pattern for literal text: nothing in it is a wildcard. */
export function likeLiteral(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** A SQL LIKE pattern for a glob: `*` is any text, `?` any one character, everything else literal. */
export function likeGlob(glob: string): string {
  return likeLiteral(glob).replace(/\*+/g, '%').replace(/\?/g, '_');
}

/** The same, but a text without a wildcard is a prefix. */
export function likePrefixOrGlob(text: string): string {
  return /[*?]/.test(text) ? likeGlob(text) : `${likeLiteral(text)}%`;
}
