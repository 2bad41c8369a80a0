// How many calls to WeChat may be under way at once. Each takes a socket, and so does everybody who
// waits for one: without a bound a slow WeChat takes every descriptor, and no request gets in at
// all.

/** No turn came in time, or the line is full. */
export class SocketsBusy extends Error {}

/** A bound on the calls that are under way, and a queue before it. */
export class Sockets {
  private busy = 0;
  private readonly line = new Set<() => void>();

  /** @param limit at once; eight times as many may wait, none longer than its patience */
  constructor(private readonly limit: number) {}

  /**
   * @param patience how long the call may wait for its turn, in ms
   * @throws SocketsBusy, before anything was done
   */
  async run<T>(patience: number, use: () => Promise<T>): Promise<T> {
    if (this.busy < this.limit) this.busy++;
    else await this.turn(patience);
    try {
      return await use();
    } finally {
      const [next] = this.line;
      // The place is handed on, so that nobody slips in between.
      if (next) next();
      else this.busy--;
    }
  }

  private turn(patience: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (patience <= 0 || this.line.size >= this.limit * 8) return reject(new SocketsBusy());
      const begin = () => {
        this.line.delete(begin);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.line.delete(begin);
        reject(new SocketsBusy());
      }, patience);
      this.line.add(begin);
    });
  }
}
