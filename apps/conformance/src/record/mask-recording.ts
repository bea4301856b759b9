import { isSecretItem } from '@opendls/item-catalog';
import type { Headers, RecordedExchange } from './recording.js';

/** What stands for a value that is not to be shown. */
export const MASK = '***';

// Beyond what the catalogue and its rule of names call secret: what phones and services send as Base64 of keys or of
// people's data (PROTOCOL 4.11, 4.12, 7.2), and what leads to a file server.
const BLOB = /certificate(?!.*-info)|^userdata-|secure-mode-data|pkcs|private-key|^file-username$/i;
const BASE64 = /^[A-Za-z0-9+/\s]{200,}={0,2}\s*$/;

/** Masks secrets and cookies, the latter so that one cookie can still be told from another. */
export class Masking {
  readonly #cookies = new Map<string, string>();

  exchange(exchange: RecordedExchange): RecordedExchange {
    const { request, response } = exchange;
    return {
      ...exchange,
      request: { ...request, headers: this.#headers(request.headers), xml: maskXml(request.xml) },
      response: { ...response, headers: this.#headers(response.headers), xml: maskXml(response.xml) },
    };
  }

  #headers(headers: Headers): Headers {
    return headers.map(([name, value]) => {
      if (/^(authorization|proxy-authorization)$/i.test(name)) return [name, MASK];
      return /^(set-)?cookie$/i.test(name) ? [name, this.#cookie(value)] : [name, value];
    });
  }

  #cookie(header: string): string {
    return header.replace(/^(\s*[^=;]+=)([^;]*)/, (_whole, name: string, value: string) => {
      const known = this.#cookies.get(value) ?? `COOKIE-${this.#cookies.size + 1}`;
      this.#cookies.set(value, known);
      return name + known;
    });
  }
}

/** The document with the values of secret items replaced. */
export function maskXml(xml: string): string {
  return xml.replace(
    /(<(?:\w+:)?Item\b[^>]*[^>/]>)((?:[^<]|<!\[CDATA\[[\s\S]*?\]\]>)+)/g,
    (whole: string, tag: string, value: string) => (value.trim() !== '' && isSecret(tag, value) ? tag + MASK : whole),
  );
}

function isSecret(tag: string, value: string): boolean {
  const match = /\bname\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(tag);
  const name = match?.[1] ?? match?.[2] ?? '';
  return isSecretItem(name) || BLOB.test(name) || BASE64.test(value);
}
