// What applications may import from `nestjs-wechat-oauth/mongoose`.
export { MongooseTokenStore, type MongooseTokenStoreOptions } from './mongoose-token-store.js';
export { WECHAT_TOKEN_MODEL, type WechatTokenDocument, wechatTokenSchema } from './wechat-token.schema.js';
