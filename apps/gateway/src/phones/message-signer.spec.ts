import { generateKeyPairSync } from 'node:crypto';
import { decodeMessage, encodeDlsMessage, type DlsMessage, type Item } from '@opendls/dls-codec';
import { cleanUp } from '@opendls/dls-interaction';
import fc from 'fast-check';
import { signatureProblem } from '../../test/verify-signature.js';
import { AnswerEncoder } from './answer-encoder.js';
import { MessageSigner, SIGNATURE_BYTES } from './message-signer.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
const signer = new MessageSigner(privateKey);

function writing(items: readonly Item[], nonce = '5A1E88C04B9D4D72'): DlsMessage {
  return { kind: 'dls', nonce, action: 'WriteItems', items };
}

async function signed(message: DlsMessage, legacyEntities = false): Promise<string> {
  return signer.sign(encodeDlsMessage(message, { legacyEntities }));
}

describe('MessageSigner', () => {
  it('writes the form of the vendor: no KeyInfo, no transforms, the message canonical', async () => {
    const document = await signed(writing([{ name: 'e164', index: 1, value: '' }]));
    const base64 = '[A-Za-z0-9+/]+=*';
    const [before, after] = document.split(/(?<=<DigestValue>).*(?=<\/DigestValue>)/).map(String);
    expect(before).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>' +
        '<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></CanonicalizationMethod>' +
        '<SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"></SignatureMethod>' +
        '<Reference URI="#DLSMessage"><DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"></DigestMethod>' +
        '<DigestValue>',
    );
    expect(after?.replace(new RegExp(`(?<=<SignatureValue>)${base64}`), '-')).toBe(
      '</DigestValue></Reference></SignedInfo><SignatureValue>-</SignatureValue><Object Id="DLSMessage">' +
        '<DLSMessage xmlns="http://www.siemens.com/DLS" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
        'xsi:schemaLocation="http://www.siemens.com/DLS"><Message nonce="5A1E88C04B9D4D72"><Action>WriteItems</Action>' +
        '<ItemList><Item index="1" name="e164"></Item></ItemList></Message></DLSMessage></Object></Signature>',
    );
  });

  it('signs what a receiver verifies and decodes, whatever the values are', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.string({ unit: fc.constantFrom(...'<>&"\'; \n\r\t]-#x0aü\u0085\u{1f4de}'), maxLength: 30 }),
    );
    const item = fc.record(
      {
        name: text.map((rest) => `n${rest}`),
        value: text,
        index: fc.nat(3),
        statusText: text.map((rest) => `s${rest}`),
      },
      { requiredKeys: ['name', 'value'] },
    );
    const itemOf = ({ statusText, ...plain }: { name: string; value: string; statusText?: string }): Item =>
      statusText === undefined ? plain : { ...plain, status: 'undefined status', statusText };
    const nonce = text.map((rest) => `n${rest}`);
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 8 }), nonce, fc.boolean(), async (items, nonceText, legacy) => {
        const message = writing(items.map(itemOf), nonceText);
        const document = await signed(message, legacy);
        expect(signatureProblem(document, publicKey)).toBeUndefined();
        const plain = encodeDlsMessage(message, { legacyEntities: legacy });
        expect(decodeMessage(Buffer.from(document))).toEqual(decodeMessage(Buffer.from(plain)));
      }),
    );
  });

  it('makes a signature that does not fit another content, nonce or key', async () => {
    const document = await signed(writing([{ name: 'e164', value: '4989' }], 'A1B2'));
    expect(signatureProblem(document.replace('4989', '4988'), publicKey)).toBe('the digest is wrong');
    expect(signatureProblem(document.replace('A1B2', 'A1B3'), publicKey)).toBe('the digest is wrong');
    const other = await signed(writing([{ name: 'e164', value: '4988' }], 'A1B2'));
    const info = /<SignedInfo>.*<\/SignedInfo>/;
    const exchanged = document.replace(info, other.match(info)?.[0] ?? '').replace('4989', '4988');
    expect(signatureProblem(exchanged, publicKey)).toBe('the signature is wrong');
    const stranger = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
    expect(signatureProblem(document, stranger)).toBe('the signature is wrong');
  });

  it('signs each nonce of messages that are encoded but once', async () => {
    const encoder = new AnswerEncoder();
    for (const nonce of ['3C90E1B7', '7B20', '3C90E1B7', 'x"<>&']) {
      const document = await signer.sign(encoder.encode(cleanUp(nonce, { isSolicited: true })));
      expect(signatureProblem(document, publicKey)).toBeUndefined();
      expect(decodeMessage(Buffer.from(document))).toMatchObject({ ok: true, message: { nonce } });
    }
  });

  it('adds no more than the room that is kept for it, with the largest key', async () => {
    const large = new MessageSigner(generateKeyPairSync('rsa', { modulusLength: 4_096 }).privateKey);
    const plain = encodeDlsMessage(writing([{ name: 'e164', value: '1' }]));
    expect((await large.sign(plain)).length - plain.length).toBeLessThanOrEqual(SIGNATURE_BYTES);
  });

  it.each([
    ['a comment', '<A><!-- b --></A>'],
    ['CDATA', '<A><![CDATA[b]]></A>'],
    ['an instruction', '<A><?b?></A>'],
    ['a namespace inside', '<A><B xmlns="urn:b"></B></A>'],
    ['an unknown reference', '<A>&b;</A>'],
    ['half a reference', '<A b="&amp"></A>'],
    ['single quotes', "<A b='c'></A>"],
    ['text after the message', '<A></A>b'],
    ['no element', 'b'],
  ])('refuses to sign %s, which the codec does not write', async (_what, document) => {
    await expect(signer.sign(document)).rejects.toThrow();
  });
});
