/** An item is identified by name and index; index 0 is not the same as no index (PROTOCOL 6.1). */
export function itemKey(name: string, index?: number): string {
  return index === undefined ? name : `${name}[${index}]`;
}

const KEY_PATTERN = /^(.+)\[(0|[1-9][0-9]*)\]$/s;

/** The reverse of {@link itemKey}. */
export function parseItemKey(key: string): { readonly name: string; readonly index?: number } {
  const match = KEY_PATTERN.exec(key);
  return match?.[1] === undefined ? { name: key } : { name: match[1], index: Number(match[2]) };
}
