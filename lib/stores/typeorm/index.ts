// What applications may import from `nestjs-wechat-oauth/typeorm`.
export { TypeOrmTokenStore, type TypeOrmTokenStoreOptions } from './typeorm-token-store.js';
export { WechatTokenEntity } from './wechat-token.entity.js';
export { CreateWechatTokens1767225600000 } from './wechat-tokens.migration.js';
