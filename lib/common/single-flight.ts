// Callers that want the same thing at the same time share one piece of work.

/** Single flight: one piece of work at a time for each key. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /**
   * Runs `work`, or joins the run for the same key that is under way. Keeps nothing once it has
   * ended.
   */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#flights.get(key);
    if (running) return running;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}
