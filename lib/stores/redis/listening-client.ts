// Which client can be listened with, and what its channels are called.
import { listenByIoredis, listenByIoredisCluster } from './listening-ioredis.js';
import { listenByNodeRedis } from './listening-node-redis.js';
import type { ListeningClient, Listens, Loose } from './listening.js';
import type { RedisLike } from './redis-like.js';

/**
 * Makes such a connection when called; undefined for a client that cannot be duplicated, such as a
 * pool of node-redis.
 */
export function listeningClientOf(client: RedisLike): ((listens: Listens) => ListeningClient) | undefined {
  if (typeof client.duplicate !== 'function' || typeof client.publish !== 'function') return undefined;
  let listen = listenByNodeRedis;
  if ('defineCommand' in client) listen = 'nodes' in client ? listenByIoredisCluster : listenByIoredis;
  return (listens) => listen(client as unknown as Loose, listens);
}

/**
 * What a client itself puts before keys and, in both libraries, not before channels. Without it two
 * applications that keep their entries apart would wake each other.
 */
export function keyPrefixOf(client: RedisLike): string {
  // The cluster of node-redis has no other way to its settings.
  const { options, _options } = client as Partial<Record<'options' | '_options', { keyPrefix?: unknown }>>;
  const { keyPrefix } = options ?? _options ?? {};
  return keyPrefix === undefined || keyPrefix === null ? '' : String(keyPrefix);
}
