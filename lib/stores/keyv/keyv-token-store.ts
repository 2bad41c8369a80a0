// Keeps tokens in whatever Keyv stores in, the application's own cache included; for one process,
// and openly less for several.
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { TokenStore } from '../../tokens/token-store.js';
import { HearingKeyv, type KeyvLike } from './keyv-like.js';
import { Turns } from '../../common/turns.js';

/** What `KeyvTokenStore` may be told. */
export interface KeyvTokenStoreOptions {
  /**
   * false: do not log at start that the two atomic operations hold within one process only.
   * @default true
   */
  warn?: boolean;
  /**
   * Disconnects the Keyv when the application shuts down: for one that only this store uses.
   * @default false, whoever made the Keyv disconnects it
   */
  closeClient?: boolean;
}

/**
 * Takes a `Keyv` of version 5 or 6: one made for it, or the application's own, such as
 * `cache.stores[0]` of the cache of `@nestjs/cache-manager`.
 *
 * **Not atomic across processes.** Keyv has no operation for "set if absent" or "replace if equal",
 * so this store reads and then writes, one caller per key at a time. Within one process and one
 * `KeyvTokenStore` that is atomic. Two processes may both win: both exchange the code of a doubled
 * callback, and WeChat refuses the second; both refresh a token, and the older result may stay.
 * Nobody is taken for somebody else by it. With more than one process use Redis, SQL or MongoDB
 * through their own adapters. Unless the entries are in memory anyway, this is logged once at
 * start.
 *
 * - Entries expire as the storage has it, to the millisecond where Keyv itself checks. It must take
 *   strings with every character.
 * - Two Keyvs that share a storage need namespaces of their own: `clear()` of an application's
 *   cache otherwise clears tokens too. Keyv's `sanitize` changes keys, so it must be off.
 * - Keyv reports errors of its storage as events and answers as if there were no entry. This store
 *   listens, and rejects instead. Keyv 5 with `emitErrors: false` has to have
 *   `throwOnErrors: true`, or an outage cannot be told from a missing entry. How soon an operation
 *   fails is the storage's matter, e.g. `disableOfflineQueue: true` for the client below
 *   `@keyv/redis`.
 */
export class KeyvTokenStore extends TokenStore implements OnApplicationShutdown {
  readonly #keyv: HearingKeyv;
  readonly #isInMemory: boolean;
  readonly #close: (() => unknown) | undefined;
  // Every operation waits its turn: a Keyv that reads an entry past its time deletes the key, and
  // with it what another caller has just put there.
  readonly #turns = new Turns();

  /** @throws WechatConfigError when it is given something else than a Keyv */
  constructor(keyv: KeyvLike, { warn = true, closeClient = false }: KeyvTokenStoreOptions = {}) {
    super();
    this.#keyv = new HearingKeyv(keyv);
    this.#isInMemory = isInMemory(keyv);
    this.#close = closeClient ? () => keyv.disconnect?.() : undefined;
    if (warn && !this.#isInMemory) {
      new Logger('WechatOAuth').warn(
        'KeyvTokenStore cannot make setIfAbsent and replaceIfEqual atomic across processes, because Keyv has no such operations. ' +
          'With more than one process use the adapter for Redis, TypeORM or mongoose; with one, say `warn: false`.',
      );
    }
  }

  /** Closes the storage where `closeClient` says so. */
  async onApplicationShutdown(): Promise<void> {
    await this.#close?.();
  }

  /** Keyv has no such operations. */
  override isAtomicHereOnly(): boolean {
    return true;
  }

  override keepsInProcess(): boolean {
    return this.#isInMemory;
  }

  override async get(key: string): Promise<string | undefined> {
    return this.#turns.take(key, () => this.#read(key));
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#turns.take(key, () => this.#write(key, value, ttlMs));
  }

  override async delete(key: string): Promise<void> {
    await this.#turns.take(key, () => this.#keyv.delete(key));
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#turns.take(key, async () => {
      if ((await this.#read(key)) !== undefined) return false;
      await this.#write(key, value, ttlMs);
      return true;
    });
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    return this.#turns.take(key, async () => {
      if ((await this.#read(key)) !== expected) return false;
      if (value === undefined) await this.#keyv.delete(key);
      else await this.#write(key, value, ttlMs);
      return true;
    });
  }

  async #read(key: string): Promise<string | undefined> {
    const value = await this.#keyv.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  async #write(key: string, value: string, ttlMs: number): Promise<void> {
    // To Keyv 0 and less mean "for ever", and some storages take whole milliseconds only.
    await this.#keyv.set(key, value, ttlMs > 1 ? Math.ceil(ttlMs) : 1);
  }
}

function isInMemory({ store }: KeyvLike): boolean {
  return store instanceof Map || (store as { store?: unknown } | undefined)?.store instanceof Map;
}
