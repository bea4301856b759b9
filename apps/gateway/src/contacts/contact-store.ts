import type { Memory } from './choose-point.js';
import type { HeldOrder } from './held-order.js';

/** What a gateway remembers of a contact it answered last. Forgetting it costs a question, never the contact. */
export interface OpenContact extends Memory {
  /** Absent when another gateway got it, or when it was dropped to save memory. */
  readonly order?: HeldOrder;
  /** Monotonic clock; undefined when another gateway opened the contact. */
  readonly openedAtMs: number | undefined;
  readonly touchedAtMs: number;
}

export interface ContactStoreLimits {
  readonly maxContacts: number;
  readonly maxOrderBytes: number;
  readonly expiryMs: number;
  /** For phones that are loading a file: nothing is heard of them until they are done (PROTOCOL 4.8). */
  readonly deploymentExpiryMs: number;
}

/** Open contacts by phone, least recently touched first. Bounded in number and in the memory of their orders. */
export class ContactStore {
  private readonly contacts = new Map<string, OpenContact>();
  /** Phones whose order is held, least recently touched first. */
  private readonly withOrder = new Set<string>();
  private orderBytes = 0;

  constructor(private readonly limits: ContactStoreLimits) {}

  get size(): number {
    return this.contacts.size;
  }

  get heldOrderBytes(): number {
    return this.orderBytes;
  }

  get(deviceId: string): OpenContact | undefined {
    return this.contacts.get(deviceId);
  }

  /** Keeps a contact; gives back the ones that had to go for it. */
  put(deviceId: string, contact: OpenContact): readonly OpenContact[] {
    this.remove(deviceId);
    this.contacts.set(deviceId, contact);
    if (contact.order !== undefined) {
      this.withOrder.add(deviceId);
      this.orderBytes += contact.order.bytes;
    }
    this.dropOrders();
    return this.contacts.size > this.limits.maxContacts ? this.takeOldest() : [];
  }

  remove(deviceId: string): void {
    const contact = this.contacts.get(deviceId);
    if (contact === undefined) return;
    this.contacts.delete(deviceId);
    if (this.withOrder.delete(deviceId)) this.orderBytes -= contact.order?.bytes ?? 0;
  }

  /** Takes out what was not touched for the expiry time. */
  takeExpired(nowMs: number): readonly OpenContact[] {
    const { expiryMs, deploymentExpiryMs } = this.limits;
    const taken: OpenContact[] = [];
    for (const [deviceId, contact] of this.contacts) {
      const untouchedMs = nowMs - contact.touchedAtMs;
      // Least recently touched first, so nothing behind this one has expired either.
      if (untouchedMs < Math.min(expiryMs, deploymentExpiryMs)) break;
      if (untouchedMs < (isLoading(contact) ? deploymentExpiryMs : expiryMs)) continue;
      taken.push(contact);
      this.remove(deviceId);
    }
    return taken;
  }

  private takeOldest(): readonly OpenContact[] {
    for (const [deviceId, contact] of this.contacts) {
      this.remove(deviceId);
      return [contact];
    }
    return [];
  }

  private dropOrders(): void {
    for (const deviceId of this.withOrder) {
      if (this.orderBytes <= this.limits.maxOrderBytes) return;
      const contact = this.contacts.get(deviceId);
      this.withOrder.delete(deviceId);
      if (contact === undefined) continue;
      this.orderBytes -= contact.order?.bytes ?? 0;
      // Same key: the place in the order of touching stays.
      this.contacts.set(deviceId, { ...contact, order: undefined });
    }
  }
}

function isLoading({ point }: OpenContact): boolean {
  return point.position.kind === 'file-deployment';
}
