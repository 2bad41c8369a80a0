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
}
