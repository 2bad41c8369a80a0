// The collection of `MongooseTokenStore`: a key, a value, and an index by which MongoDB removes
// what is over.
import { Schema } from 'mongoose';

/** One entry of the store. */
export interface WechatTokenDocument {
  /** The key. */
  _id: string;
  /** Sealed, as the module wrote it. */
  value: string;
  /** When it is over. */
  expiresAt: Date;
}

/** For `MongooseModule.forFeature([{ name: WECHAT_TOKEN_MODEL, schema: wechatTokenSchema }])`. */
export const WECHAT_TOKEN_MODEL = 'WechatToken';

/**
 * `_id` is unique by itself and compared byte by byte, unless the collection was made with a
 * collation of its own. MongoDB removes documents up to a minute after their time, by the index on
 * `expiresAt`. Mongoose makes that index; with `autoIndex: false` call `createIndexes()` of the
 * model once.
 */
export const wechatTokenSchema = new Schema<WechatTokenDocument>(
  {
    _id: { type: String, required: true },
    value: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'wechat_tokens', versionKey: false, timestamps: false },
).index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
