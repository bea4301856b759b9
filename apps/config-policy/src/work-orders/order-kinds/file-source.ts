import type { ItemToWrite } from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';
import { z } from 'zod';
import { openSecretRef, secretRefSchema, secretValueSchema, type Found } from './order-items.js';
import type { OrderContext, StoredFile } from './order-kind.js';

/** What no XML message can carry, and no path needs. */
const PLAIN = /^[^\p{Cc}\p{Cs}]+$/u;
const fileName = z.string().min(1).max(255).regex(PLAIN);

export const ftpSchema = z
  .strictObject({
    server: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[A-Za-z0-9.:_-]+$/)
      .describe('IP address or name'),
    port: z.int().min(1).max(65_535).default(21),
    username: z.string().max(128).regex(PLAIN).optional(),
    password: secretValueSchema.optional(),
    secretRef: secretRefSchema.optional(),
    path: z.string().max(255).regex(PLAIN).optional().describe('Directory'),
    name: fileName,
  })
  .refine((ftp) => ftp.password === undefined || ftp.secretRef === undefined, {
    error: 'takes either password or secretRef',
  });

/** Where a file is: in our store, on an FTP server, or behind an HTTPS URL. */
export const sourceFields = {
  name: fileName.optional().describe('File of the store'),
  ftp: ftpSchema.optional().describe('File of an FTP server'),
  url: z
    .url({ protocol: /^https$/ })
    .max(2_000)
    .optional()
    .describe('Complete HTTPS URL of the file'),
};
export type SourceInput = z.output<z.ZodObject<typeof sourceFields>>;

export function hasOneSource({ name, ftp, url }: SourceInput): boolean {
  return [name, ftp, url].filter((one) => one !== undefined).length === 1;
}

export const ONE_SOURCE = { error: 'needs exactly one of name, ftp and url' };

export interface FileSource {
  readonly items: readonly ItemToWrite[];
  readonly fileName: string;
  /** Of the store. */
  readonly stored?: StoredFile;
  /** How the API shows it; no secrets. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** The items that tell a phone where to get a file (PROTOCOL 3.4). */
export async function resolveSource(
  { name, ftp, url }: SourceInput,
  index: number | undefined,
  path: string,
  context: OrderContext,
): Promise<Found<FileSource>> {
  const at = index === undefined ? {} : { index };
  if (ftp !== undefined) return resolveFtp(ftp, index, `${path}ftp`, context);
  if (url !== undefined) {
    const name = 'file-https-base-url';
    // Passwords and tokens are in what the API does not show of a URL; then all of it is for the phone alone.
    const item: ItemToWrite =
      url === withoutCredentials(url)
        ? { name, ...at, value: url }
        : { name, ...at, sealed: context.seal(url, itemKey(name, index)) };
    const items = [item];
    return { ok: true, value: { items, fileName: nameInUrl(url), shown: { url: withoutCredentials(url) } } };
  }
  const stored = await context.findFile(name ?? '');
  if (stored === undefined) {
    const message = 'there is no file with this name in the store';
    return { ok: false, problem: { path: `${path}name`, code: 'file-not-found', message } };
  }
  const file = { sha256: stored.sha256, fileName: stored.name, sizeBytes: stored.sizeBytes };
  const items = [{ name: 'file-https-base-url', ...at, file }];
  return {
    ok: true,
    value: { items, fileName: stored.name, stored, shown: { name: stored.name, sha256: stored.sha256 } },
  };
}

async function resolveFtp(
  { server, port, username, password, secretRef, path: directory, name }: z.output<typeof ftpSchema>,
  index: number | undefined,
  path: string,
  context: OrderContext,
): Promise<Found<FileSource>> {
  const opened: Found<string | undefined> =
    secretRef === undefined
      ? { ok: true, value: password }
      : await openSecretRef(secretRef, `${path}.secretRef`, context);
  if (!opened.ok) return opened;
  const at = index === undefined ? {} : { index };
  const items: ItemToWrite[] = [
    { name: 'file-server', ...at, value: server },
    { name: 'file-port', ...at, value: String(port) },
  ];
  if (username !== undefined) items.push({ name: 'file-username', ...at, value: username });
  if (opened.value !== undefined) {
    items.push({ name: 'file-pwd', ...at, sealed: context.seal(opened.value, itemKey('file-pwd', index)) });
  }
  if (directory !== undefined) items.push({ name: 'file-path', ...at, value: directory });
  items.push({ name: 'file-name', ...at, value: name });
  const shown = { ftp: { server, port, username, path: directory, name } };
  return { ok: true, value: { items, fileName: name, shown } };
}

function nameInUrl(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    // Not percent-encoded UTF-8: the one thing decodeURIComponent throws for.
    return last;
  }
}

/** Whoever puts a password or a token into a URL shall not find it in answers. */
function withoutCredentials(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
