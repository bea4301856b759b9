import type { ItemToWrite } from '@opendls/event-contracts';
import { isSecretItem, itemKey, validateItem } from '@opendls/item-catalog';
import { z } from 'zod';
import { isReservedItem, reservedItemMessage } from '../../security/domain/reserved-items.js';
import { itemIndexSchema, itemNameSchema } from './order-items.js';
import type { OrderKind, OrderProblem } from './order-kind.js';

const MAX_LENGTH = 65_536;
const DER_SEQUENCE = 0x30;

const schema = z
  .strictObject({
    item: itemNameSchema.describe('Such as `wbm-server-certificate`'),
    index: itemIndexSchema,
    pkcs12: z
      .string()
      .min(1)
      .max(MAX_LENGTH)
      .optional()
      .describe('Base64 of a PKCS#12 with an empty passphrase: how one would get to the phone is not known'),
    pem: z.string().min(1).max(MAX_LENGTH).optional().describe('A certificate (authority) as PEM, without private key'),
  })
  .refine((body) => (body.pkcs12 === undefined) !== (body.pem === undefined), { error: 'needs either pkcs12 or pem' });

/** Writes a certificate, then reads what the phone says of it in `<item>-info` (PROTOCOL 4.11). */
export const certificate: OrderKind<z.output<typeof schema>> = {
  kind: 'certificate',
  schema,
  plan: async ({ item: name, index, pkcs12, pem }, context) => {
    if (isReservedItem(name)) {
      return { ok: false, problems: [{ path: 'item', code: 'reserved-item', message: reservedItemMessage(name) }] };
    }
    const value = (pkcs12 ?? pem ?? '').trim();
    const problems = [
      ...(pkcs12 === undefined ? pemProblems(value) : pkcs12Problems(value)),
      ...identityProblems(name, index, value),
    ];
    if (problems.length > 0) return { ok: false, problems };
    const at = index === undefined ? { name } : { name, index };
    const isSecret = pkcs12 !== undefined || isSecretItem(name);
    const item: ItemToWrite = isSecret
      ? { ...at, sealed: context.seal(value, itemKey(name, index)) }
      : { ...at, value };
    return {
      ok: true,
      order: {
        steps: [
          { kind: 'write-items', items: [item] },
          { kind: 'read-items', items: [{ ...at, name: `${name}-info` }] },
        ],
        parameters: {
          item: name,
          ...(index === undefined ? {} : { index }),
          form: pkcs12 === undefined ? 'pem' : 'pkcs12',
        },
      },
    };
  },
};

function pkcs12Problems(text: string): OrderProblem[] {
  const isBase64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text);
  const bytes = Buffer.from(text, 'base64');
  if (isBase64 && bytes[0] === DER_SEQUENCE) return [];
  return [{ path: 'pkcs12', code: 'bad-format', message: 'is not the Base64 of a PKCS#12' }];
}

function pemProblems(text: string): OrderProblem[] {
  if (text.includes('PRIVATE KEY')) {
    return [{ path: 'pem', code: 'bad-format', message: 'has a private key; send key and certificate as pkcs12' }];
  }
  if (/^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]+-----END/.test(text)) return [];
  return [{ path: 'pem', code: 'bad-format', message: 'is not a certificate in PEM form' }];
}

/** Only what is about the item: its value was checked already. */
function identityProblems(name: string, index: number | undefined, value: string): OrderProblem[] {
  return validateItem({ name, index, value })
    .filter(({ severity, code }) => severity === 'error' && (code.startsWith('index-') || code === 'read-only'))
    .map(({ code, message }) => ({ path: code.startsWith('index-') ? 'index' : 'item', code, message }));
}
