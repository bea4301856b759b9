// NameStartChar and NameChar of XML 1.0 (fifth edition).
const START =
  ':A-Z_a-z\\u{c0}-\\u{d6}\\u{d8}-\\u{f6}\\u{f8}-\\u{2ff}\\u{370}-\\u{37d}\\u{37f}-\\u{1fff}\\u{200c}-\\u{200d}' +
  '\\u{2070}-\\u{218f}\\u{2c00}-\\u{2fef}\\u{3001}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{fffd}\\u{10000}-\\u{effff}';
const NAME = new RegExp(`^[${START}][${START}\\-.0-9\\u{b7}\\u{300}-\\u{36f}\\u{203f}-\\u{2040}]*$`, 'u');

// Characters up to 127: 0 = ends a name, 1 = may stand inside one, 2 = may start one.
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_:]/.test(character)) return 2;
  return /[-.0-9]/.test(character) ? 1 : 0;
});

/** Where the name that starts at `position` ends; `position` itself when no name starts there. */
export function endOfName(text: string, position: number): number {
  let end = position;
  let isAscii = true;
  for (;;) {
    const code = text.charCodeAt(end);
    if (code < 128) {
      const kind = ASCII[code] as number;
      if (kind === 0 || (kind === 1 && end === position)) break;
    } else if (code >= 128) {
      isAscii = false;
    } else break; // NaN: the end of the text
    end++;
  }
  return isAscii || NAME.test(text.slice(position, end)) ? end : position;
}

/** A name without its namespace prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** The namespace prefix of a name; empty when it has none. */
export function prefixOf(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? '' : name.slice(0, colon);
}
