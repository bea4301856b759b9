/** Bytes that the first `length` characters of a text take in UTF-8. */
export function utf8Length(text: string, length: number): number {
  let bytes = 0;
  for (let position = 0; position < length; position++) {
    const unit = text.charCodeAt(position);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    // Either half of a surrogate pair stands for two of the pair's four bytes.
    else bytes += unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
  }
  return bytes;
}

/** Where UTF-8 breaks: the first byte of the first ill-formed sequence, or the length when there is none. */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  let position = 0;
  while (position < bytes.length) {
    const length = sequenceLength(bytes, position);
    if (length === 0) return position;
    position += length;
  }
  return position;
}

// Table 3-7 of the Unicode standard: only the second byte has a range that depends on the first.
function sequenceLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes[position + 1] ?? 0;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (let next = 2; next < length; next++) {
    const byte = bytes[position + next] ?? 0;
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return length;
}

/** Where UTF-16 breaks: a surrogate without its partner, or a last single byte. */
export function firstInvalidUtf16(bytes: Uint8Array, isLittleEndian: boolean): number {
  const unitAt = (at: number): number =>
    isLittleEndian ? (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) : ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  let position = 0;
  while (position + 1 < bytes.length) {
    const unit = unitAt(position);
    const isHigh = unit >= 0xd800 && unit <= 0xdbff;
    if (unit >= 0xdc00 && unit <= 0xdfff) return position;
    if (isHigh) {
      const partner = position + 3 < bytes.length ? unitAt(position + 2) : 0;
      if (partner < 0xdc00 || partner > 0xdfff) return position;
    }
    position += isHigh ? 4 : 2;
  }
  return position;
}
