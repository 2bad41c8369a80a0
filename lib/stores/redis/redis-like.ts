// What the Redis store asks of a client, and the one place that knows how ioredis and node-redis differ.
import { WechatConfigError } from '../../api/errors.js';

/** A `Redis` or `Cluster` of ioredis. */
export interface IoredisLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, px: 'PX', ms: number): Promise<unknown>;
  set(key: string, value: string, px: 'PX', ms: number, nx: 'NX'): Promise<unknown>;
  del(key: string): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  /** Not used: node-redis has no such method, which is how the two are told apart. */
  defineCommand(name: string, definition: { lua: string }): void;
}

/** What `createClient`, `createClientPool`, `createCluster` or `createSentinel` of node-redis gives. */
export interface NodeRedisLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, options: { PX: number; NX?: true }): Promise<unknown>;
  del(key: string): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

export type RedisLike = IoredisLike | NodeRedisLike;

/** The commands the store sends, the same for every client. */
export interface RedisCommands {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ms: number): Promise<unknown>;
  setIfAbsent(key: string, value: string, ms: number): Promise<unknown>;
  del(key: string): Promise<unknown>;
  run(script: string, key: string, ...args: string[]): Promise<unknown>;
}

export function commandsOf(client: RedisLike): RedisCommands {
  requireClient(client);
  const common = { get: (key: string) => client.get(key), del: (key: string) => client.del(key) };
  if ('defineCommand' in client) {
    return {
      ...common,
      set: (key, value, ms) => client.set(key, value, 'PX', ms),
      setIfAbsent: (key, value, ms) => client.set(key, value, 'PX', ms, 'NX'),
      run: (script, key, ...args) => client.eval(script, 1, key, ...args),
    };
  }
  return {
    ...common,
    set: (key, value, ms) => client.set(key, value, { PX: ms }),
    setIfAbsent: (key, value, ms) => client.set(key, value, { PX: ms, NX: true }),
    run: (script, key, ...args) => client.eval(script, { keys: [key], arguments: args }),
  };
}

/** Called with what a provider made of it: a missing `await`, a URL, or the client of another library. */
function requireClient(client: unknown): void {
  const methods = client as Partial<Record<string, unknown>> | null | undefined;
  if (['get', 'set', 'del', 'eval'].every((name) => typeof methods?.[name] === 'function')) return;
  throw new WechatConfigError(
    'RedisTokenStore',
    'got no Redis client',
    'Pass a client of ioredis (`new Redis(url)`) or of node-redis (`createClient({ url })`), not its address and not a promise of it.',
  );
}
