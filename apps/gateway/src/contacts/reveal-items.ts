import { CryptoError, open, type SealingKeys } from '@opendls/crypto/sealing';
import type { Settings } from '@opendls/dls-interaction';
import { sealContext } from '@opendls/event-contracts';
import { itemKey } from '@opendls/item-catalog';
import type { Logger } from '@opendls/logging';
import type { FileUrls } from '../files/file-urls.js';

/** Makes the readable text of items, only while a message is built of them. */
export class ItemRevealer {
  constructor(
    private readonly sealingKeys: SealingKeys,
    private readonly fileUrls: Pick<FileUrls, 'urlOf'>,
    private readonly logger: Logger,
  ) {}

  /** `host` is where the phone reached this gateway, as it says. */
  for(deviceId: string, host: string | undefined): Settings['reveal'] {
    return ({ name, index, value, isSealed, file }) => {
      if (file !== undefined) return this.urlOf(itemKey(name, index), file, deviceId, host);
      if (isSealed !== true) return value;
      const key = itemKey(name, index);
      try {
        return open(this.sealingKeys, value, sealContext(deviceId, key));
      } catch (error) {
        if (!(error instanceof CryptoError)) throw error;
        this.logger.error({ deviceId, item: key, code: error.code }, 'sealed value cannot be opened');
        return undefined;
      }
    };
  }

  private urlOf(
    item: string,
    file: Parameters<FileUrls['urlOf']>[0],
    deviceId: string,
    host: string | undefined,
  ): string | undefined {
    const url = this.fileUrls.urlOf(file, deviceId, host);
    if (url === undefined) this.logger.error({ deviceId, item }, 'not known where the phone reaches this gateway');
    return url;
  }
}
