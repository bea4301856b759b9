import { isDeepStrictEqual } from 'node:util';

/** A map that knows whether anything in it became different from what it was loaded with. */
export class TrackedMap<Value> extends Map<string, Value> {
  private isLoaded = false;
  private hasChanged = false;

  constructor(entries: Iterable<readonly [string, Value]>) {
    super();
    for (const [key, value] of entries) this.set(key, value);
    this.isLoaded = true;
    this.hasChanged = false;
  }

  get isChanged(): boolean {
    return this.hasChanged;
  }

  override set(key: string, value: Value): this {
    if (this.isLoaded && !this.hasChanged) this.hasChanged = !this.has(key) || !isDeepStrictEqual(this.get(key), value);
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    const existed = super.delete(key);
    if (existed) this.hasChanged = true;
    return existed;
  }
}

/** Whether a map is another one than was loaded, or has other content. */
export function isChanged(map: ReadonlyMap<string, unknown>): boolean {
  return !(map instanceof TrackedMap) || map.isChanged;
}
