// A Map that forgets its oldest entries, so that a mock left running for weeks, or under a load
// test, does not grow without end.

/** A map that forgets its oldest entries. */
export class BoundedMap<V> extends Map<string, V> {
  constructor(private readonly limit = 50_000) {
    super();
  }

  override set(key: string, value: V): this {
    super.set(key, value);
    if (this.size > this.limit) this.delete(this.keys().next().value!);
    return this;
  }
}
