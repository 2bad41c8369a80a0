// Time that moves only when a test says so, pauses with it.
import { FakeRuntime } from './parts.js';

/** Lets everything happen that waits for promises alone. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
}

/** As `FakeRuntime`, but a pause lasts until the clock has passed its end. */
export class HandClock extends FakeRuntime {
  #pending: { at: number; wake: () => void }[] = [];

  /** How many pauses have not ended. */
  get waiting(): number {
    return this.#pending.length;
  }

  override sleep = (ms: number): Promise<void> => {
    this.pauses.push(ms);
    return new Promise((wake) => this.#pending.push({ at: this.time + ms, wake }));
  };

  /** Every pause ends at its own time, and what it held up goes on before the next one ends. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    for (;;) {
      await settle();
      const due = this.#pending.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      const [first] = due;
      if (!first) break;
      this.#pending = this.#pending.filter((one) => one !== first);
      this.time = Math.max(this.time, first.at);
      first.wake();
    }
    this.time = until;
    await settle();
  }
}
