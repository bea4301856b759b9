import type { WorkpointMessage } from '@opendls/dls-codec';
import { actionOf, type ResumePoint } from '@opendls/dls-interaction';

/** What the last message of a contact showed, to tell the next one from a repetition. */
export interface SeenMessage {
  /** Of the bytes of the message. */
  readonly digest: string;
  /** How often the phone said the same again, as far as could be told. */
  readonly repeats: number;
  /** The phone was seen to keep the first cookie of this contact. */
  readonly keepsCookie: boolean;
}

/** What a gateway remembers of a contact whose last message it answered. */
export interface Memory {
  readonly point: ResumePoint;
  readonly seen: SeenMessage;
}

/** Which message a phone answers, and what that shows of the phone. */
export interface Choice {
  readonly point: ResumePoint | undefined;
  readonly seen: SeenMessage;
}

/** An answer is lost now and then, hardly twice in a row. */
const MAX_REPEATS = 2;

/**
 * Which message a phone is answering: as its cookie says, or as this gateway remembers it. The cookie came with the action
 * that is being answered, so it is right, also when another gateway sent the action. Only a phone that keeps the first
 * cookie of an interaction (PROTOCOL 1.3 does not say that later ones count) brings an old one with a message that was not
 * answered yet. That shows in its nonce or, where nonces say nothing, in the action it names or in what it says.
 *
 * The counts never go back, so that an old cookie cannot hide a loop.
 */
export function choosePoint(
  cookie: ResumePoint | undefined,
  memory: Memory | undefined,
  message: WorkpointMessage,
  digest: string,
): Choice {
  const seen: SeenMessage = { digest, repeats: 0, keepsCookie: false };
  if (cookie === undefined || memory?.point.contact.contactId !== cookie.contact.contactId)
    return { point: cookie, seen };
  const { exchanges, actions } = memory.point.contact;
  if (exchanges <= cookie.contact.exchanges) return { point: cookie, seen };
  if (cookie.contact.exchanges === 1 && (memory.seen.keepsCookie || isNewMessage(cookie, memory, message, digest))) {
    return { point: memory.point, seen: { ...seen, keepsCookie: true } };
  }
  const point = { ...cookie, contact: { ...cookie.contact, exchanges, actions } };
  return { point, seen: { ...seen, repeats: memory.seen.repeats + 1 } };
}

function isNewMessage(
  cookie: ResumePoint,
  { point: { contact, position }, seen }: Memory,
  { nonce, action, reason }: WorkpointMessage,
  digest: string,
): boolean {
  const isExpected =
    reason === 'status'
      ? position.kind === 'file-deployment'
      : position.isFragmented || action === actionOf(position.kind);
  if (!isExpected) return false;
  if (contact.repeats === 'possible' && nonce !== contact.nonce) return true;
  // The fragments of one reply may share a nonce (PROTOCOL 5.2); other messages of this phone do not.
  if (contact.repeats === 'possible' && !position.isFragmented) return false;
  return position.kind !== cookie.position.kind || digest !== seen.digest || seen.repeats >= MAX_REPEATS;
}
