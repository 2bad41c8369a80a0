// Keeps tokens in MongoDB through the application's mongoose: every operation is one command on one
// document.
import type { Connection, Model } from 'mongoose';
import { WechatConfigError } from '../../errors/errors.js';
import { TokenStore } from '../../tokens/token-store.js';
import { WECHAT_TOKEN_MODEL, type WechatTokenDocument, wechatTokenSchema } from './wechat-token.schema.js';

/** What `MongooseTokenStore` may be told. */
export interface MongooseTokenStoreOptions {
  /**
   * Milliseconds since 1970.
   * @default `Date.now`
   */
  now?: () => number;
}

/**
 * Takes a `Connection` of mongoose 8 or 9 (`@InjectConnection()`, `mongoose.connection`), on which
 * it makes the model `WechatToken`, or a model of `wechatTokenSchema` that the application has made
 * (`@InjectModel(WECHAT_TOKEN_MODEL)`).
 *
 * - Both atomic operations are atomic among all processes: each is one command that changes one
 *   document, decided by MongoDB.
 * - Entries expire to the millisecond **by the clock of the process that asks**, and the index by
 *   that of the server, so the clocks of the servers should be kept by NTP: a node whose clock is
 *   five seconds fast misses entries five seconds early.
 * - Documents past their time count as missing at once; MongoDB removes them within about a minute.
 * - Reads ask the primary whatever `readPreference` says: a secondary may not have yet what another
 *   node has just written. Acknowledged writes survive a failover with write concern `majority`,
 *   MongoDB's default.
 * - Plugins, hooks and global settings of mongoose do not apply: the store talks to the collection
 *   of the model.
 *
 * While the server is down an operation rejects when the driver gives up, by default after 30
 * seconds (`serverSelectionTimeoutMS`), or, before the first connection, after 10
 * (`bufferTimeoutMS`). Against a server that is reachable but does not answer set
 * `socketTimeoutMS`, or `timeoutMS`.
 */
export class MongooseTokenStore extends TokenStore {
  readonly #tokens: Model<WechatTokenDocument>['collection'];
  readonly #now: () => number;

  /** @throws WechatConfigError when it is given something else than a connection or a model */
  constructor(
    source: Connection | Model<WechatTokenDocument>,
    { now = Date.now }: MongooseTokenStoreOptions = {},
  ) {
    super();
    this.#tokens = modelOf(source).collection;
    this.#now = now;
  }

  override async get(key: string): Promise<string | undefined> {
    const found = await this.#tokens.findOne(
      { ...byKey(key), expiresAt: { $gt: this.#time() } },
      { projection: { _id: 0, value: 1 }, readPreference: 'primary' },
    );
    return found?.['value'] as string | undefined;
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    const upsert = () =>
      this.#tokens.updateOne(byKey(key), { $set: this.#entry(value, ttlMs) }, { upsert: true });
    try {
      await upsert();
    } catch (error) {
      // Two upserts of a new key met, and the server did not repeat the second by itself. Now the
      // key is there.
      if (!isDuplicate(error)) throw error;
      await upsert();
    }
  }

  override async delete(key: string): Promise<void> {
    await this.#tokens.deleteOne(byKey(key));
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    try {
      // What is over is overwritten; what lives is not found, so that MongoDB inserts and fails on
      // the key.
      const { matchedCount, upsertedCount } = await this.#tokens.updateOne(
        { ...byKey(key), expiresAt: { $lte: this.#time() } },
        { $set: this.#entry(value, ttlMs) },
        { upsert: true },
      );
      return matchedCount + upsertedCount === 1;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    const found = { ...byKey(key), value: expected, expiresAt: { $gt: this.#time() } };
    if (value === undefined) return (await this.#tokens.deleteOne(found)).deletedCount === 1;
    // Matched, not modified: the same value may be written twice within a millisecond.
    const { matchedCount } = await this.#tokens.updateOne(found, { $set: this.#entry(value, ttlMs) });
    return matchedCount === 1;
  }

  #entry(value: string, ttlMs: number): { value: string; expiresAt: Date } {
    return { value, expiresAt: new Date(this.#now() + Math.ceil(ttlMs)) };
  }

  #time(): Date {
    return new Date(this.#now());
  }
}

/** The collection's types have ObjectId for every `_id`. */
function byKey(key: string): { _id: never } {
  return { _id: key as never };
}

function modelOf(source: Connection | Model<WechatTokenDocument>): Model<WechatTokenDocument> {
  const { models, collection, schema } = (source ?? {}) as Partial<Connection> &
    Partial<Model<WechatTokenDocument>>;
  if (schema && typeof collection === 'object') return source as Model<WechatTokenDocument>;
  if (models) {
    const connection = source as Connection;
    return (
      (models[WECHAT_TOKEN_MODEL] as unknown as Model<WechatTokenDocument> | undefined) ??
      connection.model<WechatTokenDocument>(WECHAT_TOKEN_MODEL, wechatTokenSchema)
    );
  }
  throw new WechatConfigError(
    'MongooseTokenStore',
    'got neither a connection nor a model of mongoose',
    'Pass what `@InjectConnection()` or `@InjectModel(WECHAT_TOKEN_MODEL)` gives, not the address of the server.',
  );
}

/** MongoServerError E11000: the key is there. */
function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 11_000;
}
