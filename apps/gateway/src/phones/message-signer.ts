import { createHash, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { canonicalMessage } from './canonical-message.js';

const NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/**
 * Room for what a signature adds to a message, with keys of up to 4096 bits. The same for every key: lists are cut by it, and
 * all gateways have to cut alike, also while a key is being replaced.
 */
export const SIGNATURE_BYTES = 2_048;

const signWith = promisify<string, Buffer, KeyObject, Buffer>(sign);

/**
 * Wraps encoded messages in an enveloping XML signature, as the vendor's service did (PROTOCOL 2.4): RSA-SHA1 over Canonical
 * XML 1.0, without `KeyInfo`. The parts that are signed are sent in their canonical form. SHA-1 is what that form
 * prescribes; what protects a contact is TLS.
 */
export class MessageSigner {
  constructor(private readonly key: KeyObject) {}

  /** The signed document. The RSA operation does not hold up the event loop. */
  async sign(document: string): Promise<string> {
    const message = canonicalMessage(document);
    const content = `${message}</Object>`;
    // Standing alone, as they are digested, both elements show the namespace they inherit.
    const digest = createHash('sha1')
      .update(`<Object xmlns="${NAMESPACE}" Id="DLSMessage">${content}`)
      .digest('base64');
    const info = signedInfo(digest);
    const signature = await signWith('RSA-SHA1', Buffer.from(`<SignedInfo xmlns="${NAMESPACE}">${info}`), this.key);
    return (
      `${DECLARATION}<Signature xmlns="${NAMESPACE}"><SignedInfo>${info}` +
      `<SignatureValue>${signature.toString('base64')}</SignatureValue>` +
      `<Object Id="DLSMessage">${content}</Signature>`
    );
  }
}

function signedInfo(digest: string): string {
  return (
    '<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></CanonicalizationMethod>' +
    `<SignatureMethod Algorithm="${NAMESPACE}rsa-sha1"></SignatureMethod>` +
    '<Reference URI="#DLSMessage">' +
    `<DigestMethod Algorithm="${NAMESPACE}sha1"></DigestMethod>` +
    `<DigestValue>${digest}</DigestValue>` +
    '</Reference></SignedInfo>'
  );
}
