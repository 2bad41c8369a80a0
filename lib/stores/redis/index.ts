// What applications may import from `nestjs-wechat-oauth/redis`.
export type { IoredisLike, NodeRedisLike, RedisLike } from './redis-like.js';
export { RedisTokenStore, type RedisTokenStoreOptions } from './redis-token-store.js';
