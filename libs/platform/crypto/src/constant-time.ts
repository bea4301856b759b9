import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares two texts in a time that depends neither on where they differ nor on whether their lengths do. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
