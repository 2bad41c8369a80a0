// Many callers that want to see the same thing at the same time cost two looks: whoever comes while
// somebody is looking shares the next look with all others who do, so that nobody is told what was
// true before they asked.

/** One look for all who come while another is under way. */
export class SharedLook<T> {
  readonly #looks = new Map<string, { now: Promise<T>; next?: Promise<T> }>();

  take(key: string, look: () => Promise<T>): Promise<T> {
    const running = this.#looks.get(key);
    if (!running) return this.start(key, look);
    const again = () => this.start(key, look);
    return (running.next ??= running.now.then(again, again));
  }

  private start(key: string, look: () => Promise<T>): Promise<T> {
    const started: { now: Promise<T>; next?: Promise<T> } = { now: look() };
    this.#looks.set(key, started);
    const ended = () => {
      if (!started.next) this.#looks.delete(key);
    };
    started.now.then(ended, ended);
    return started.now;
  }
}
