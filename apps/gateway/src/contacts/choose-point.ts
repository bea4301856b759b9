import type { WorkpointMessage } from '@opendls/dls-codec';
import { actionOf, type ResumePoint } from '@opendls/dls-interaction';

/**
 * Which message a phone is answering: as its cookie says, or as this gateway remembers it. The cookie came with the action
 * that is being answered, so it is right, also when another gateway sent the action. Only a phone that keeps the first
 * cookie of an interaction (PROTOCOL 1.3 does not say that later ones count) brings an old one with a message that was not
 * answered yet, which shows in its nonce or, where nonces say nothing, in the action it names.
 *
 * The counts never go back, so that an old cookie cannot hide a loop.
 */
export function choosePoint(
  cookie: ResumePoint | undefined,
  memory: ResumePoint | undefined,
  message: WorkpointMessage,
): ResumePoint | undefined {
  if (cookie === undefined || memory?.contact.contactId !== cookie.contact.contactId) return cookie;
  if (memory.contact.exchanges <= cookie.contact.exchanges) return cookie;
  if (cookie.contact.exchanges === 1 && isNewMessage(cookie, memory, message)) return memory;
  const { exchanges, actions } = memory.contact;
  return { ...cookie, contact: { ...cookie.contact, exchanges, actions } };
}

function isNewMessage(cookie: ResumePoint, memory: ResumePoint, { nonce, action }: WorkpointMessage): boolean {
  const isExpected = memory.position.isFragmented || action === actionOf(memory.position.kind);
  if (memory.contact.repeats === 'possible') return isExpected && nonce !== memory.contact.nonce;
  return isExpected && memory.position.kind !== cookie.position.kind;
}
