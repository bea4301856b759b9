import type { StoredContents } from '@opendls/config-policy';
import { FileSourceError, type FileSource } from '@opendls/gateway';

/** The file store of this process as gateways take it. */
export function storedFiles(contents: StoredContents): FileSource {
  return {
    open: async (_token, { sha256 }) => {
      const content = await contents.open(sha256).catch((error: unknown) => {
        throw new FileSourceError('unavailable', 'the file store does not answer', { cause: error });
      });
      if (content === undefined) throw new FileSourceError('gone', 'the file store has no such content');
      return content;
    },
  };
}
