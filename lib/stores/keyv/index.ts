// What applications may import from `nestjs-wechat-oauth/keyv`.
export type { KeyvLike } from './keyv-like.js';
export { KeyvTokenStore, type KeyvTokenStoreOptions } from './keyv-token-store.js';
