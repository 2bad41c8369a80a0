// Where the application keeps what its processes have to share: Redis, or with STORE=file a
// directory.
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import type { WechatOAuthModuleExtras } from 'nestjs-wechat-oauth';
import { RedisTokenStore } from 'nestjs-wechat-oauth/redis';
import { FileTokenStore } from './file-token-store.js';
import { REDIS, RedisModule } from './redis.module.js';
import { REDIS_PREFIX, STORE } from './settings.js';

const DIRECTORY = fileURLToPath(new URL('../tokens', import.meta.url));

export const tokenStore: WechatOAuthModuleExtras =
  STORE === 'file'
    ? { tokenStore: { useFactory: () => FileTokenStore.open(DIRECTORY) } }
    : {
        imports: [RedisModule],
        tokenStore: {
          useFactory: (redis: Redis) => new RedisTokenStore(redis, { prefix: REDIS_PREFIX }),
          inject: [REDIS],
        },
      };
