// One at a time per key: makes a read followed by a write one step among the callers in this
// process.

/** One after the other for each key. */
export class Turns {
  /** The end of each key's queue. */
  private readonly last = new Map<string, Promise<unknown>>();

  /**
   * Runs when every earlier turn of the key is over; a failed one does not stop those behind it.
   */
  async take<T>(key: string, turn: () => Promise<T>): Promise<T> {
    const mine = (this.last.get(key) ?? Promise.resolve()).then(turn);
    const settled = mine.catch(() => undefined);
    this.last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.last.get(key) === settled) this.last.delete(key);
    }
  }
}
