/** A text without the white space around it (PROTOCOL 2.1: line feeds round a value are not part of it). */
export function trimXmlSpace(text: string): string {
  if (text === '') return text;
  return isSpace(text.charCodeAt(0)) || isSpace(text.charCodeAt(text.length - 1)) ? trimEnds(text) : text;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

// Two moving ends instead of a pattern: /\s+$/ takes quadratic time on a long run of blanks in the middle.
function trimEnds(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
