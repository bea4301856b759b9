import { hash } from 'node:crypto';

const CONTACT_ID_LENGTH = 22;

/**
 * The id of the contact that a message opens. A phone that repeats its message (after `overload`, or because the answer was
 * lost) is in the same contact, at whichever gateway.
 */
export function contactIdOf(deviceId: string, reason: string, nonce: string): string {
  return hash('sha256', `${deviceId}\n${reason}\n${nonce}`, 'base64url').slice(0, CONTACT_ID_LENGTH);
}
