// What the Redis store asks of a client, and the one place that knows how ioredis and node-redis
// differ.
import { WechatConfigError } from '../../errors/errors.js';

/** A `Redis` or `Cluster` of ioredis. */
export interface IoredisLike {
  /** `GET` */
  get(key: string): Promise<unknown>;
  /** `SET` */
  set(key: string, value: string, px: 'PX', ms: number): Promise<unknown>;
  /** `SET` */
  set(key: string, value: string, px: 'PX', ms: number, nx: 'NX'): Promise<unknown>;
  /** `DEL` */
  del(key: string): Promise<unknown>;
  /** `EVAL` */
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  /** `PUBLISH`. Without it or `duplicate` the store passes no messages between processes. */
  publish?(channel: string, message: string): Promise<unknown>;
  /** A second client with the same settings, to listen on. */
  duplicate?(): unknown;
  /** Not used: node-redis has no such method, which is how the two are told apart. */
  defineCommand(name: string, definition: { lua: string }): void;
}

/**
 * What `createClient`, `createClientPool`, `createCluster` or `createSentinel` of node-redis gives.
 */
export interface NodeRedisLike {
  /** `GET` */
  get(key: string): Promise<unknown>;
  /** `SET` */
  set(key: string, value: string, options: { PX: number; NX?: true }): Promise<unknown>;
  /** `DEL` */
  del(key: string): Promise<unknown>;
  /** `EVAL` */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  /** `PUBLISH`. Without it or `duplicate` the store passes no messages between processes. */
  publish?(channel: string, message: string): Promise<unknown>;
  /** A second client with the same settings, to listen on. A pool has none. */
  duplicate?(): unknown;
}

/** A client of ioredis or of node-redis. */
export type RedisLike = IoredisLike | NodeRedisLike;

/** The commands the store sends, the same for every client. */
export interface RedisCommands {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ms: number): Promise<unknown>;
  setIfAbsent(key: string, value: string, ms: number): Promise<unknown>;
  del(key: string): Promise<unknown>;
  run(script: string, key: string, ...args: string[]): Promise<unknown>;
}

/** @throws WechatConfigError for what is no client */
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

/**
 * How long a client may take to close in good order, in ms: a server that hangs must not keep the
 * process.
 */
const CLOSE_MS = 2_000;

/**
 * Closes a client in good order, or breaks its connections off where that takes too long.
 * @throws WechatConfigError when the client has no such method
 */
export function closerOf(client: RedisLike): () => Promise<void> {
  const methods = client as unknown as Partial<Record<string, () => unknown>>;
  const find = (...names: string[]) => names.find((name) => typeof methods[name] === 'function');
  // Of node-redis, of ioredis; only the old `quit` of node-redis is not to be used any more.
  const [gently, roughly] = [find('close', 'quit'), find('destroy', 'disconnect')];
  if (gently === undefined) {
    throw new WechatConfigError(
      'RedisTokenStore.closeClient',
      'is on, and the client has neither close nor quit',
      'Leave it out and close what you made yourself.',
    );
  }
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('The client takes too long to close.')), CLOSE_MS);
    });
    try {
      await Promise.race([methods[gently]!(), tooLate]);
    } catch {
      // Not connected, or the server does not answer: either way there is nothing to be said to it
      // any more.
      if (roughly !== undefined) await methods[roughly]!();
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * Called with what a provider made of it: a missing `await`, a URL, or the client of another
 * library.
 */
function requireClient(client: unknown): void {
  const methods = client as Partial<Record<string, unknown>> | null | undefined;
  if (['get', 'set', 'del', 'eval'].every((name) => typeof methods?.[name] === 'function')) return;
  throw new WechatConfigError(
    'RedisTokenStore',
    'got no Redis client',
    'Pass a client of ioredis (`new Redis(url)`) or of node-redis (`createClient({ url })`), not its address and not a promise of it.',
  );
}
