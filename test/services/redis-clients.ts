// Every client of Redis the store is promised for, connected as the documentation advises.
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import { createClient as createClient6, createCluster as createCluster6 } from 'redis';
import { createClient as createClient5, createCluster as createCluster5 } from 'redis5';
import { RedisTokenStore, type RedisTokenStoreOptions } from '../../lib/stores/redis/index.js';
import type { OpenTokenStore } from '../../lib/testing/token-store-contract/harness.js';
import type { ServerAddress } from './servers.js';

type Connect = (server: ServerAddress, options?: RedisTokenStoreOptions) => Promise<OpenTokenStore>;

/** A client without a listener for its errors ends the process. */
const ignore = (): void => undefined;

/** Closed as an application closes: first Nest tells the store, then whoever made the client. */
const opened = (store: RedisTokenStore, closeClient: () => unknown): OpenTokenStore => ({
  store,
  close: async () => {
    await store.onApplicationShutdown();
    await closeClient();
  },
});

/** The two versions have types of their own, which agree on these. */
interface IoredisOptions {
  host: string;
  port: number;
  keyPrefix?: string;
  lazyConnect: boolean;
  enableOfflineQueue: boolean;
  maxRetriesPerRequest: number;
  commandTimeout: number;
}

const ioredis =
  (create: (options: IoredisOptions) => Redis5 | Redis6, keyPrefix?: string): Connect =>
  async ({ host, port }, options) => {
    const client = create({
      host,
      port,
      keyPrefix,
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: 1_000,
    });
    client.on('error', ignore);
    await client.connect();
    return opened(new RedisTokenStore(client, options), () => client.disconnect());
  };

/** By itself node-redis gives a connection up for good once it has timed out. */
const RECONNECTING = {
  socketTimeout: 1_000,
  reconnectStrategy: (retries: number) => Math.min(2 ** retries * 50, 2_000),
};

const nodeRedis =
  (createClient: typeof createClient6 | typeof createClient5): Connect =>
  async ({ host, port }, options) => {
    const client = (createClient as typeof createClient6)({
      socket: { host, port, ...RECONNECTING },
      pingInterval: 300,
      disableOfflineQueue: true,
    });
    client.on('error', ignore);
    await client.connect();
    return opened(new RedisTokenStore(client, options), () => client.isOpen && client.destroy());
  };

const ioredisCluster =
  (Cluster: typeof Cluster6 | typeof Cluster5): Connect =>
  async (server, options) => {
    const client = new Cluster([server], {
      lazyConnect: true,
      enableOfflineQueue: false,
      redisOptions: { maxRetriesPerRequest: 1, commandTimeout: 1_000 },
    });
    client.on('error', ignore);
    await client.connect();
    return opened(new RedisTokenStore(client, options), () => client.disconnect());
  };

const nodeRedisCluster =
  (createCluster: typeof createCluster6 | typeof createCluster5): Connect =>
  async ({ host, port }, options) => {
    const client = (createCluster as typeof createCluster6)({
      rootNodes: [{ socket: { host, port } }],
      defaults: { disableOfflineQueue: true, pingInterval: 300, socket: RECONNECTING },
    });
    client.on('error', ignore);
    await client.connect();
    return opened(new RedisTokenStore(client, options), () => client.destroy());
  };

export const CLIENTS: Record<string, Connect> = {
  'ioredis 6': ioredis((options) => new Redis6(options)),
  'ioredis 5': ioredis((options) => new Redis5(options)),
  'node-redis 6': nodeRedis(createClient6),
  'node-redis 5': nodeRedis(createClient5),
};

export const CLUSTER_CLIENTS: Record<string, Connect> = {
  'ioredis 6': ioredisCluster(Cluster6),
  'ioredis 5': ioredisCluster(Cluster5),
  'node-redis 6': nodeRedisCluster(createCluster6),
  'node-redis 5': nodeRedisCluster(createCluster5),
};

export const withKeyPrefix = (keyPrefix: string): Connect =>
  ioredis((options) => new Redis6(options), keyPrefix);
