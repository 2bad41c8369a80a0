// What the client finds out about a call that failed, for the transport that may repeat it.

/** One sending of a call. It travels in axios' config under `sending`. */
export class Sending {
  #end: 'unsent' | 'stale' | 'unknown' | undefined;
  #stop: (() => void) | undefined;

  /** @param fresh on a connection that no call used before */
  constructor(readonly fresh = false) {}

  /** No byte of the call left this host, for certain. */
  get unsent(): boolean {
    return this.#end === 'unsent';
  }

  /**
   * The connection was a kept one and broke without a byte of an answer: most likely it was dead.
   */
  get stale(): boolean {
    return this.#end === 'stale';
  }

  /** Ends it where it is. */
  stop(): void {
    this.#stop?.();
  }

  /** @param stop what ends it */
  began(stop: () => void): void {
    this.#stop = stop;
  }

  /** Of a call that an interceptor sends twice nothing is certain. */
  failed(how: 'unsent' | 'stale' | 'unknown'): void {
    this.#end = this.#end === undefined ? how : 'unknown';
  }
}
