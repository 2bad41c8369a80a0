// Counts what a store is asked, and how many of the questions are asked one after the other.
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';

/**
 * Answers only when nothing goes on without an answer, and then everything that was asked at once:
 * whatever takes n rounds waits for n round trips in a row. What is counted must wait for nothing
 * but promises and this store.
 */
export class CountingStore extends MemoryTokenStore {
  /** `<operation> <kind of entry>`, in the order of asking. */
  readonly asked: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #isCounting = false;

  override get = (key: string) => this.#answer('get', key, () => super.get(key));
  override set = (key: string, value: string, ttl: number) =>
    this.#answer('set', key, () => super.set(key, value, ttl));
  override setIfAbsent = (key: string, value: string, ttl: number) =>
    this.#answer('setIfAbsent', key, () => super.setIfAbsent(key, value, ttl));
  override replaceIfEqual = (key: string, old: string, value: string | undefined, ttl: number) =>
    this.#answer('replaceIfEqual', key, () => super.replaceIfEqual(key, old, value, ttl));

  /** How many rounds pass until `work` is done, and what was asked until nobody asked any more. */
  async count(work: () => Promise<unknown>): Promise<{ asked: string[]; rounds: number }> {
    this.asked.length = 0;
    this.#isCounting = true;
    let isDone = false;
    const done = work().finally(() => (isDone = true));
    // Shown by `await done` below; here it must not count as unhandled.
    done.catch(() => {});
    let rounds = 0;
    for (;;) {
      await turn();
      if (isDone) break;
      rounds += this.#waiting.length > 0 ? 1 : 0;
      this.#release();
    }
    // What nobody waits for.
    while (this.#waiting.length > 0) {
      this.#release();
      await turn();
    }
    this.#isCounting = false;
    await done;
    return { asked: [...this.asked], rounds };
  }

  #release(): void {
    for (const release of this.#waiting.splice(0)) release();
  }

  async #answer<T>(operation: string, key: string, go: () => Promise<T>): Promise<T> {
    if (this.#isCounting) {
      this.asked.push(`${operation} ${key.split(':')[2]}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return go();
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
