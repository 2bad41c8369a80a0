// RedisTokenStore without a server: which commands each kind of client gets, and what is made of
// every answer and failure.
import { jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis5';
import { WechatConfigError } from '../../../lib/errors/errors.js';
import { RedisTokenStore } from '../../../lib/stores/redis/index.js';
import type { IoredisLike, NodeRedisLike } from '../../../lib/stores/redis/index.js';

/** Keeps what it is asked, and answers with what it is told. */
function fake(answer: unknown): {
  calls: unknown[][];
  ask: (name: string) => (...args: unknown[]) => Promise<unknown>;
} {
  const calls: unknown[][] = [];
  const ask =
    (name: string) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      if (answer instanceof Error) throw answer;
      return answer;
    };
  return { calls, ask };
}

function ioredis(answer: unknown) {
  const { calls, ask } = fake(answer);
  const client: IoredisLike = {
    get: ask('get'),
    set: ask('set'),
    del: ask('del'),
    eval: ask('eval'),
    defineCommand: () => undefined,
  };
  return { calls, client };
}

function nodeRedis(answer: unknown) {
  const { calls, ask } = fake(answer);
  const client: NodeRedisLike = { get: ask('get'), set: ask('set'), del: ask('del'), eval: ask('eval') };
  return { calls, client };
}

async function useAll(store: RedisTokenStore): Promise<void> {
  await store.get('k');
  await store.set('k', 'v', 1_500);
  await store.delete('k');
  await store.setIfAbsent('k', 'v', 1_500);
  await store.replaceIfEqual('k', 'old', 'new', 1_500);
  await store.replaceIfEqual('k', 'old', undefined, 0);
}

const script: unknown = expect.stringContaining("redis.call('GET', KEYS[1]) ~= ARGV[1]");

describe('RedisTokenStore', () => {
  it('sends a client of ioredis its commands', async () => {
    const { calls, client } = ioredis('OK');
    await useAll(new RedisTokenStore(client, { prefix: 'shop:' }));
    expect(calls).toEqual([
      ['get', 'shop:k'],
      ['set', 'shop:k', 'v', 'PX', 1_500],
      ['del', 'shop:k'],
      ['set', 'shop:k', 'v', 'PX', 1_500, 'NX'],
      ['eval', script, 1, 'shop:k', 'old', 'new', '1500'],
      ['eval', script, 1, 'shop:k', 'old'],
    ]);
  });

  it('sends a client of node-redis its commands', async () => {
    const { calls, client } = nodeRedis('OK');
    await useAll(new RedisTokenStore(client, { prefix: 'shop:' }));
    expect(calls).toEqual([
      ['get', 'shop:k'],
      ['set', 'shop:k', 'v', { PX: 1_500 }],
      ['del', 'shop:k'],
      ['set', 'shop:k', 'v', { PX: 1_500, NX: true }],
      ['eval', script, { keys: ['shop:k'], arguments: ['old', 'new', '1500'] }],
      ['eval', script, { keys: ['shop:k'], arguments: ['old'] }],
    ]);
  });

  it('puts nothing before a key unless told to', async () => {
    const { calls, client } = nodeRedis('OK');
    await new RedisTokenStore(client).get('wechat:wx1:token:oAbC');
    expect(calls).toEqual([['get', 'wechat:wx1:token:oAbC']]);
  });

  it.each([
    [1_500, 1_500],
    [1_500.2, 1_501],
    [1, 1],
    [0.4, 1],
    [0, 1],
    [-1, 1],
    [-86_400_000, 1],
    [NaN, 1],
    [2_592_000_000, 2_592_000_000],
  ])('keeps an entry for %d ms as Redis can: %d', async (ttl, ms) => {
    const { calls, client } = ioredis('OK');
    const store = new RedisTokenStore(client);
    await store.set('k', 'v', ttl);
    await store.setIfAbsent('k', 'v', ttl);
    await store.replaceIfEqual('k', 'old', 'v', ttl);
    expect(calls.map((call) => (call[4] === 'old' ? Number(call[6]) : call[4]))).toEqual([ms, ms, ms]);
  });

  it.each([
    [null, undefined],
    [undefined, undefined],
    ['', ''],
    ['text', 'text'],
    [Buffer.from('微信🐼'), '微信🐼'],
  ])('reads %p as %p', async (answer, expected) => {
    expect(await new RedisTokenStore(nodeRedis(answer).client).get('k')).toBe(expected);
  });

  it.each([
    ['OK', true],
    [Buffer.from('OK'), true],
    [null, false],
    [undefined, false],
  ])('takes %p from SET NX for %p', async (answer, expected) => {
    expect(await new RedisTokenStore(ioredis(answer).client).setIfAbsent('k', 'v', 1)).toBe(expected);
  });

  it.each([
    [1, true],
    ['1', true],
    [0, false],
    ['0', false],
    [null, false],
  ])('takes %p from the script for %p', async (answer, expected) => {
    expect(await new RedisTokenStore(ioredis(answer).client).replaceIfEqual('k', 'a', 'b', 1)).toBe(expected);
  });

  it('lets the error of the client through, in every operation', async () => {
    const down = new TypeError('connection lost');
    const store = new RedisTokenStore(ioredis(down).client);
    await expect(store.get('k')).rejects.toBe(down);
    await expect(store.set('k', 'v', 1)).rejects.toBe(down);
    await expect(store.delete('k')).rejects.toBe(down);
    await expect(store.setIfAbsent('k', 'v', 1)).rejects.toBe(down);
    await expect(store.replaceIfEqual('k', 'a', 'b', 1)).rejects.toBe(down);
  });

  it('rejects even where a client throws at once', async () => {
    const { client } = nodeRedis('OK');
    client.get = () => {
      throw new RangeError('not connected');
    };
    await expect(new RedisTokenStore(client).get('k')).rejects.toThrow('not connected');
  });

  it.each([
    [undefined],
    [null],
    ['redis://127.0.0.1:6379'],
    [Promise.resolve(nodeRedis('OK').client)],
    [new Map()],
    [{ get: () => undefined, set: () => undefined, del: () => undefined }],
  ])('refuses %p for a client', (client) => {
    const create = () => new RedisTokenStore(client as never);
    expect(create).toThrow(WechatConfigError);
    expect(create).toThrow(/got no Redis client.*ioredis.*node-redis/s);
  });
});

// Without a cast: that this compiles is half of the test.
const ioredisClients = {
  'ioredis 6': new Redis({ lazyConnect: true }),
  'ioredis 5': new Redis5({ lazyConnect: true }),
  'a cluster of ioredis 6': new Cluster([6379], { lazyConnect: true }),
  'a cluster of ioredis 5': new Cluster5([6379], { lazyConnect: true }),
} satisfies Record<string, IoredisLike>;

const nodeRedisClients = {
  'node-redis 6': createClient(),
  'node-redis 5': createClient5(),
  'a pool of node-redis 6': createClientPool(),
  'a pool of node-redis 5': createClientPool5(),
  'a cluster of node-redis 6': createCluster({ rootNodes: [{}] }),
  'a cluster of node-redis 5': createCluster5({ rootNodes: [{}] }),
  'Sentinel with node-redis 6': createSentinel({
    name: 'one',
    sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }],
  }),
  'Sentinel with node-redis 5': createSentinel5({
    name: 'one',
    sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }],
  }),
} satisfies Record<string, NodeRedisLike>;

describe('A client that the store is told to close', () => {
  const commands = {
    get: async () => null,
    set: async () => 'OK',
    del: async () => 1,
    eval: async () => 1,
  };
  const log: string[] = [];
  const method = (name: string, answer: () => unknown = () => undefined) => ({
    [name]: () => {
      log.push(name);
      return answer();
    },
  });
  const never = () => new Promise(() => {});
  const refuses = () => Promise.reject(new Error('The client is closed'));
  beforeEach(() => void log.splice(0));
  afterEach(() => jest.useRealTimers());

  it.each<[string, object, string[]]>([
    ['of ioredis', { ...method('quit'), ...method('disconnect') }, ['quit']],
    ['of node-redis', { ...method('close'), ...method('quit'), ...method('destroy') }, ['close']],
    [
      'that is not connected',
      { ...method('quit', refuses), ...method('disconnect') },
      ['quit', 'disconnect'],
    ],
    [
      'of node-redis that is closed',
      { ...method('close', refuses), ...method('destroy') },
      ['close', 'destroy'],
    ],
    ['that throws at once', { ...method('close', () => { throw new Error('x'); }), ...method('destroy') }, ['close', 'destroy']], // prettier-ignore
    ['that knows one way only', method('quit', refuses), ['quit']],
  ])('%s is closed in good order, or else roughly', async (_what, methods, expected) => {
    const store = new RedisTokenStore({ ...commands, ...methods } as never, { closeClient: true });
    await store.onApplicationShutdown();
    expect(log).toEqual(expected);
  });

  it('is not waited for longer than two seconds', async () => {
    jest.useFakeTimers();
    const client = { ...commands, ...method('close', never), ...method('destroy') };
    const closed = new RedisTokenStore(client as never, { closeClient: true }).onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(1_999);
    expect(log).toEqual(['close']);
    await jest.advanceTimersByTimeAsync(1);
    await closed;
    expect(log).toEqual(['close', 'destroy']);
  });

  it('is left alone if nothing is said', async () => {
    const client = { ...commands, ...method('close'), ...method('destroy') };
    await new RedisTokenStore(client as never).onApplicationShutdown();
    expect(log).toEqual([]);
  });

  it('has to have a way to be closed', () => {
    expect(() => new RedisTokenStore(commands as never, { closeClient: true })).toThrow(/closeClient/);
  });
});

describe('the clients of applications', () => {
  it.each(Object.entries(ioredisClients))('%s is one, and is told from node-redis', (_, client) => {
    expect(new RedisTokenStore(client)).toBeInstanceOf(RedisTokenStore);
    expect('defineCommand' in client).toBe(true);
    client.disconnect();
  });

  it.each(Object.entries(nodeRedisClients))('%s is one, and is told from ioredis', (_, client) => {
    expect(new RedisTokenStore(client)).toBeInstanceOf(RedisTokenStore);
    expect('defineCommand' in client).toBe(false);
  });

  it('a client that nobody has connected rejects', async () => {
    await expect(new RedisTokenStore(nodeRedisClients['node-redis 6']).get('k')).rejects.toThrow('closed');
  });
});

describe('messages between processes', () => {
  /** A client, and the second one that it gives out. */
  function doubles(second: Partial<Record<string, unknown>> = {}) {
    const made: unknown[][] = [];
    const log: unknown[][] = [];
    const note =
      (name: string) =>
      async (...args: unknown[]) =>
        void log.push([name, ...args]);
    const duplicate = (...args: unknown[]) => {
      made.push(args);
      const emitter = new EventEmitter();
      return Object.assign(emitter, {
        connect: note('connect'),
        subscribe: note('subscribe'),
        unsubscribe: note('unsubscribe'),
        destroy: note('destroy'),
        disconnect: note('disconnect'),
        ...second,
      });
    };
    return { made, log, parts: { publish: note('publish'), duplicate } };
  }
  const none = () => undefined;

  it.each<[string, object]>([
    ['nothing more than the five operations', {}],
    ['publish only', { publish: none }],
    ['duplicate only', { duplicate: none }],
  ])('are not to be had with a client that has %s', (_, more) => {
    const store = new RedisTokenStore({ ...nodeRedis('OK').client, ...more });
    expect([store.publish, store.subscribe]).toEqual([undefined, undefined]);
  });

  it('open a second connection once somebody listens, and one for all', async () => {
    const { made, log, parts } = doubles();
    const store = new RedisTokenStore({ ...ioredis('OK').client, ...parts }, { prefix: 'shop:' });
    await store.publish!('a', 'one');
    expect(made).toEqual([]);
    const ends = await Promise.all(['a', 'a', 'b'].map((channel) => store.subscribe!(channel, none)));
    expect(made).toEqual([[expect.objectContaining({ lazyConnect: true, maxRetriesPerRequest: null })]]);
    for (const end of ends) await end();
    for (const end of ends) await end();
    expect(log).toEqual([
      ['publish', 'shop:a', 'one'],
      ['connect'],
      ['subscribe', 'shop:a'],
      ['subscribe', 'shop:b'],
      ['unsubscribe', 'shop:a'],
      ['unsubscribe', 'shop:b'],
    ]);
    await store.onApplicationShutdown();
    expect(log.at(-1)).toEqual(['disconnect']);
    await expect(store.subscribe!('a', none)).rejects.toThrow('closed');
    expect(made.length).toBe(1);
  });

  it('try again with a new connection after one that failed, in whatever way', async () => {
    const fails: Record<string, () => unknown>[] = [
      { connect: () => Promise.reject(new Error('refused')) },
      { subscribe: () => Promise.reject(new Error('refused')) },
      { connect: () => { throw new Error('refused'); } }, // prettier-ignore
      { on: () => { throw new Error('refused'); } }, // prettier-ignore
    ];
    for (const fail of fails) {
      const { made, parts } = doubles(fail);
      const store = new RedisTokenStore({ ...nodeRedis('OK').client, ...parts });
      for (let round = 1; round <= 2; round++) {
        await expect(store.subscribe!('a', none)).rejects.toThrow('refused');
        expect(made.length).toBe(round);
      }
    }
  });

  it('are given up after three seconds of silence, and the connection with them', async () => {
    jest.useFakeTimers();
    const { log, parts } = doubles({ connect: () => new Promise(none) });
    const store = new RedisTokenStore({ ...nodeRedis('OK').client, ...parts });
    const outcome = store.subscribe!('a', none).catch((error: Error) => error.constructor.name);
    await jest.advanceTimersByTimeAsync(3_001);
    expect(await outcome).toBe('StoreHangs');
    expect(log).toEqual([['destroy']]);
    jest.useRealTimers();
  });

  it('keep what the settings of node-redis say, and not what ends a connection for good', async () => {
    const { made, parts } = doubles();
    const options = { username: 'u', socket: { host: 'h', socketTimeout: 600, reconnectStrategy: false } };
    const store = new RedisTokenStore({ ...nodeRedis('OK').client, ...parts, options } as never);
    await store.subscribe!('a', none);
    const [settings] = made[0] as [{ socket: { reconnectStrategy: (retries: number) => number } }];
    expect(settings).toMatchObject({
      username: 'u',
      pingInterval: 300,
      socket: { host: 'h', socketTimeout: 600 },
    });
    expect([0, 3, 30].map(settings.socket.reconnectStrategy)).toEqual([50, 400, 2_000]);
  });

  it.each(Object.entries({ ...ioredisClients, ...nodeRedisClients }))('%s can or cannot', (name, client) => {
    const { publish, subscribe } = new RedisTokenStore(client);
    const can = !/pool|Sentinel with node-redis 5/.test(name);
    expect([typeof publish, typeof subscribe]).toEqual(Array(2).fill(can ? 'function' : 'undefined'));
  });
});
