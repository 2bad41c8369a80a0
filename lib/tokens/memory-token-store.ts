// The default store: for one process, and for tests. Entries are lost with the process.
import { LRUCache } from 'lru-cache';
import { WechatConfigError } from '../errors/errors.js';
import { TokenStore } from './token-store.js';

/** What `MemoryTokenStore` may be told. */
export interface MemoryTokenStoreOptions {
  /**
   * How many entries of each kind are kept: tokens, session keys, logins, ended sessions and so on;
   * of a kind the least recently used goes first.
   * @default 10_000
   */
  max?: number;
  /**
   * Milliseconds since 1970.
   * @default `Date.now`
   */
  now?: () => number;
}

interface Entry {
  value: string;
  expiresAt: number;
}

/**
 * Starts no timer: an entry past its time is dropped when it is asked for, or pushed out by newer
 * ones of its kind. Each kind has its own limit, so that thousands of logins, which anybody can
 * begin, push out neither tokens of thirty days nor the marks that keep somebody out.
 */
export class MemoryTokenStore extends TokenStore {
  readonly #max: number;
  readonly #byKind = new Map<string, LRUCache<string, Entry>>();
  readonly #now: () => number;

  constructor({ max = 10_000, now = Date.now }: MemoryTokenStoreOptions = {}) {
    super();
    if (!Number.isInteger(max) || max < 1) {
      throw new WechatConfigError(
        'MemoryTokenStore.max',
        'is not a whole number above 0',
        'Write e.g. 10_000.',
      );
    }
    this.#max = max;
    this.#now = now;
  }

  /** How many entries are held, those past their time included. */
  get size(): number {
    return [...this.#byKind.values()].reduce((sum, { size }) => sum + size, 0);
  }

  override async get(key: string): Promise<string | undefined> {
    return this.#read(key);
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#write(key, value, ttlMs);
  }

  override async delete(key: string): Promise<void> {
    this.#entriesFor(key).delete(key);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.#read(key) !== undefined) return false;
    this.#write(key, value, ttlMs);
    return true;
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    if (this.#read(key) !== expected) return false;
    if (value === undefined) this.#entriesFor(key).delete(key);
    else this.#write(key, value, ttlMs);
    return true;
  }

  override keepsInProcess(): boolean {
    return true;
  }

  #read(key: string): string | undefined {
    const entry = this.#entriesFor(key).get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > this.#now()) return entry.value;
    this.#entriesFor(key).delete(key);
    return undefined;
  }

  #write(key: string, value: string, ttlMs: number): void {
    this.#entriesFor(key).set(key, { value, expiresAt: this.#now() + ttlMs });
  }

  #entriesFor(key: string): LRUCache<string, Entry> {
    const found = KIND.exec(key)?.[1] ?? '';
    // Whatever kinds there are, they are few.
    const kind = this.#byKind.has(found) || this.#byKind.size < MAX_KINDS ? found : '';
    let entries = this.#byKind.get(kind);
    if (!entries) this.#byKind.set(kind, (entries = new LRUCache({ max: this.#max })));
    return entries;
  }
}

const KIND = /^wechat:[^:]*:([a-z-]{1,20}):/;
const MAX_KINDS = 20;
