/**
 * The beginning of a text, at most `maxLength` UTF-16 units of it, never half a character: a lone surrogate is no Unicode
 * text, and databases refuse it.
 */
export function clipText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxLength - 1 : maxLength);
}
