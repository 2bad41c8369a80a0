// The only time the mock knows. Codes and tokens age by it, so a test can let thirty days pass in a
// line.
import { MockServerError } from './mock-server-error.js';

/** The clock of the mock. */
export class MockClock {
  #ahead = 0;

  constructor(private readonly base: () => number = Date.now) {}

  /** Milliseconds since 1970. */
  now(): number {
    return this.base() + this.#ahead;
  }

  /**
   * Moves the clock forward; running timers (`delayMs`) are not affected.
   * @param ms milliseconds, 0 or more
   * @throws MockServerError for anything else: time that runs backwards would make spent codes
   * young again
   */
  advance(ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) {
      throw new MockServerError(
        'clock.advance()',
        `got ${ms}`,
        'Give the milliseconds to move forward, 0 or more.',
      );
    }
    this.#ahead += ms;
  }
}
