import { randomUUID } from 'node:crypto';
import type { OutgoingRecord } from '@opendls/event-bus';
import type { DeviceId } from '@opendls/event-contracts';
import type { Outbox, Tx, UnitOfWork } from '@opendls/postgres';
import type { DeviceMessages } from '../devices/device-messages.js';
import { DeviceWorkspace, type DeviceChange, type WorkspaceParts } from '../devices/device-workspace.js';
import type { ConfigPolicyMetrics } from '../metrics.js';
import { ContactRate } from './contact-rate.js';
import { MAX_URI_LENGTH, REQUEST_TTL_MS, requestSent } from './domain/contact-plan.js';

const BATCH = 250;

/** Asks phones to come whose time it is (PROTOCOL 8.1), as many as the common rate allows. Every replica may run it. */
export class WakeDevices {
  private readonly rate: ContactRate;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
    private readonly parts: WorkspaceParts,
    private readonly messages: DeviceMessages,
    private readonly metrics: ConfigPolicyMetrics,
  ) {
    this.rate = new ContactRate(parts.settings.contactRatePerSecond);
  }

  /** One round. Stops early when aborted. */
  async execute(signal: AbortSignal): Promise<void> {
    if (!this.parts.settings.contactPhones) return;
    let count = BATCH;
    while (count === BATCH && !signal.aborted) {
      count = await this.unitOfWork.run((tx) => this.wakeDue(tx));
    }
  }

  private async wakeDue(tx: Tx): Promise<number> {
    const { devices, clock } = this.parts;
    const now = clock();
    // Most of the time nobody is to be woken: the row that all replicas share is left alone then.
    if (!(await devices.hasDueContacts(tx, now))) return 0;
    const limit = Math.min(BATCH, await this.rate.available(tx, now));
    if (limit === 0) return 0;
    const due = await devices.findDueContacts(tx, now, limit);
    const workspace = await DeviceWorkspace.open(this.parts, tx, await devices.lockFree(tx, due));
    const records = workspace.all().flatMap((change) => this.request(change));
    await workspace.save(tx);
    await this.rate.take(tx, records.length);
    await this.outbox.append(tx, [...records, ...workspace.all().flatMap((change) => this.messages.news(change))]);
    this.metrics.contactRequests.inc(records.length);
    return due.length;
  }

  /** Looks once more whether there is work; time has passed since it was planned. */
  private request({ device }: DeviceChange): OutgoingRecord[] {
    const { state } = device;
    // Read after the workspace was opened, whose "now" is the time of work that waits already.
    const now = this.parts.clock();
    const { contactMeUri } = state.facts;
    const { from } = device.pendingWork();
    if (contactMeUri === null || contactMeUri.length > MAX_URI_LENGTH || from === null || from > now) return [];
    const requestId = randomUUID();
    state.waking = requestSent(state.waking, requestId, now);
    return [
      this.messages.contactRequest({
        requestId,
        // The id is one of ours, made by the contract's own parser when the event was read.
        deviceId: state.deviceId as DeviceId,
        contactMeUri,
        attempt: state.waking.attempts,
        expiresAt: new Date(now.getTime() + REQUEST_TTL_MS).toISOString(),
      }),
    ];
  }
}
