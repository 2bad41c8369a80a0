// What the Keyv store asks of a Keyv, 5 or 6, and how it learns of the errors that Keyv keeps to
// itself.
import { WechatConfigError } from '../../errors/errors.js';

/** A Keyv, 5 or 6. */
export interface KeyvLike {
  /** The value, or undefined. */
  get(key: string): Promise<unknown>;
  /** Unlike `get`, lets an error of the storage through in Keyv 5. */
  getRaw?(key: string): Promise<unknown>;
  /** `ttl` in ms. */
  set(key: string, value: string, ttl: number): Promise<unknown>;
  /** Whether there was one. */
  delete(key: string): Promise<unknown>;
  /** Not there in every storage. */
  disconnect?(): Promise<unknown>;
  /** Keyv tells errors of its storage by this event alone. */
  on(event: 'error', listener: (error: unknown) => void): unknown;
  /** A Map, or in Keyv 6 an adapter around one, when the entries are in this process's memory. */
  readonly store?: unknown;
}

/**
 * Keyv catches what its storage throws, and so do some storage adapters: `get` then gives undefined
 * as if there were no entry, and `set` may even give true. All of them emit `error`. So an
 * operation during which an error is heard has failed; that another caller's error may be heard too
 * only means that an answer from a storage in trouble is not trusted.
 */
export class HearingKeyv {
  private errors = 0;
  private latest: unknown;

  constructor(private readonly keyv: KeyvLike) {
    requireKeyv(keyv);
    // Keyv 6 throws an error event that nobody listens to from wherever it happens, which can be a
    // socket.
    keyv.on('error', (error) => {
      this.errors++;
      this.latest = error;
    });
  }

  async get(key: string): Promise<unknown> {
    const before = this.errors;
    const value = this.keyv.getRaw ? valueOf(await this.keyv.getRaw(key)) : await this.keyv.get(key);
    // A value that was found is an answer, whatever else went wrong meanwhile.
    if (value === undefined || value === null) this.throwSince(before);
    return value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    const before = this.errors;
    const kept = await this.keyv.set(key, value, ttlMs);
    this.throwSince(before);
    if (kept === false) throw new Error('Keyv did not keep the entry.');
  }

  async delete(key: string): Promise<void> {
    const before = this.errors;
    // False also means that there was nothing to delete.
    await this.keyv.delete(key);
    this.throwSince(before);
  }

  private throwSince(before: number): void {
    if (this.errors === before) return;
    throw this.latest instanceof Error ? this.latest : new Error('Keyv reports an error of its storage.');
  }
}

function valueOf(raw: unknown): unknown {
  return (raw as { value?: unknown } | null | undefined)?.value;
}

/** A cache of cache-manager, which holds its Keyvs in `stores`, is easily taken for one of them. */
function requireKeyv(keyv: unknown): void {
  const methods = keyv as Partial<Record<string, unknown>> | null | undefined;
  if (['get', 'set', 'delete', 'on'].every((name) => typeof methods?.[name] === 'function')) return;
  throw new WechatConfigError(
    'KeyvTokenStore',
    'got no Keyv',
    'Pass `new Keyv(storage)`, or of a cache of @nestjs/cache-manager one of its Keyvs: `cache.stores[0]`.',
  );
}
