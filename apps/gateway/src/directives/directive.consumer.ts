import { DONE, type DeliveredRecord, type Outcome } from '@opendls/event-bus';
import { parseRecord } from '@opendls/event-contracts';
import type { Logger } from '@opendls/logging';
import type { DeviceDirectives } from './device-directives.js';

/**
 * Reads the directives of all phones from the beginning, every gateway for itself. A record that cannot be read is left
 * out and told: what was said of the phone before still holds.
 */
export class DirectiveConsumer {
  constructor(
    private readonly directives: DeviceDirectives,
    private readonly onInvalid: () => void,
    private readonly logger: Logger,
  ) {}

  readonly onBatch = async (records: readonly DeliveredRecord[]): Promise<readonly Outcome[]> =>
    records.map((record) => {
      this.take(record);
      return DONE;
    });

  private take(record: DeliveredRecord): void {
    if (record.value === null) return this.directives.remove(record.key);
    const parsed = parseRecord(record);
    if (parsed.kind === 'invalid') {
      this.logger.error({ code: parsed.code, detail: parsed.detail, deviceId: record.key }, 'unreadable directive');
      this.onInvalid();
    } else if (parsed.kind === 'event' && parsed.event.type === 'opendls.config-policy.device-directive-changed') {
      this.directives.set(parsed.event.data);
    }
  }
}
