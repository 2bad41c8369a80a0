// The tests of MongooseTokenStore that need no MongoDB, for whichever major of mongoose stands
// behind the name `mongoose`.
import mongoose from 'mongoose';
import {
  MongooseTokenStore,
  WECHAT_TOKEN_MODEL,
  type WechatTokenDocument,
  wechatTokenSchema,
} from '../../lib/stores/mongoose/index.js';
import { MongoDouble } from './mongo-double.js';
import { connect, describeMongoose, open } from './mongoose-suite.js';

const MINUTE = 60_000;
const KEY = 'wechat:wx01:token:oAbC';

export function describeMongooseOnDouble(major: string): void {
  const server = new MongoDouble();

  beforeAll(() => server.start());
  beforeEach(() => {
    server.collections.clear();
    server.commands.length = 0;
  });
  afterAll(() => server.stop());

  it(`runs on mongoose ${major}`, () => {
    expect(mongoose.version.split('.')[0]).toBe(major);
  });

  describeMongoose(`MongooseTokenStore by mongoose ${major} on a double of MongoDB`, {
    url: () => server.url,
    stop: () => server.stop(),
    start: () => server.start(),
  });

  describe('what it asks of MongoDB', () => {
    let connection: mongoose.Connection;
    let store: MongooseTokenStore;
    const now = Date.UTC(2026, 0, 1);
    const asked = () => server.commands.at(-1)!;

    beforeEach(async () => {
      connection = await connect(`${server.url}?readPreference=secondaryPreferred`);
      const model = connection.model<WechatTokenDocument>(WECHAT_TOKEN_MODEL, wechatTokenSchema);
      await model.init();
      store = new MongooseTokenStore(model, { now: () => now });
      server.commands.length = 0;
    });
    afterEach(() => connection.close());

    it('one command on one key per operation', async () => {
      await store.set(KEY, 'one', MINUTE);
      await store.setIfAbsent(KEY, 'two', MINUTE);
      await store.get(KEY);
      await store.replaceIfEqual(KEY, 'one', 'two', MINUTE);
      await store.replaceIfEqual(KEY, 'one', undefined, 0);
      await store.delete(KEY);
      const live = { $gt: new Date(now) };
      const $set = (value: string) => ({ $set: { value, expiresAt: new Date(now + MINUTE) } });
      expect(
        server.commands.map(
          (command) =>
            command['filter'] ??
            (command['updates'] as unknown[])?.[0] ??
            (command['deletes'] as unknown[])?.[0],
        ),
      ).toEqual([
        { q: { _id: KEY }, u: $set('one'), upsert: true },
        { q: { _id: KEY, expiresAt: { $lte: new Date(now) } }, u: $set('two'), upsert: true },
        { _id: KEY, expiresAt: live },
        { q: { _id: KEY, value: 'one', expiresAt: live }, u: $set('two') },
        { q: { _id: KEY, value: 'one', expiresAt: live }, limit: 1 },
        { q: { _id: KEY }, limit: 1 },
      ]);
      expect(server.collections.get('wechat_tokens')!.size).toBe(0);
    });

    it('a read of the primary, whatever the connection prefers', async () => {
      await store.get(KEY);
      expect(asked()).not.toHaveProperty('$readPreference.mode', 'secondaryPreferred');
    });

    it('an index that removes what is over', async () => {
      await connection.models[WECHAT_TOKEN_MODEL]!.createIndexes();
      expect(server.commands.at(-1)).toMatchObject({
        createIndexes: 'wechat_tokens',
        indexes: [{ key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
      });
    });

    it('nothing that a plugin, a hook or a setting of mongoose changes', async () => {
      mongoose.set('sanitizeFilter', true);
      try {
        await store.set(KEY, '$value', MINUTE);
        expect(await store.get(KEY)).toBe('$value');
        expect(Object.keys(server.collections.get('wechat_tokens')!.get(KEY)!)).toEqual([
          '_id',
          'value',
          'expiresAt',
        ]);
      } finally {
        mongoose.set('sanitizeFilter', false);
      }
    });
  });

  describe('when MongoDB refuses', () => {
    const refusal = (code: number) => ({ ok: 1, n: 0, writeErrors: [{ index: 0, code, errmsg: 'no' }] });

    it('repeats a write of a key that another client has just created', async () => {
      const { store, close } = await open(server.url);
      server.faults.push({ command: 'update', answer: refusal(11_000) });
      await store.set(KEY, 'one', MINUTE);
      expect(await store.get(KEY)).toBe('one');
      await close?.();
    });

    it.each([13, 121])('passes error %i on, and takes it for no answer', async (code) => {
      const { store, close } = await open(server.url);
      for (const operation of [
        () => store.set(KEY, 'one', MINUTE),
        () => store.setIfAbsent(KEY, 'one', MINUTE),
        () => store.replaceIfEqual(KEY, 'one', 'two', MINUTE),
      ]) {
        server.faults.push({ command: 'update', answer: refusal(code) });
        await expect(operation()).rejects.toMatchObject({ code });
      }
      server.faults.push({ command: 'find', answer: { ok: 0, code, errmsg: 'no' } });
      await expect(store.get(KEY)).rejects.toMatchObject({ code });
      await close?.();
    });

    it('creates nothing when the write was not acknowledged', async () => {
      const connection = await connect(server.url, { w: 0 });
      expect(await new MongooseTokenStore(connection).setIfAbsent(KEY, 'one', MINUTE)).toBe(false);
      await connection.close();
    });
  });

  describe('what it takes', () => {
    it('the model that a connection has already', async () => {
      const connection = await connect(server.url);
      const model = connection.model(WECHAT_TOKEN_MODEL, wechatTokenSchema, 'other_name');
      await model.init();
      await new MongooseTokenStore(connection).set(KEY, 'one', MINUTE);
      expect(server.collections.get('other_name')!.size).toBe(1);
      await connection.close();
    });

    it.each([undefined, null, 'mongodb://localhost', {}, Promise.resolve()])('not %p', (source) => {
      expect(() => new MongooseTokenStore(source as never)).toThrow(
        'got neither a connection nor a model of mongoose',
      );
    });
  });
}
