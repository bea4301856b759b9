import { encodeDlsMessage, type DlsMessage } from '@opendls/dls-codec';
import { cleanUp, overload } from '@opendls/dls-interaction';
import { AnswerEncoder } from './answer-encoder.js';

describe('AnswerEncoder', () => {
  it('writes what the codec writes, whatever came before', () => {
    const encoder = new AnswerEncoder();
    const nonces = ['3C90E1B7F25A4D08', 'a&b', 'N0NCEG0ESHERE', 'x"<>', '$&', '7b20'];
    const messages = nonces.flatMap((nonce): DlsMessage[] => [
      cleanUp(nonce),
      overload(nonce),
      cleanUp(nonce, { isSolicited: true }),
      { kind: 'dls', nonce, action: 'ReadAllItems' },
      { kind: 'dls', nonce, action: 'GetNextFragment' },
      { kind: 'dls', nonce, action: 'WriteItems', items: [{ name: 'a', value: nonce }] },
      { kind: 'dls', nonce, action: 'WriteItems', items: [{ name: 'a', value: 'other' }] },
    ]);
    for (const message of [...messages, ...messages]) {
      for (const legacyEntities of [false, true]) {
        expect(encoder.encode(message, legacyEntities)).toBe(encodeDlsMessage(message, { legacyEntities }));
      }
    }
  });
});
