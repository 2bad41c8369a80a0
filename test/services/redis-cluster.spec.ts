// RedisTokenStore on a cluster: every command has to go to the node that has its key.
import { jest } from '@jest/globals';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import { CLUSTER_CLIENTS } from './redis-clients.js';
import { RedisCluster } from './redis-cluster.js';

const cluster = new RedisCluster();

beforeAll(() => cluster.create(), 60_000);
afterAll(() => cluster.remove());

for (const [name, connect] of Object.entries(CLUSTER_CLIENTS)) {
  describeTokenStore(`RedisTokenStore on a cluster, ${name}`, () => ({
    open: () => connect(cluster.entry),
    stop: () => cluster.stop(),
    start: () => cluster.start(),
  }));
}

it.each(Object.entries(CLUSTER_CLIENTS))('keys go to both nodes, %s', async (_, connect) => {
  const { store, close } = await connect(cluster.entry);
  const keys = Array.from({ length: 40 }, (__, index) => `wechat:contract-spread:token:${index}`);
  for (const key of keys) expect(await store.setIfAbsent(key, 'one', 60_000)).toBe(true);
  const sizes = await cluster.sizes();
  expect(sizes.every((size) => size > 5)).toBe(true);
  for (const key of keys) expect(await store.replaceIfEqual(key, 'one', undefined, 0)).toBe(true);
  expect(await cluster.sizes()).toEqual([0, 0]);
  await close?.();
});

it.each(Object.entries(CLUSTER_CLIENTS))('a dropped connection hears again, %s', async (_, connect) => {
  const [teller, hearer] = [await connect(cluster.entry), await connect(cluster.entry)];
  const heard: string[] = [];
  await hearer.store.subscribe!('wechat:wx1:scan:a', (message) => heard.push(message));
  for (const away of [() => cluster.dropListeners(), () => cluster.stop().then(() => cluster.start())]) {
    await away();
    const before = heard.length;
    const deadline = Date.now() + 15_000;
    while (heard.length === before) {
      expect(Date.now()).toBeLessThan(deadline);
      await teller.store.publish!('wechat:wx1:scan:a', 'again').catch(() => undefined);
      await sleep(50);
    }
  }
  await teller.close?.();
  await hearer.close?.();
  const deadline = Date.now() + 5_000;
  while ((await cluster.dropListeners()) > 0) expect(Date.now()).toBeLessThan(deadline);
});

it.each(Object.entries(CLUSTER_CLIENTS))('a cluster that is away is not hammered, %s', async (_, connect) => {
  const { store, close } = await connect(cluster.entry);
  await store.subscribe!('wechat:wx1:scan:a', () => undefined);
  const connecting = jest.spyOn(Socket.prototype, 'connect');
  try {
    await cluster.stop();
    await sleep(2_000);
    expect(connecting.mock.calls.length).toBeLessThan(100);
  } finally {
    connecting.mockRestore();
    await cluster.start();
    await close?.();
  }
});
