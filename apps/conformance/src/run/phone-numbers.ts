import { randomInt } from 'node:crypto';

/** The identity of one phone. */
export interface PhoneNumber {
  readonly mac: string;
  readonly e164: string;
}

/** MACs of phones that exist nowhere: the prefix is locally administered. */
export const DEFAULT_MAC_PREFIX = '02:4F:44';

const LAST_BITS = 0x1_00_00_00;

/** Gives every phone of a run an identity that no other run has, as far as chance allows. */
export class PhoneNumbers {
  #next = randomInt(LAST_BITS);

  constructor(private readonly macPrefix = DEFAULT_MAC_PREFIX) {}

  next(): PhoneNumber {
    const number = this.#next++ % LAST_BITS;
    const digits = number.toString(16).toUpperCase().padStart(6, '0');
    const mac = `${this.macPrefix}:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
    return { mac, e164: `4989${String(number).padStart(8, '0')}` };
  }
}
