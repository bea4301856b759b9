import { itemKey } from '@opendls/item-catalog';

/** One setting as the phone keeps it. */
export interface StoredItem {
  readonly name: string;
  readonly index?: number;
  readonly value: string;
}

/** Settings of a phone as it leaves the factory, by item key; shared by all phones of a fleet. */
export type FactoryItems = ReadonlyMap<string, StoredItem>;

/**
 * The settings of one phone: factory settings plus what has changed since. Immutable; a change makes a new value, which
 * costs little because the factory settings are shared and changes are few.
 */
export class PhoneItems {
  private constructor(
    private readonly factory: FactoryItems,
    /** null: removed. */
    private readonly changes: ReadonlyMap<string, StoredItem | null>,
  ) {}

  static fromFactory(factory: FactoryItems): PhoneItems {
    return new PhoneItems(factory, new Map());
  }

  get(name: string, index?: number): StoredItem | undefined {
    const key = itemKey(name, index);
    const change = this.changes.get(key);
    return change === null ? undefined : (change ?? this.factory.get(key));
  }

  /** All settings: the factory ones in their order, then the added ones in the order they came. */
  list(): StoredItem[] {
    const items: StoredItem[] = [];
    for (const [key, item] of this.factory) {
      const change = this.changes.get(key);
      if (change !== null) items.push(change ?? item);
    }
    for (const [key, change] of this.changes) {
      if (change !== null && !this.factory.has(key)) items.push(change);
    }
    return items;
  }

  /** All instances of an item, whatever their index. */
  instances(name: string): StoredItem[] {
    return this.list().filter((item) => item.name === name);
  }

  hasName(name: string): boolean {
    for (const item of this.changes.values()) if (item?.name === name) return true;
    for (const item of this.factory.values()) if (item.name === name) return true;
    return false;
  }

  with(items: Iterable<StoredItem>): PhoneItems {
    const changes = new Map(this.changes);
    for (const item of items) changes.set(itemKey(item.name, item.index), item);
    return new PhoneItems(this.factory, changes);
  }

  without(isRemoved: (item: StoredItem) => boolean): PhoneItems {
    const changes = new Map(this.changes);
    for (const item of this.list()) {
      if (isRemoved(item)) changes.set(itemKey(item.name, item.index), null);
    }
    return new PhoneItems(this.factory, changes);
  }

  /** As it left the factory. */
  reset(): PhoneItems {
    return PhoneItems.fromFactory(this.factory);
  }
}
