import { encodeDlsMessage, type DlsMessage } from '@opendls/dls-codec';

/** Needs no escaping, and is what phones send (PROTOCOL 2.3). */
const PLAIN_NONCE = /^[A-Za-z0-9]{1,256}$/;
const STAND_IN = 'N0NCEG0ESHERE';

/**
 * Encodes answers. Most are one of a few messages that differ in nothing but the nonce: those are encoded once, around the
 * place of the nonce.
 */
export class AnswerEncoder {
  private readonly frames = new Map<string, readonly [string, string]>();

  /** `legacyEntities`: the phone does not decode XML's own entities. The few messages have none. */
  encode(message: DlsMessage, legacyEntities = false): string {
    if (!isOneOfFew(message) || !PLAIN_NONCE.test(message.nonce)) return encodeDlsMessage(message, { legacyEntities });
    const key = `${message.action} ${message.items?.[0]?.name ?? ''}`;
    let frame = this.frames.get(key);
    if (frame === undefined) {
      const [before = '', after = ''] = encodeDlsMessage({ ...message, nonce: STAND_IN }).split(STAND_IN);
      frame = [before, after];
      this.frames.set(key, frame);
    }
    return frame[0] + message.nonce + frame[1];
  }
}

/** Without items, or a `CleanUp`, whose items are ours: `send-solicited` = true, `cleanup-reason` = overload. */
function isOneOfFew({ action, items }: DlsMessage): boolean {
  return items === undefined || (action === 'CleanUp' && items.length === 1);
}
