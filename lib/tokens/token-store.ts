// The port behind which everything is kept that outlives a request: tokens, session keys, login
// results.

/**
 * A key-value store with expiry. Keys are case-sensitive strings such as
 * `wechat:<appId>:token:<openid>`; values are strings of up to 64 KiB. A method that cannot reach
 * the store rejects; the caller then goes on as if the entry were missing.
 */
export abstract class TokenStore {
  /** The value, or undefined where there is none or its time is over. */
  abstract get(key: string): Promise<string | undefined>;
  /**
   * Keeps the value, in place of any other.
   * @param ttlMs milliseconds after which the entry is gone
   */
  abstract set(key: string, value: string, ttlMs: number): Promise<void>;
  /** Does nothing where there is none. */
  abstract delete(key: string): Promise<void>;
  /** Atomic: true for the one caller that created the entry. */
  abstract setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  /**
   * Atomic: replaces only what still holds `expected`, compared as it was read; `undefined` as
   * value deletes. True if it did.
   */
  abstract replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean>;

  /**
   * For a store that shares entries with other programs: the values of these keys are JSON in
   * clear, whether a `sessionSecret` is configured or not.
   */
  keepsInClear?(key: string): boolean;

  /**
   * Whether entries under this key are in the memory of this process, where no other process sees
   * them. Left out: no. Said at the start where it matters.
   */
  keepsInProcess?(key: string): boolean;

  /**
   * Wakes processes that wait for something in the store: all that listen, perhaps this one too. A
   * message may be lost, so it only says that there is something to read, and never holds anything
   * secret. A store has this and `subscribe`, or neither; without them the process that waits reads
   * every two seconds.
   * @param channel named like a key, `wechat:<appId>:…`, and case-sensitive
   * @param message up to 1 KiB
   * @throws any error of the store: rejects where it cannot be reached
   */
  publish?(channel: string, message: string): Promise<void>;

  /**
   * Resolves when messages to this channel, and to no other, will arrive; the result ends it, for
   * this listener only. After a lost connection they have to arrive again by themselves.
   * @param listener must not throw
   * @throws any error of the store: rejects where it cannot be reached within a few seconds
   */
  subscribe?(channel: string, listener: (message: string) => void): Promise<() => Promise<void>>;

  /**
   * Whether the two atomic operations hold among the callers of one process only. Left out: among
   * all. Said at the start where it matters.
   */
  isAtomicHereOnly?(): boolean;
}
