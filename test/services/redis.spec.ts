// RedisTokenStore against a real Redis, with every client and every way of putting something before
// the keys.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisTokenStore } from '../../lib/stores/redis/index.js';
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import { Line } from './outage.js';
import { CLIENTS, withKeyPrefix } from './redis-clients.js';
import { requireServer } from './servers.js';

const server = await requireServer('redis');
const line = new Line(server);
const direct = new Redis({ ...server, lazyConnect: true });

beforeAll(async () => {
  await line.start();
  await direct.connect();
});

afterAll(async () => {
  await line.stop();
  // Every case names its keys like this and deletes them, so that what is left would be a case's
  // fault.
  const left = [
    ...(await direct.keys('wechat:contract-*')),
    ...(await direct.keys('app*:contract-*')),
    ...(await direct.keys('shop:wechat:contract-*')),
  ];
  direct.disconnect();
  assert.deepEqual(left, []);
});

const harness = (connect: (typeof CLIENTS)[string], prefix?: string) => ({
  open: () => connect({ host: '127.0.0.1', port: line.port }, { prefix }),
  stop: () => line.stop(),
  start: () => line.start(),
});

for (const [name, connect] of Object.entries(CLIENTS)) {
  describeTokenStore(`RedisTokenStore on ${name}`, () => harness(connect));
}

describeTokenStore('RedisTokenStore with a key prefix of ioredis and one of its own', () =>
  harness(withKeyPrefix('app-a:'), 'own:'),
);

describe('a key in Redis', () => {
  const key = 'wechat:contract-keys:token:oAbC';

  it.each([
    ['no prefix', CLIENTS['node-redis 6']!, '', key],
    ['a prefix', CLIENTS['node-redis 6']!, 'shop:', `shop:${key}`],
    ['the prefix of ioredis', withKeyPrefix('app:'), '', `app:${key}`],
    ['both', withKeyPrefix('app:'), 'shop:', `app:shop:${key}`],
  ])('has %s, in all five operations', async (_, connect, prefix, expected) => {
    const { store, close } = await connect(server, { prefix });
    try {
      expect(await store.setIfAbsent(key, 'one', 60_000)).toBe(true);
      expect(await direct.keys('*contract-keys:*')).toEqual([expected]);
      expect(await store.replaceIfEqual(key, 'one', 'two', 120_000)).toBe(true);
      expect(await direct.get(expected)).toBe('two');
      await store.set(key, 'three', 90_000);
      expect(await store.get(key)).toBe('three');
      expect(await direct.pttl(expected)).toBeGreaterThan(89_000);
      await store.delete(key);
      expect(await direct.exists(expected)).toBe(0);
    } finally {
      await direct.del(expected);
      await close?.();
    }
  });
});

describe.each(Object.entries(CLIENTS))('against a server that no longer answers, %s', (_, connect) => {
  it('rejects by the settings the documentation advises, and goes on when it answers again', async () => {
    const { store, close } = await connect({ host: '127.0.0.1', port: line.port });
    try {
      await store.get('wechat:contract-frozen');
      line.freeze();
      const started = Date.now();
      const outcomes = await Promise.allSettled([
        store.get('wechat:contract-frozen'),
        store.setIfAbsent('wechat:contract-frozen', 'one', 1_000),
        store.replaceIfEqual('wechat:contract-frozen', 'one', undefined, 0),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(Date.now() - started).toBeLessThan(5_000);
      await line.stop();
      await line.start();
      const deadline = Date.now() + 10_000;
      while ((await store.get('wechat:contract-frozen').catch(() => 'down')) === 'down') {
        expect(Date.now()).toBeLessThan(deadline);
        await sleep(50);
      }
    } finally {
      await close?.();
      await direct.del('wechat:contract-frozen');
    }
  });
});

it('reads what a client with a mapping of its own hands out as a buffer', async () => {
  const buffers = new Redis({ ...server });
  try {
    const store = new RedisTokenStore({
      get: (key: string) => buffers.getBuffer(key),
      set: (key: string, value: string, options: { PX: number }) => buffers.set(key, value, 'PX', options.PX),
      del: (key: string) => buffers.del(key),
      eval: (script: string, options: { keys: string[]; arguments: string[] }) =>
        buffers.eval(script, options.keys.length, ...options.keys, ...options.arguments),
    });
    await store.set('wechat:contract-buffers', '微信🐼', 60_000);
    expect(await store.get('wechat:contract-buffers')).toBe('微信🐼');
    expect(await store.replaceIfEqual('wechat:contract-buffers', '微信🐼', undefined, 0)).toBe(true);
  } finally {
    buffers.disconnect();
  }
});
