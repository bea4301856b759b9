/** The address `offset` after another, as phones write it: `00:1A:E8:00:53:01`. */
export function macAddressAfter(start: string, offset: number): string {
  const digits = start.replaceAll(/[:-]/g, '');
  if (!/^[0-9a-f]{12}$/i.test(digits)) throw new TypeError(`not a MAC address: ${start}`);
  const next = BigInt(`0x${digits}`) + BigInt(offset);
  if (next > 0xffffffffffffn) throw new RangeError(`no MAC address ${offset} after ${start}`);
  const pairs = next.toString(16).padStart(12, '0').toUpperCase().match(/../g) ?? [];
  return pairs.join(':');
}

/** The number `offset` after another; leading zeros and a leading + stay. */
export function phoneNumberAfter(start: string, offset: number): string {
  const [, prefix = '', digits = ''] = /^(\+?)([0-9]+)$/.exec(start) ?? [];
  if (digits === '') throw new TypeError(`not a phone number: ${start}`);
  return prefix + (BigInt(digits) + BigInt(offset)).toString().padStart(digits.length, '0');
}

/** A host of the network that is set aside for such tests, 198.18.0.0/15 (RFC 2544); after 130,000 they start again. */
export function testAddress(offset: number): string {
  const host = (offset % 130_000) + 1;
  return `198.${18 + Math.floor(host / 65_536)}.${Math.floor(host / 256) % 256}.${host % 256}`;
}
