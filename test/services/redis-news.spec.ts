// Messages between processes through a Redis of this test's own: the second connection, its end, and
// what becomes of it when the server or the line fails.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createClient, createClientPool } from 'redis';
import { createClientPool as createClientPool5 } from 'redis5';
import { RedisTokenStore } from '../../lib/stores/redis/index.js';
import { OwnRedis } from './own-redis.js';
import { CLIENTS, withKeyPrefix } from './redis-clients.js';

const server = new OwnRedis();
const CHANNEL = 'wechat:wx1:scan:Ab-_09';
const ignore = (): void => undefined;

beforeAll(() => server.start());
afterAll(() => server.remove());

/** Asks on a connection of its own, which a restart of the server does not matter to. */
async function ask(...command: [string, ...string[]]): Promise<string> {
  const direct = new Redis({ port: server.port, lazyConnect: true, retryStrategy: () => null });
  direct.on('error', ignore);
  try {
    await direct.connect();
    return String(await direct.call(...command));
  } finally {
    direct.disconnect();
  }
}

const lines = (text: string): number => text.split('\n').filter(Boolean).length;
const listening = async () => lines(await ask('CLIENT', 'LIST', 'TYPE', 'pubsub'));

async function until(what: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await what())) {
    expect(Date.now()).toBeLessThan(deadline);
    await sleep(20);
  }
}

/** A message may be lost while the connection is away, so it is sent until one arrives. */
async function arrivesAgain(channel = CHANNEL): Promise<void> {
  const { store, close } = await CLIENTS['ioredis 6']!(server);
  try {
    const before = heard.length;
    await until(async () => {
      await store.publish!(channel, 'again');
      await sleep(20);
      return heard.length > before;
    });
  } finally {
    await close?.();
  }
}

let heard: string[];
beforeEach(() => void (heard = []));
const listener = (message: string): void => void heard.push(message);

describe.each(Object.entries(CLIENTS))('%s', (_, connect) => {
  it('opens a second connection when somebody listens, one for all, and closes it', async () => {
    const before = lines(await ask('CLIENT', 'LIST'));
    const { store, close } = await connect(server);
    await store.publish!(CHANNEL, 'nobody hears it');
    expect(lines(await ask('CLIENT', 'LIST'))).toBe(before + 1);
    await Promise.all([
      store.subscribe!(CHANNEL, listener),
      store.subscribe!(CHANNEL, listener),
      store.subscribe!(`${CHANNEL}:other`, listener),
    ]);
    expect(lines(await ask('CLIENT', 'LIST'))).toBe(before + 2);
    await (store as RedisTokenStore).onApplicationShutdown();
    await until(async () => lines(await ask('CLIENT', 'LIST')) === before + 1);
    // The client of the application is not the store's to close.
    expect(await store.get('k')).toBeUndefined();
    await expect(store.subscribe!(CHANNEL, listener)).rejects.toThrow('closed');
    await close?.();
  });

  it('hears again after its connection was dropped', async () => {
    const { store, close } = await connect(server);
    await store.subscribe!(CHANNEL, listener);
    for (let round = 0; round < 3; round++) {
      expect(await ask('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe('1');
      await arrivesAgain();
    }
    await close?.();
    await until(async () => (await listening()) === 0);
  });

  it('hears again after the server was away, and takes no harm from who listens meanwhile', async () => {
    const { store, close } = await connect(server);
    await store.subscribe!(CHANNEL, listener);
    await server.stop();
    await sleep(200);
    const startedAt = performance.now();
    await expect(store.subscribe!(`${CHANNEL}:meanwhile`, listener)).rejects.toBeInstanceOf(Error);
    expect(performance.now() - startedAt).toBeLessThan(4_500);
    await server.start();
    await arrivesAgain();
    await until(async () => (await store.get('k').then(String, () => 'down')) !== 'down');
    await store.subscribe!(`${CHANNEL}:meanwhile`, listener);
    await arrivesAgain(`${CHANNEL}:meanwhile`);
    // Nothing is left of what has failed and nobody listens to.
    expect((await ask('PUBSUB', 'CHANNELS')).split(',').sort()).toEqual([CHANNEL, `${CHANNEL}:meanwhile`]);
    await close?.();
    await until(async () => (await listening()) === 0);
  });

  it.each(['stop', 'hang'] as const)(
    'rejects where the server does not answer (%s), and tries again',
    async (way) => {
      const { store, close } = await connect(server);
      await server[way]();
      const startedAt = performance.now();
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => store.subscribe!(CHANNEL, listener)));
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(performance.now() - startedAt).toBeLessThan(4_500);
      await (way === 'stop' ? server.start() : server.goOn());
      await until(async () => (await listening()) === 0);
      await until(async () => (await store.get('k').then(String, () => 'down')) !== 'down');
      await store.subscribe!(CHANNEL, listener);
      expect(await listening()).toBe(1);
      await arrivesAgain();
      await close?.();
    },
  );

  it('rejects what its user may not, and the process lives', async () => {
    await ask('ACL', 'SETUSER', 'default', 'resetchannels');
    const { store, close } = await connect(server);
    try {
      await expect(store.publish!(CHANNEL, 'x')).rejects.toThrow('NOPERM');
      await expect(store.subscribe!(CHANNEL, listener)).rejects.toThrow('NOPERM');
      await ask('ACL', 'SETUSER', 'default', '&wechat:*');
      await store.subscribe!(CHANNEL, listener);
      await arrivesAgain();
    } finally {
      await ask('ACL', 'SETUSER', 'default', 'allchannels');
      await close?.();
    }
  });
});

describe('a channel in Redis', () => {
  it.each([
    ['a prefix of the store', CLIENTS['node-redis 5']!, 'app:shop:'],
    ['the prefix of ioredis and one of the store', withKeyPrefix('app:'), 'shop:'],
    ['the prefix of ioredis', withKeyPrefix('app:shop:'), ''],
  ])('has, as keys do, %s, and is the same by each way', async (_what, connect, prefix) => {
    const [teller, hearer] = [
      await connect(server, { prefix }),
      await CLIENTS['ioredis 5']!(server, { prefix: 'app:shop:' }),
    ];
    await hearer.store.subscribe!(CHANNEL, listener);
    await teller.store.subscribe!(CHANNEL, listener);
    expect(await ask('PUBSUB', 'CHANNELS')).toBe(`app:shop:${CHANNEL}`);
    await teller.store.publish!(CHANNEL, 'one');
    await until(() => heard.length === 2);
    await teller.close?.();
    await hearer.close?.();
  });

  it('has the prefix of node-redis 6', async () => {
    const client = createClient({ socket: { port: server.port }, keyPrefix: 'app:' });
    const store = new RedisTokenStore(await client.connect());
    await store.subscribe!(CHANNEL, listener);
    expect(await ask('PUBSUB', 'CHANNELS')).toBe(`app:${CHANNEL}`);
    await store.publish!(CHANNEL, 'one');
    await until(() => heard.length === 1);
    await store.onApplicationShutdown();
    await client.close();
  });
});

it('a connection that a silent minute would end is kept by node-redis', async () => {
  const client = createClient({ socket: { port: server.port, socketTimeout: 300 }, pingInterval: 100 });
  client.on('error', ignore);
  const store = new RedisTokenStore(await client.connect());
  await store.subscribe!(CHANNEL, listener);
  const id = async () => /id=\d+/.exec(await ask('CLIENT', 'LIST', 'TYPE', 'pubsub'))?.[0];
  const first = await id();
  await sleep(1_000);
  expect(await id()).toBe(first);
  await store.onApplicationShutdown();
  client.destroy();
});

it.each<[string, typeof createClientPool]>([
  ['6', createClientPool],
  ['5', createClientPool5 as unknown as typeof createClientPool],
])('a pool of node-redis %s passes no messages', async (_, createPool) => {
  const store = new RedisTokenStore(createPool({ socket: { port: server.port } }));
  expect([store.publish, store.subscribe]).toEqual([undefined, undefined]);
});
