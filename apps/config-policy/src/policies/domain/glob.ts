/** Tells whether a text matches. */
export type TextMatcher = (text: string) => boolean;

/**
 * Compiles a glob: `*` is any run of characters, `?` exactly one, everything else itself, upper and lower case alike.
 * Matching takes at most pattern times text steps whatever the pattern: patterns come from people, texts from phones.
 */
export function compileGlob(pattern: string): TextMatcher {
  const folded = pattern.toLowerCase();
  if (folded === '*') return () => true;
  if (!/[*?]/.test(folded)) return (text) => text.toLowerCase() === folded;
  const firstStar = folded.indexOf('*');
  if (firstStar === folded.length - 1 && !folded.includes('?')) {
    const prefix = folded.slice(0, firstStar);
    return (text) => text.toLowerCase().startsWith(prefix);
  }
  return (text) => matchesGlob(folded, text.toLowerCase());
}

/** The two-pointer match: on a mismatch only the last `*` takes one character more. */
function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      starAt = patternAt++;
      resumeAt = at;
    } else if (wanted === '?' || wanted === text[at]) {
      patternAt++;
      at++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}
