import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Knows the open connections and bounds them per address. The total is `server.maxConnections`. */
export class ConnectionLimits {
  private readonly perAddress = new Map<string, number>();
  private readonly sockets = new Set<Duplex>();

  constructor(private readonly maxPerAddress: number) {}

  get open(): number {
    return this.sockets.size;
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
    this.sockets.add(socket);
    socket.once('close', () => this.release(socket, address));
    return true;
  }

  /** Cuts every connection. */
  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private release(socket: Duplex, address: string): void {
    this.sockets.delete(socket);
    const count = (this.perAddress.get(address) ?? 1) - 1;
    if (count > 0) this.perAddress.set(address, count);
    else this.perAddress.delete(address);
  }
}
