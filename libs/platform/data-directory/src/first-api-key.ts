import { createApiKey, listApiKeys } from '@opendls/http';
import { writeFileAtomically } from './files.js';

/**
 * Makes the first admin key of an installation and writes it in clear to `keyFile` (0600). Does nothing when there is any
 * key already, also when the clear text was removed from disk, as it should be in production.
 *
 * @returns the key's text when it was made now
 */
export async function ensureFirstApiKey(files: {
  readonly apiKeysFile: string;
  readonly firstApiKeyFile: string;
}): Promise<string | undefined> {
  if (listApiKeys(files.apiKeysFile).length > 0) return undefined;
  const { text } = await createApiKey(files.apiKeysFile, { name: 'first admin key', role: 'admin' });
  await writeFileAtomically(files.firstApiKeyFile, `${text}\n`, 0o600);
  return text;
}
