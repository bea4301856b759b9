const TYPES: ReadonlyMap<string, string> = new Map([
  ['bmp', 'image/bmp'],
  ['gif', 'image/gif'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['mid', 'audio/midi'],
  ['midi', 'audio/midi'],
  ['mp3', 'audio/mpeg'],
  ['png', 'image/png'],
  ['txt', 'text/plain'],
  ['wav', 'audio/wav'],
]);

/** Of a file for a phone, by the end of its name (formats: PROTOCOL 3.4). Firmware and everything else are bytes. */
export function contentTypeOf(fileName: string): string {
  const end = fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase();
  return TYPES.get(end) ?? 'application/octet-stream';
}
