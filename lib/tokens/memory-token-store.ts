// The default store: for one process, and for tests. Entries are lost with the process.
import { LRUCache } from 'lru-cache';
import { WechatConfigError } from '../api/errors.js';
import { TokenStore } from './token-store.js';

export interface MemoryTokenStoreOptions {
  /** How many entries are kept; the least recently used goes first. Default: 10,000. */
  max?: number;
  /** Milliseconds since 1970. Default: `Date.now`. */
  now?: () => number;
}

interface Entry {
  value: string;
  expiresAt: number;
}

/** Starts no timer: an entry past its time is dropped when it is asked for, or pushed out by newer ones. */
export class MemoryTokenStore extends TokenStore {
  readonly #entries: LRUCache<string, Entry>;
  private readonly now: () => number;

  constructor({ max = 10_000, now = Date.now }: MemoryTokenStoreOptions = {}) {
    super();
    if (!Number.isInteger(max) || max < 1) {
      throw new WechatConfigError(
        'MemoryTokenStore.max',
        'is not a whole number above 0',
        'Write e.g. 10_000.',
      );
    }
    this.#entries = new LRUCache({ max });
    this.now = now;
  }

  /** How many entries are held, those past their time included. */
  get size(): number {
    return this.#entries.size;
  }

  override async get(key: string): Promise<string | undefined> {
    return this.read(key);
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.write(key, value, ttlMs);
  }

  override async delete(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.read(key) !== undefined) return false;
    this.write(key, value, ttlMs);
    return true;
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    if (this.read(key) !== expected) return false;
    if (value === undefined) this.#entries.delete(key);
    else this.write(key, value, ttlMs);
    return true;
  }

  private read(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > this.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  private write(key: string, value: string, ttlMs: number): void {
    this.#entries.set(key, { value, expiresAt: this.now() + ttlMs });
  }
}
