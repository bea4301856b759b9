import type { EventBus } from '../event-bus.js';

/** The buses a harness opened, so that it can close them; a crashed one is not closed again. */
export class BusSet<B extends EventBus & { abandon(): Promise<void> }> {
  readonly #open = new Set<B>();

  add(bus: B): B {
    this.#open.add(bus);
    return bus;
  }

  async crash(bus: EventBus): Promise<void> {
    for (const one of this.#open) {
      if (one !== bus) continue;
      this.#open.delete(one);
      await one.abandon();
    }
  }

  [Symbol.iterator](): Iterator<B> {
    return this.#open.values();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((bus) => bus.close()));
    this.#open.clear();
  }
}
