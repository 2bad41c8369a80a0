// Keeps tokens in Redis, for applications with more than one process: all five operations are one
// command each.
import type { OnApplicationShutdown } from '@nestjs/common';
import { TokenStore } from '../../tokens/token-store.js';
import { keyPrefixOf, listeningClientOf } from './listening-client.js';
import { closerOf, commandsOf, type RedisCommands, type RedisLike } from './redis-like.js';
import { RedisNews } from './redis-news.js';

/** What `RedisTokenStore` may be told. */
export interface RedisTokenStoreOptions {
  /**
   * Put before every key and channel, in addition to what the client itself puts there (`keyPrefix`
   * of ioredis).
   * @default none
   */
  prefix?: string;
  /**
   * Closes the client when the application shuts down (`app.close()`, or a signal with
   * `enableShutdownHooks`): for a client that only this store uses, such as one made in the
   * `useFactory` of `tokenStore`, which would otherwise keep the process alive.
   * @default false, whoever made the client closes it
   */
  closeClient?: boolean;
}

/**
 * Takes a connected client of ioredis 5 or 6, or of node-redis 5 or 6: a single server, a cluster,
 * Sentinel, a pool. The application makes the client, listens to its `error` events, and closes it,
 * unless it says `closeClient`.
 *
 * - Both atomic operations are atomic among all processes: `SET … NX`, and a Lua script that
 *   compares and writes (so the user of the client needs EVAL). Every command names one key, so it
 *   runs in a cluster.
 * - Entries expire to the millisecond, by the clock of the server.
 * - What the server has acknowledged can be lost in a restart or a failover, as everything in Redis
 *   can. A lost token means that a person signs in again, a lost lock that WeChat is asked twice.
 *   Nobody is taken for somebody else by it.
 * - Every entry has an expiry: a server with `maxmemory` should evict by a `volatile-` policy. One
 *   that evicts nothing refuses to write when it is full.
 * - Messages between processes (`publish`, `subscribe`) take PUBLISH, SUBSCRIBE and UNSUBSCRIBE.
 *   The first `subscribe` opens a second connection by `duplicate()` of the client, or of a node
 *   where it is a cluster of ioredis. The store closes it, whatever `closeClient` says. A pool of
 *   node-redis, and Sentinel with node-redis 5, cannot be duplicated: there the store has neither
 *   method.
 *
 * While the server is down every operation rejects with the client's own error, as soon as the
 * client gives up. By default that takes long: ioredis repeats a command for ten seconds,
 * node-redis waits until the server is back, and both wait for a server that is reachable but
 * silent. These settings, with which the store is tested, make them give up:
 *
 * ```ts
 * new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 2_000 });
 * createClient({
 *   url,
 *   disableOfflineQueue: true,
 *   pingInterval: 1_000, // an idle connection must not look like a silent one
 *   // By itself node-redis never connects again after a time-out.
 *   socket: {
 *     socketTimeout: 2_000,
 *     reconnectStrategy: (retries) => Math.min(2 ** retries * 50, 2_000),
 *   },
 * });
 * ```
 */
export class RedisTokenStore extends TokenStore implements OnApplicationShutdown {
  readonly #redis: RedisCommands;
  readonly #prefix: string;
  readonly #close: (() => Promise<void>) | undefined;
  readonly #news: RedisNews | undefined;

  /** One PUBLISH. Undefined where the client cannot be duplicated, as is `subscribe`. */
  override readonly publish?: TokenStore['publish'];
  /** Rejects when the server does not answer within three seconds, and after the shutdown. */
  override readonly subscribe?: TokenStore['subscribe'];

  /** @throws WechatConfigError when it is given something else than a client */
  constructor(client: RedisLike, { prefix = '', closeClient = false }: RedisTokenStoreOptions = {}) {
    super();
    this.#redis = commandsOf(client);
    this.#prefix = prefix;
    this.#close = closeClient ? closerOf(client) : undefined;
    const listeningClient = listeningClientOf(client);
    if (!listeningClient) return;
    const news = (this.#news = new RedisNews(listeningClient));
    const before = keyPrefixOf(client) + prefix;
    this.publish = async (channel, message) => void (await client.publish!(before + channel, message));
    this.subscribe = (channel, listener) => news.subscribe(before + channel, listener);
  }

  /**
   * Closes the connection that listens, which the store has made itself, and the client where
   * `closeClient` says so.
   */
  async onApplicationShutdown(): Promise<void> {
    this.#news?.close();
    await this.#close?.();
  }

  override async get(key: string): Promise<string | undefined> {
    const value = await this.#redis.get(this.#prefix + key);
    // A client of node-redis may be set to hand out buffers.
    return value == null ? undefined : String(value);
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#redis.set(this.#prefix + key, value, wholeMs(ttlMs));
  }

  override async delete(key: string): Promise<void> {
    await this.#redis.del(this.#prefix + key);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    const reply = await this.#redis.setIfAbsent(this.#prefix + key, value, wholeMs(ttlMs));
    return reply != null;
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    const next = value === undefined ? [] : [value, String(wholeMs(ttlMs))];
    // As a number or, by a setting of the client, as text.
    return Number(await this.#redis.run(REPLACE_IF_EQUAL, this.#prefix + key, expected, ...next)) === 1;
  }
}

/** With one argument it deletes. A missing key reads as `false` in Lua, which equals no string. */
const REPLACE_IF_EQUAL = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if #ARGV == 1 then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`;

/**
 * Redis takes whole milliseconds above 0 and refuses the rest; what is over already may as well go
 * in a moment.
 */
function wholeMs(ttlMs: number): number {
  return ttlMs > 1 ? Math.ceil(ttlMs) : 1;
}
