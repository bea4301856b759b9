export interface DownloadLimits {
  readonly total: number;
  readonly perAddress: number;
  readonly perPhone: number;
}

/** Counts the downloads in progress: in all, per address, per phone. */
export class DownloadSlots {
  private count = 0;
  private readonly byAddress = new Map<string, number>();
  private readonly byPhone = new Map<string, number>();

  constructor(private readonly limits: DownloadLimits) {}

  get inUse(): number {
    return this.count;
  }

  /** Takes a slot; returns how to give it back (once or more often), or undefined when there is none. */
  take(address: string, deviceId: string): (() => void) | undefined {
    const { total, perAddress, perPhone } = this.limits;
    if (this.count >= total) return undefined;
    if ((this.byAddress.get(address) ?? 0) >= perAddress) return undefined;
    if ((this.byPhone.get(deviceId) ?? 0) >= perPhone) return undefined;
    this.count++;
    add(this.byAddress, address, 1);
    add(this.byPhone, deviceId, 1);
    let isMine = true;
    return () => {
      if (!isMine) return;
      isMine = false;
      this.count--;
      add(this.byAddress, address, -1);
      add(this.byPhone, deviceId, -1);
    };
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
