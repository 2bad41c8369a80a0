// KeyvTokenStore over a real Redis: Keyv 5 and 6, and the Keyv of an application's cache.
import assert from 'node:assert/strict';
import KeyvRedis from '@keyv/redis';
import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { createClient } from 'redis5';
import { KeyvTokenStore } from '../../lib/stores/keyv/index.js';
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import { Line } from './outage.js';
import { requireServer } from './servers.js';

const server = await requireServer('redis');
const line = new Line(server);

beforeAll(() => line.start());
afterAll(async () => {
  await line.stop();
  const direct = new Redis(server);
  const left = await direct.keys('contract-keyv*');
  direct.disconnect();
  assert.deepEqual(left, []);
});

/** Prepared for outages: node-redis would otherwise wait for the server with every operation. */
async function storage(): Promise<KeyvRedis<string>> {
  const client = createClient({
    socket: { host: '127.0.0.1', port: line.port },
    disableOfflineQueue: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  return new KeyvRedis(client as never);
}

const outages = { stop: () => line.stop(), start: () => line.start() };

describeTokenStore(
  'KeyvTokenStore on Keyv 5',
  () => ({
    ...outages,
    open: async () => {
      const keyv = new Keyv5(await storage(), { namespace: 'contract-keyv' });
      return { store: new KeyvTokenStore(keyv, { warn: false }), close: () => keyv.disconnect() };
    },
  }),
  { atomic: false },
);

describeTokenStore(
  'KeyvTokenStore on Keyv 6',
  () => ({
    ...outages,
    open: async () => {
      const keyv = new Keyv6(await storage(), { namespace: 'contract-keyv' });
      return { store: new KeyvTokenStore(keyv, { warn: false }), close: () => keyv.disconnect() };
    },
  }),
  { atomic: false },
);

describeTokenStore(
  'KeyvTokenStore on the cache of @nestjs/cache-manager',
  () => ({
    ...outages,
    open: async () => {
      const module = await Test.createTestingModule({
        imports: [
          CacheModule.register({ stores: [new Keyv5(await storage(), { namespace: 'contract-keyv' })] }),
        ],
        providers: [
          {
            provide: KeyvTokenStore,
            useFactory: (cache: Cache) => new KeyvTokenStore(cache.stores[0]!, { warn: false }),
            inject: [CACHE_MANAGER],
          },
        ],
      }).compile();
      return { store: module.get(KeyvTokenStore), close: () => module.close() };
    },
  }),
  { atomic: false },
);
