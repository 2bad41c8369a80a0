// Since when somebody follows an account, and by which code. Whether they do is `follower` of the
// person.
import { BoundedMap } from '../grants/bounded-map.js';
import type { MockClock } from '../mock-clock.js';

/** One follow. */
export interface Follow {
  /** In ms. */
  readonly at: number;
  /** Of the code that was scanned; undefined: followed some other way. */
  readonly scene?: string;
}

/** Who followed what how. */
export class Follows {
  readonly #follows = new BoundedMap<Follow>();
  readonly #start: number;

  constructor(private readonly clock: MockClock) {
    this.#start = clock.now();
  }

  /** Somebody follows by a code, now. */
  note(appId: string, userId: string, scene: string): void {
    this.#follows.set(`${appId} ${userId}`, { at: this.clock.now(), scene });
  }

  /** Who was a follower from the beginning has been one since the start of the server. */
  of(appId: string, userId: string): Follow {
    return this.#follows.get(`${appId} ${userId}`) ?? { at: this.#start };
  }
}
