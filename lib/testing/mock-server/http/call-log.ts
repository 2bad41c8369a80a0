// The requests the server got, for tests to look at.
import { headerOf, type MockRequest } from './mock-http.js';
import type { MockCall } from '../mock-server.types.js';

const LIMIT = 10_000;

interface Waiter {
  readonly path: string;
  readonly count: number;
  resolve(calls: readonly MockCall[]): void;
  reject(error: Error): void;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The requests that came. */
export class CallLog {
  #calls: MockCall[] = [];
  #waiters: Waiter[] = [];

  /** Notes a request on arrival; the returned call gets its `answered` later, or never. */
  add(request: MockRequest, at: number): Writable<MockCall> {
    const { query, body } = request;
    const call: Writable<MockCall> = {
      at,
      method: request.method,
      path: request.path,
      query: Object.fromEntries(query),
      body,
      userAgent: headerOf(request, 'user-agent'),
      appId: query.get('appid') ?? undefined,
      answered: { status: 0 },
    };
    this.#calls.push(call);
    if (this.#calls.length > LIMIT) this.#calls.shift();
    this.#serveWaiters();
    return call;
  }

  /** A copy, newest last, at most 10,000. */
  all(): readonly MockCall[] {
    return [...this.#calls];
  }

  to(path: string): readonly MockCall[] {
    return this.#calls.filter((call) => call.path === path);
  }

  clear(): void {
    this.#calls = [];
  }

  /** Resolves when there are `count` calls to a path, at once when there already are. */
  waitFor(path: string, count: number): Promise<readonly MockCall[]> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ path, count, resolve, reject });
      this.#serveWaiters();
    });
  }

  /** Nobody will call any more. */
  giveUp(error: Error): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #serveWaiters(): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      const calls = this.to(waiter.path);
      if (calls.length < waiter.count) return true;
      waiter.resolve(calls);
      return false;
    });
  }
}
