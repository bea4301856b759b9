const MAX_SEARCHED = 65_536;
const MESSAGE_TAG = /<(?:[A-Za-z][\w.-]{0,31}:)?Message(\s[^<>]{1,2000})/;
const NONCE = /\snonce\s{0,9}=\s{0,9}(?:"([^"&]{1,256})"|'([^'&]{1,256})')/;

/**
 * The nonce of a message that is refused, read from what stands before the fault, so that the phone can be answered
 * (PROTOCOL 1.2). Undefined when there is none or it would need more than a look at one tag.
 */
export function salvageNonce(text: string, end: number): string | undefined {
  const tag = MESSAGE_TAG.exec(text.slice(0, Math.min(end, MAX_SEARCHED)));
  const nonce = tag?.[1] === undefined ? null : NONCE.exec(tag[1]);
  return nonce?.[1] ?? nonce?.[2];
}
