// What applications may import from `nestjs-wechat-oauth/callback`.
export { CallbackTokenStore, type CallbackTokenStoreOptions } from './callback-token-store.js';
export type { LegacyCallback, LegacyStyle, LegacyToken, LegacyTokenCallbacks } from './legacy-callbacks.js';
