// CallbackTokenStore: what it makes of the shapes in which the predecessor's tokens come back, and
// what it keeps where.
import { Logger } from '@nestjs/common';
import mongoose from 'mongoose';
import { MemoryTokenStore, type TokenStore, WechatConfigError } from '../../../lib/index.js';
import {
  CallbackTokenStore,
  type CallbackTokenStoreOptions,
  type LegacyCallback,
  type LegacyStyle,
  type LegacyToken,
  type LegacyTokenCallbacks,
} from '../../../lib/stores/callback/index.js';
import type { TokenRecord } from '../../../lib/tokens/wechat-token.js';
import { failureOf } from '../../support/failure.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeParts } from '../../support/parts.js';

const OPENID = 'oAbC-dEf_0123456789';
const KEY = `wechat:wx01:token:${OPENID}`;
const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

const OLD: LegacyToken = {
  access_token: 'ACCESS',
  expires_in: 7_200,
  refresh_token: 'REFRESH',
  openid: OPENID,
  scope: 'snsapi_base,snsapi_userinfo',
  create_at: NOW,
};
const RECORD: TokenRecord = {
  accessToken: 'ACCESS',
  expiresAt: NOW + 7_200_000,
  refreshToken: 'REFRESH',
  issuedAt: NOW,
  openid: OPENID,
  scope: ['snsapi_base', 'snsapi_userinfo'],
  isSnapshotUser: false,
};

/** A storage of the old kind: one token per openid. */
function world(tokens: Record<string, unknown> = {}, options: CallbackTokenStoreOptions = {}) {
  const rest: TokenStore = new MemoryTokenStore({ now: () => NOW });
  const store = new CallbackTokenStore(
    {
      getToken: async (openid) => tokens[openid],
      saveToken: async (openid, token) => void (tokens[openid] = token),
    },
    { rest, now: () => NOW, ...options },
  );
  const read = async (key = KEY) => {
    const raw = await store.get(key);
    return raw === undefined ? undefined : (JSON.parse(raw) as TokenRecord);
  };
  return { tokens, rest, store, read };
}

let logs: LogCapture;
beforeEach(() => Logger.overrideLogger((logs = new LogCapture())));

describe('A token that the predecessor has kept', () => {
  it.each<[string, unknown, Partial<TokenRecord>]>([
    ['as it was saved', OLD, {}],
    ['from columns of text', { ...OLD, expires_in: '7200', create_at: `${NOW}` }, {}],
    ['with a date for the time', { ...OLD, create_at: new Date(NOW) }, {}],
    ['with spaces in the scope', { ...OLD, scope: 'snsapi_base, snsapi_userinfo ' }, {}],
    ['without a refresh token', { ...OLD, refresh_token: undefined }, { refreshToken: undefined }],
    ['with an empty refresh token', { ...OLD, refresh_token: '' }, { refreshToken: undefined }],
    ['without its openid', { ...OLD, openid: undefined }, {}],
    ['without its scope', { ...OLD, scope: null }, { scope: [] }],
    ['with a unionid', { ...OLD, unionid: 'UNION' }, { unionid: 'UNION' }],
    ['of a snapshot user', { ...OLD, is_snapshotuser: 1 }, { isSnapshotUser: true }],
    ['of a snapshot user, as text', { ...OLD, is_snapshotuser: '1' }, { isSnapshotUser: true }],
    [
      'without a time, which is over',
      { ...OLD, create_at: undefined },
      { expiresAt: 7_200_000, issuedAt: 0 },
    ],
    ['with nonsense for times', { ...OLD, create_at: 'x', expires_in: {} }, { expiresAt: 0, issuedAt: 0 }],
    ['with 0 for its life', { ...OLD, expires_in: 0 }, { expiresAt: NOW }],
  ])('%s', async (_, row, difference) => {
    const { read } = world({ [OPENID]: row });
    expect(await read()).toEqual(JSON.parse(JSON.stringify({ ...RECORD, ...difference })));
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['an empty object', {}],
    ['an empty access token', { ...OLD, access_token: '' }],
    ['a session of a mini program', { session_key: 'x', openid: OPENID, create_at: NOW }],
    ['no object', 'ACCESS'],
  ])('is missing: %s', async (_, row) => {
    const { store } = world({ [OPENID]: row });
    expect(await store.get(KEY)).toBeUndefined();
    expect(await store.setIfAbsent(KEY, JSON.stringify(RECORD), DAY)).toBe(true);
  });

  it("may be a document of mongoose by the README's schema", async () => {
    const Token = mongoose.model(
      'Token',
      new mongoose.Schema({
        access_token: String,
        expires_in: Number,
        refresh_token: String,
        openid: String,
        scope: String,
        create_at: String,
      }),
    );
    const { tokens, store, read } = world({ [OPENID]: new Token(OLD) });
    expect(await read()).toEqual(RECORD);
    await store.set(KEY, JSON.stringify({ ...RECORD, accessToken: 'NEXT', unionid: 'UNION' }), DAY);
    // What mongoose makes of what we save: numbers become text, and nothing is there that the
    // schema lacks.
    const saved = new Token(tokens[OPENID] as object);
    expect(saved.toObject({ versionKey: false })).toEqual({
      ...OLD,
      access_token: 'NEXT',
      create_at: `${NOW}`,
      _id: expect.anything(),
    });
    tokens[OPENID] = saved;
    expect(await read()).toEqual({ ...RECORD, accessToken: 'NEXT', unionid: 'UNION' });
  });
});

describe('A token that we save', () => {
  it('has the six fields of the predecessor and ends when it ends', async () => {
    const { tokens, store } = world();
    const expiresAt = NOW + 7_199_700;
    await store.set(KEY, JSON.stringify({ ...RECORD, expiresAt, unionid: 'UNION' }), DAY);
    expect(tokens[OPENID]).toEqual({ ...OLD, expires_in: 7_200, create_at: NOW - 300, unionid: 'UNION' });
  });

  it.each<[string, Partial<TokenRecord>, object]>([
    ['nothing', {}, {}],
    ['the unionid', { unionid: 'UNION' }, { unionid: 'UNION' }],
    ['that its person is made up', { isSnapshotUser: true }, { is_snapshotuser: 1 }],
  ])('hands on %s beside the six fields', async (_what, known, handedOn) => {
    const { tokens, store } = world();
    await store.set(KEY, JSON.stringify({ ...RECORD, ...known }), DAY);
    expect(tokens[OPENID]).toEqual({ ...OLD, ...handedOn });
    // A refresh writes what was read: a table with such columns keeps what it knew.
    const raw = (await store.get(KEY))!;
    const fresh = { ...(JSON.parse(raw) as TokenRecord), accessToken: 'NEXT' };
    await store.replaceIfEqual(KEY, raw, JSON.stringify(fresh), DAY);
    expect(tokens[OPENID]).toEqual({ ...OLD, access_token: 'NEXT', ...handedOn });
  });

  it('that is over already has no time left', async () => {
    const { tokens, store } = world();
    await store.set(KEY, JSON.stringify({ ...RECORD, expiresAt: NOW - 5_000 }), DAY);
    expect(tokens[OPENID]).toMatchObject({ expires_in: 0, create_at: NOW - 5_000 });
  });

  it('reads as it was written, with what there is no field for beside it', async () => {
    const record = { ...RECORD, unionid: 'UNION', isSnapshotUser: true, issuedAt: NOW - 9 * DAY };
    const { store, read, rest } = world();
    await store.set(KEY, JSON.stringify(record), DAY);
    expect(await read()).toEqual(record);
    const beside = (await rest.get(KEY))!;
    expect(beside).not.toMatch(/ACCESS|REFRESH/);
  });

  it('keeps its login time over a refresh by the old application, but not over a login there', async () => {
    const { tokens, store, read } = world();
    const issuedAt = NOW - 9 * DAY;
    await store.set(KEY, JSON.stringify({ ...RECORD, issuedAt, unionid: 'UNION' }), DAY);
    tokens[OPENID] = { ...OLD, access_token: 'THEIRS', create_at: NOW + 5 };
    expect(await read()).toMatchObject({ accessToken: 'THEIRS', issuedAt, unionid: 'UNION' });
    tokens[OPENID] = { ...OLD, refresh_token: 'LOGIN', create_at: NOW + 6 };
    expect(await read()).toMatchObject({ issuedAt: NOW + 6, unionid: 'UNION' });
  });

  it('is refused where it would be cut, said once', async () => {
    const { tokens, store } = world();
    const long = JSON.stringify({ ...RECORD, refreshToken: 'R'.repeat(201) });
    for (let i = 0; i < 2; i++) {
      await expect(store.set(KEY, long, DAY)).rejects.toThrow('the refresh_token has 201 characters');
    }
    expect(tokens).toEqual({});
    expect(logs.lines).toHaveLength(1);
    expect(logs.text).not.toContain('RRR');
    const wide = world({}, { maxTokenLength: 512 });
    await wide.store.set(KEY, long, DAY);
    expect(wide.tokens[OPENID]).toMatchObject({ refresh_token: 'R'.repeat(201) });
  });

  it.each([
    ['another openid', JSON.stringify({ ...RECORD, openid: 'oOther' }), 'token records'],
    ['something else', '{"locked":true}', 'token records'],
    ['no JSON', 'v1.sealed', 'JSON'],
  ])('has to be a record: not %s', async (_, value, message) => {
    const { tokens, store } = world();
    await expect(store.set(KEY, value, DAY)).rejects.toThrow(message);
    expect(tokens).toEqual({});
  });
});

describe('The operations', () => {
  it('replaceIfEqual reads again, and leaves alone what the old application has changed', async () => {
    const { tokens, store } = world({ [OPENID]: OLD });
    const seen = (await store.get(KEY))!;
    tokens[OPENID] = { ...OLD, access_token: 'THEIRS' };
    const mine = JSON.stringify({ ...RECORD, accessToken: 'MINE' });
    expect(await store.replaceIfEqual(KEY, seen, mine, DAY)).toBe(false);
    expect(await store.replaceIfEqual(KEY, seen, undefined, 0)).toBe(false);
    expect(tokens[OPENID]).toMatchObject({ access_token: 'THEIRS' });
    expect(await store.replaceIfEqual(KEY, (await store.get(KEY))!, mine, DAY)).toBe(true);
    expect(tokens[OPENID]).toMatchObject({ access_token: 'MINE' });
  });

  it.each(['delete', 'replaceIfEqual'] as const)(
    '%s leaves the token where it is and remembers that it is gone, until there is another',
    async (operation) => {
      const { tokens, store } = world({ [OPENID]: OLD });
      const done =
        operation === 'delete'
          ? await store.delete(KEY)
          : await store.replaceIfEqual(KEY, (await store.get(KEY))!, undefined, 0);
      expect(done).toBe(operation === 'delete' ? undefined : true);
      expect(await store.get(KEY)).toBeUndefined();
      expect(tokens[OPENID]).toEqual(OLD);
      tokens[OPENID] = { ...OLD, create_at: NOW + 1 };
      expect(await store.get(KEY)).toBeDefined();
    },
  );

  it('delete of nothing is nothing', async () => {
    const { rest, store } = world();
    await store.delete(KEY);
    expect(await rest.get(KEY)).toBeUndefined();
  });

  it.each(['setIfAbsent', 'replaceIfEqual'] as const)(
    '%s lets one of 50 callers in this process win',
    async (operation) => {
      const { tokens, store } = world(operation === 'setIfAbsent' ? {} : { [OPENID]: OLD });
      const seen = (await store.get(KEY)) ?? '';
      const won = await Promise.all(
        Array.from({ length: 50 }, (_, i) => {
          const value = JSON.stringify({ ...RECORD, accessToken: `CALLER${i}` });
          return operation === 'setIfAbsent'
            ? store.setIfAbsent(KEY, value, DAY)
            : store.replaceIfEqual(KEY, seen, value, DAY);
        }),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(tokens[OPENID]).toMatchObject({ access_token: `CALLER${won.indexOf(true)}` });
    },
  );

  it('everything that is not a token goes to the rest', async () => {
    const { tokens, rest, store } = world();
    for (const kind of ['lease', 'claim', 'login', 'session-key', 'ended']) {
      const key = `wechat:wx01:${kind}:${OPENID}`;
      expect(store.keepsInClear(key)).toBe(false);
      expect(await store.setIfAbsent(key, 'one', DAY)).toBe(true);
      expect(await store.setIfAbsent(key, 'two', DAY)).toBe(false);
      expect(await store.replaceIfEqual(key, 'one', 'two', DAY)).toBe(true);
      expect(await rest.get(key)).toBe('two');
      await store.set(key, 'three', DAY);
      expect(await store.get(key)).toBe('three');
      await store.delete(key);
      expect(await rest.get(key)).toBeUndefined();
    }
    expect(tokens).toEqual({});
  });

  it('tokens of other apps go to the rest where one app is named', async () => {
    const { tokens, rest, store } = world({}, { appId: 'wx01' });
    expect(store.keepsInClear(KEY)).toBe(true);
    expect(store.keepsInClear('wechat:wx02:token:oOther')).toBe(false);
    await store.set('wechat:wx02:token:oOther', 'v1.sealed', DAY);
    expect(await rest.get('wechat:wx02:token:oOther')).toBe('v1.sealed');
    await store.set(KEY, JSON.stringify(RECORD), DAY);
    expect(Object.keys(tokens)).toEqual([OPENID]);
  });

  it('passes on that a rest of its own kind keeps in clear', () => {
    const inner = world().store;
    expect(world({}, { appId: 'wx02', rest: inner }).store.keepsInClear(KEY)).toBe(true);
  });
});

describe('A storage of files, as in the README of the predecessor', () => {
  const failing = (code: unknown) => Object.assign(new Error('hunter2 at /secret/path'), { code });
  const files = (code: unknown, saved: Record<string, unknown> = {}) =>
    new CallbackTokenStore(
      {
        getToken: (openid, callback) =>
          openid in saved ? callback(null, saved[openid]) : callback(failing(code)),
        saveToken: (openid, token, callback) => {
          saved[openid] = token;
          callback(null);
        },
      },
      { now: () => NOW },
    );

  it.each(['ENOENT', 'LEVEL_NOT_FOUND'])(
    'has nobody where it says %s, and takes the first login',
    async (code) => {
      const saved: Record<string, unknown> = {};
      const store = files(code, saved);
      expect(await store.get(KEY)).toBeUndefined();
      expect(await store.setIfAbsent(KEY, JSON.stringify(RECORD), DAY)).toBe(true);
      expect(saved[OPENID]).toMatchObject({ access_token: 'ACCESS' });
      expect(await store.get(KEY)).toBeDefined();
      expect(logs.lines).toEqual([]);
    },
  );

  it.each([
    ['EACCES', '(EACCES)'],
    ['SQLITE_BUSY', '(SQLITE_BUSY)'],
    ['enoent', 'failed.'],
    ['hunter2 ENOENT', 'failed.'],
    [2, 'failed.'],
    [undefined, 'failed.'],
  ])('that fails with %j says which function and no more, once', async (code, said) => {
    const store = files(code);
    await expect(store.get(KEY)).rejects.toThrow('hunter2');
    await expect(store.get(KEY)).rejects.toThrow('hunter2');
    expect(logs.lines).toHaveLength(1);
    expect(logs.text).toContain('getToken failed');
    expect(logs.text).toContain(said);
    expect(logs.text).not.toContain('hunter2');
  });
});

describe('Trouble', () => {
  it("does not take one person's token for another's", async () => {
    const { store } = world({ [OPENID]: { ...OLD, openid: OPENID.toLowerCase() } });
    await expect(store.get(KEY)).rejects.toThrow('utf8_bin');
    await expect(store.setIfAbsent(KEY, JSON.stringify(RECORD), DAY)).rejects.toThrow('another openid');
    expect(logs.lines).toHaveLength(1);
  });

  it('rejects when the rest cannot say whether somebody is a snapshot user', async () => {
    const { store, rest } = world({ [OPENID]: OLD });
    rest.get = () => Promise.reject(new Error('down'));
    await expect(store.get(KEY)).rejects.toThrow('down');
  });

  it('reads a token whose neighbour in the rest is damaged', async () => {
    const { read, rest } = world({ [OPENID]: OLD });
    for (const damaged of ['{', 'null', '"text"']) {
      await rest.set(KEY, damaged, DAY);
      expect(await read()).toEqual(RECORD);
    }
  });

  it.each<[unknown, string]>([
    [undefined, 'getToken'],
    [{}, 'getToken'],
    [{ getToken: () => null }, 'saveToken'],
    [{ getToken: () => null, saveToken: {} }, 'saveToken'],
  ])('names the function that is missing: %#', (callbacks, name) => {
    expect(() => new CallbackTokenStore(callbacks as never)).toThrow(
      `"CallbackTokenStore.${name}" is not a function`,
    );
  });

  it('warns in production when the rest is in memory', () => {
    const before = process.env.NODE_ENV;
    const callbacks = { getToken: () => null, saveToken: () => undefined };
    try {
      process.env.NODE_ENV = 'production';
      expect(new CallbackTokenStore(callbacks)).toBeDefined();
      expect(new CallbackTokenStore(callbacks, { rest: new MemoryTokenStore() })).toBeDefined();
    } finally {
      process.env.NODE_ENV = before;
    }
    expect(logs.lines).toEqual([{ level: 'warn', text: expect.stringContaining('has no `rest`') }]);
  });
});

describe('The two forms of the pair', () => {
  const use = (getToken: unknown, saveToken: unknown = () => undefined) =>
    new CallbackTokenStore({ getToken, saveToken } as never, { rest: new MemoryTokenStore() });
  const value = JSON.stringify(RECORD);
  type Cb = (error?: unknown, token?: unknown) => void;

  it.each<[string, unknown]>([
    ['a callback at once', (_: string, cb: Cb) => cb(null, OLD)],
    ['a callback later', (_: string, cb: Cb) => setImmediate(cb, null, OLD)],
    ['a callback of an async function', async (_: string, cb: Cb) => cb(undefined, OLD)],
    ['a promise', async () => OLD],
    ['an answer', () => OLD],
  ])('getToken by %s', async (_, getToken) => {
    expect(JSON.parse((await use(getToken).get(KEY))!)).toEqual(RECORD);
  });

  it.each<[string, (saved: unknown[]) => unknown]>([
    [
      'a callback',
      (saved) => (openid: string, token: unknown, cb: Cb) => cb(void saved.push([openid, token])),
    ],
    ['a promise', (saved) => async (openid: string, token: unknown) => void saved.push([openid, token])],
  ])('saveToken by %s', async (_, saveTo) => {
    const saved: unknown[] = [];
    await use(() => null, saveTo(saved)).set(KEY, value, DAY);
    expect(saved).toEqual([[OPENID, expect.objectContaining({ access_token: 'ACCESS' })]]);
  });

  it.each<[string, unknown]>([
    ['a callback with an error', (_: string, cb: Cb) => cb(new Error('lost'))],
    [
      'a throw before the callback',
      (_openid: string, _callback: Cb) => {
        throw new Error('lost');
      },
    ],
    [
      'a rejection before the callback',
      async (_openid: string, _callback: Cb) => {
        throw new Error('lost');
      },
    ],
    [
      'a rejection',
      async () => {
        throw new Error('lost');
      },
    ],
    [
      'a throw',
      () => {
        throw new Error('lost');
      },
    ],
  ])('an error comes through: %s', async (_, getToken) => {
    await expect(use(getToken).get(KEY)).rejects.toThrow('lost');
  });

  it.each<[string, LegacyStyle, LegacyTokenCallbacks]>([
    [
      'a callback with a default',
      'callback',
      {
        getToken: (_openid, done = () => {}) => done(null, OLD),
        saveToken: (_openid, _token, done = () => {}) => done(),
      },
    ],
    [
      'any number of arguments',
      'callback',
      {
        getToken: (...all: unknown[]) => (all.at(-1) as LegacyCallback)(null, OLD),
        saveToken: (...all: unknown[]) => (all.at(-1) as LegacyCallback)(),
      },
    ],
    [
      'a callback with a default, called later',
      'callback',
      {
        getToken: (_openid, done = () => {}) => void setImmediate(done, null, OLD),
        saveToken: (_openid, _token, done = () => {}) => void setImmediate(done),
      },
    ],
    [
      'more parameters than a callback, but a promise',
      'promise',
      {
        getToken: async (_openid: string, _options: unknown) => OLD,
        saveToken: async (_openid: string, _token: object, _options: unknown) => {},
      },
    ],
  ])('a function with %s is called in the style that is said: %s', async (_what, style, callbacks) => {
    const store = new CallbackTokenStore(callbacks, { style });
    const raw = await store.get(KEY);
    expect(JSON.parse(raw!)).toMatchObject({ accessToken: OLD.access_token });
    await store.set(KEY, raw!, 1_000_000);
  });

  it('a style that is neither is refused', () => {
    const pair = { getToken: () => null, saveToken: () => {} };
    expect(() => new CallbackTokenStore(pair, { style: 'Promise' as never })).toThrow(/style.*is neither/);
  });

  it.each<[string, LegacyTokenCallbacks['getToken'], LegacyStyle | undefined]>([
    ['a generator', function* () { yield OLD; }, undefined], // prettier-ignore
    ['an async generator', async function* () { yield OLD; }, undefined], // prettier-ignore
    ['a generator with a callback', function* (_openid: string, done: LegacyCallback) { yield done; }, undefined], // prettier-ignore
    ['a generator that is said to take a callback', function* () { yield OLD; }, 'callback'], // prettier-ignore
    ['a generator that is said to give a promise', function* () { yield OLD; }, 'promise'], // prettier-ignore
    ['an async function that gives a generator', async () => (function* () { yield OLD; })(), undefined], // prettier-ignore
  ])('%s is a mistake that is named, once in the log', async (_what, getToken, style) => {
    const store = new CallbackTokenStore({ getToken, saveToken: () => {} }, { style });
    for (let turn = 0; turn < 2; turn++) {
      const error = await failureOf(() => store.get(KEY));
      expect(error).toBeInstanceOf(WechatConfigError);
      expect(error.message).toMatch(/CallbackTokenStore.getToken" is a generator/);
    }
    expect(logs.lines).toEqual([{ level: 'error', text: expect.stringContaining('is a generator') }]);
  });

  it('an error that is none becomes one without its text, which may hold a token', async () => {
    await expect(use((_: string, cb: Cb) => cb('ACCESS lost')).get(KEY)).rejects.toThrow('getToken failed');
  });

  it('a query that has a callback is not sent a second time', async () => {
    let sent = 0;
    const getToken = (_: string, cb: Cb) => {
      cb(null, OLD);
      // As mongoose's queries are: asking for the answer sends them.
      // oxlint-disable-next-line unicorn/no-thenable
      return { then: () => void sent++ };
    };
    expect(await use(getToken).get(KEY)).toBeDefined();
    expect(sent).toBe(0);
  });

  it('they are called as methods of what was given', async () => {
    const storage: { tokens: Record<string, unknown> } & LegacyTokenCallbacks = {
      tokens: { [OPENID]: OLD },
      async getToken(openid: string): Promise<unknown> {
        return this.tokens[openid];
      },
      async saveToken(openid: string, token: unknown): Promise<void> {
        this.tokens[openid] = token;
      },
    };
    const store = new CallbackTokenStore(storage, { rest: new MemoryTokenStore() });
    await store.set(KEY, JSON.stringify({ ...RECORD, accessToken: 'NEXT' }), DAY);
    expect(JSON.parse((await store.get(KEY))!)).toMatchObject({ accessToken: 'NEXT' });
  });
});

describe('With a sessionSecret', () => {
  it('tokens stay in clear and the rest is sealed', async () => {
    const { tokens, rest, store } = world({ [OPENID]: OLD });
    const { vault } = makeParts({ sessionSecret: 'session-secret-canary-0123456789abcdef' }, { store });
    const shape = () => true;
    expect((await vault.read<TokenRecord>(KEY, shape))?.value).toEqual(RECORD);
    await vault.write(KEY, { ...RECORD, accessToken: 'NEXT' }, DAY);
    expect(tokens[OPENID]).toMatchObject({ access_token: 'NEXT' });
    const other = vault.key('wx01', 'session-key', OPENID);
    await vault.write(other, { sessionKey: 'KEY' }, DAY);
    expect(await rest.get(other)).toMatch(/^v1\./);
  });
});

describe('messages between processes', () => {
  const talking = (parts: Partial<TokenStore>) => Object.assign(new MemoryTokenStore() as TokenStore, parts);
  const both = {
    publish: async function (this: unknown) {
      expect(this).toBeInstanceOf(MemoryTokenStore);
    },
    subscribe: async () => async () => undefined,
  };

  it('go through the rest, where that has both methods', async () => {
    const { store } = world({}, { rest: talking(both) });
    await store.publish!('wechat:wx01:scan:a', 'one');
    expect(await store.subscribe!('wechat:wx01:scan:a', () => undefined)).toBeInstanceOf(Function);
  });

  it.each([[{}], [{ publish: both.publish }], [{ subscribe: both.subscribe }]])(
    'are not to be had where it does not',
    (parts) => {
      const { store } = world({}, { rest: talking(parts) });
      expect([store.publish, store.subscribe]).toEqual([undefined, undefined]);
    },
  );
});
