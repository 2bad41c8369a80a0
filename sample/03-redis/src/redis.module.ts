// One connection to Redis for each process, closed with the application.
import { Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { REDIS_URL } from './settings.js';

export const REDIS = Symbol('REDIS');

@Module({ providers: [{ provide: REDIS, useFactory: connect }], exports: [REDIS] })
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}

async function connect(): Promise<Redis> {
  // By itself ioredis keeps commands back while it is not connected, and repeats them for ten
  // seconds. Requests go on without the store, so they should hear of an outage at once.
  const redis = new Redis(REDIS_URL, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 1_000,
    lazyConnect: true,
  });
  const logger = new Logger('Redis');
  let down = false;
  // Without a listener ioredis prints every attempt to connect. The first one of an outage is
  // enough.
  redis.on('error', ({ message }) => {
    if (!down) logger.warn(`Redis 断开 · Redis is gone: ${message}`);
    down = true;
  });
  redis.on('ready', () => {
    if (down) logger.warn('Redis 恢复 · Redis is back');
    down = false;
  });
  // Before this no command is taken.
  await redis.connect();
  return redis;
}
