import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bounds open connections per address. The total is `server.maxConnections`. */
export class ConnectionLimits {
  private readonly perAddress = new Map<string, number>();
  private total = 0;

  constructor(private readonly maxPerAddress: number) {}

  get open(): number {
    return this.total;
  }

  /** False when the connection is one too many; it is closed then. */
  admit(socket: Duplex): boolean {
    const address = (socket instanceof Socket ? socket.remoteAddress : undefined) ?? '';
    const count = (this.perAddress.get(address) ?? 0) + 1;
    if (count > this.maxPerAddress) {
      socket.destroy();
      return false;
    }
    this.perAddress.set(address, count);
    this.total++;
    socket.once('close', () => this.release(address));
    return true;
  }

  private release(address: string): void {
    this.total--;
    const count = (this.perAddress.get(address) ?? 1) - 1;
    if (count > 0) this.perAddress.set(address, count);
    else this.perAddress.delete(address);
  }
}
