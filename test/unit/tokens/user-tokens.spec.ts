// The life of a person's token, through the public service and down to the wire: issued, kept,
// refreshed once for all who wait, dropped when it is dead.
import {
  WechatTokenNotFoundError,
  WechatStoreError,
  WechatInputError,
  WechatResponseError,
} from '../../../lib/errors/errors.js';
import { toHttpStatus } from '../../../lib/errors/http-status.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { APP_SECRET, makeParts } from '../../support/parts.js';
import type { WireRequest } from '../../support/wire.js';
import {
  OPENID,
  UNIONID,
  KEY,
  SESSION_SECRET,
  EXCHANGE,
  REFRESH,
  USERINFO,
  HOUR,
  DAY,
  LIFE,
  token,
  refreshed,
  profile,
  refusal,
  wire,
  logs,
  store,
  parts,
  start,
  stored,
  signIn,
  sent,
  rewire,
} from './token-kit.js';

describe('getAccessToken', () => {
  it('gives the token with absolute times', async () => {
    wire.on(EXCHANGE, token(1, { scope: 'snsapi_base,snsapi_userinfo', is_snapshotuser: 1 }));
    const result = await parts.service.getAccessToken('CODE');
    expect(result).toMatchObject({
      accessToken: 'AT1',
      refreshToken: 'RT1',
      expiresAt: parts.runtime.time + LIFE,
      openid: OPENID,
      unionid: UNIONID,
      scope: ['snsapi_base', 'snsapi_userinfo'],
      isSnapshotUser: true,
    });
  });

  it('counts the life of a token from before the request: a slow network makes none look fresher', async () => {
    const before = parts.runtime.time;
    wire.on(EXCHANGE, () => {
      parts.runtime.time += 4_000;
      return token(1);
    });
    expect((await parts.service.getAccessToken('CODE')).expiresAt).toBe(before + LIFE);
    expect(await stored()).toMatchObject({ issuedAt: before, expiresAt: before + LIFE });
  });

  it('keeps exactly this, with numbers as numbers', async () => {
    wire.on(EXCHANGE, token(1, { expires_in: '7200' }));
    await parts.service.getAccessToken('CODE');
    expect(await stored()).toStrictEqual({
      accessToken: 'AT1',
      expiresAt: parts.runtime.time + LIFE,
      refreshToken: 'RT1',
      issuedAt: parts.runtime.time,
      openid: OPENID,
      unionid: UNIONID,
      scope: ['snsapi_userinfo'],
      isSnapshotUser: false,
    });
  });

  it('sends one request for a code, however many ask for it', async () => {
    wire.on(EXCHANGE, token(1));
    const tokens = await Promise.all(Array.from({ length: 20 }, () => parts.service.getAccessToken('CODE')));
    expect(wire.count(EXCHANGE)).toBe(1);
    expect(new Set(tokens.map(({ accessToken }) => accessToken))).toEqual(new Set(['AT1']));
  });

  it('tells all of them when it fails, and asks again for those who come later', async () => {
    wire.queue(EXCHANGE, refusal(40029), token(1));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => parts.service.getAccessToken('CODE')),
    );
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(wire.count(EXCHANGE)).toBe(1);
    await parts.service.getAccessToken('CODE');
    expect(wire.count(EXCHANGE)).toBe(2);
  });

  it('keeps codes and apps apart', async () => {
    start({
      apps: {
        one: { type: 'website', appId: 'wx1111', secret: 's1' },
        two: { type: 'website', appId: 'wx2222', secret: 's2' },
      },
    });
    wire.on(EXCHANGE, token(1));
    const { service } = parts;
    await Promise.all([
      service.app('one').getAccessToken('CODE-1'),
      service.app('one').getAccessToken('CODE-2'),
      service.app('two').getAccessToken('CODE-1'),
    ]);
    expect(wire.requests.map(({ query }) => [query['appid'], query['secret'], query['code']]).sort()).toEqual(
      [
        ['wx1111', 's1', 'CODE-1'],
        ['wx1111', 's1', 'CODE-2'],
        ['wx2222', 's2', 'CODE-1'],
      ],
    );
  });

  it.each([[undefined], [''], [['CODE']], [{ toString: (): string => 'CODE' }], [Symbol('CODE')]])(
    'refuses %p without spoiling the exchange of a code that looks the same',
    async (code) => {
      wire.on(EXCHANGE, token(1));
      const wrong = failureOf(() => parts.service.getAccessToken(code as string));
      const right = parts.service.getAccessToken('CODE');
      expect(await wrong).toBeInstanceOf(WechatInputError);
      await expect(right).resolves.toMatchObject({ accessToken: 'AT1' });
    },
  );

  it('keeps the entry as long as its refresh token lives', async () => {
    await signIn();
    parts.runtime.time += 30 * DAY - 1;
    expect(await stored()).toBeDefined();
    parts.runtime.time += 1;
    expect(await stored()).toBeUndefined();
  });

  it('keeps the entry of a token without refresh token no longer than that token', async () => {
    await signIn({ refresh_token: undefined });
    parts.runtime.time += LIFE;
    expect(await stored()).toBeUndefined();
  });
});

describe('The store', () => {
  /** Everything that any operation was given. */
  function record(): string[] {
    const seen: string[] = [];
    for (const name of ['get', 'set', 'setIfAbsent', 'replaceIfEqual', 'delete'] as const) {
      const before = store[name] as (...args: unknown[]) => Promise<never>;
      store[name] = (...args: unknown[]) => {
        seen.push(...args.map(String));
        return before(...args);
      };
    }
    return seen;
  }

  async function useEverything(): Promise<void> {
    wire.on(EXCHANGE, token(1)).on(REFRESH, refreshed(2)).on(USERINFO, profile);
    await parts.service.getAccessToken('CODE');
    parts.runtime.time += 3 * HOUR;
    await parts.service.getUser(OPENID);
    await parts.service.refreshAccessToken('RT2');
  }

  it('never gets to see the app secret', async () => {
    const seen = record();
    await useEverything();
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.filter((text) => text.includes(APP_SECRET))).toEqual([]);
    const keys = new Set(seen.filter((text) => text.startsWith('wechat:')));
    expect([...keys].toSorted()).toEqual([KEY.replace(':token:', ':lease:'), KEY]);
  });

  it('never gets to see a token either once a sessionSecret is configured', async () => {
    start({ sessionSecret: SESSION_SECRET });
    const seen = record();
    await useEverything();
    expect(seen.filter((text) => /"[AR]T\d"|accessToken/.test(text))).toEqual([]);
    expect(seen.some((text) => text.startsWith('v1.'))).toBe(true);
  });

  it('whose rows were swapped between two people gives neither the token of the other', async () => {
    start({ sessionSecret: SESSION_SECRET });
    const other = 'oGHIJKL-0123_456789';
    wire.queue(EXCHANGE, token(1), token(2, { openid: other }));
    wire.on(USERINFO, ({ query }: WireRequest) => ({ openid: query['openid'] }));
    await parts.service.getAccessToken('CODE-1');
    await parts.service.getAccessToken('CODE-2');
    const otherKey = KEY.replace(OPENID, other);
    const [mine, theirs] = [await store.get(KEY), await store.get(otherKey)];
    await store.set(KEY, theirs!, DAY);
    await store.set(otherKey, mine!, DAY);
    expect(await failureOf(() => parts.service.getUser(OPENID))).toBeInstanceOf(WechatTokenNotFoundError);
    expect(await failureOf(() => parts.service.getUser(other))).toBeInstanceOf(WechatTokenNotFoundError);
    expect(wire.count(USERINFO)).toBe(0);
  });

  it.each([['{}'], ['[]'], ['null'], ['hello'], ['{"accessToken":"AT9"}']])(
    'that holds %p instead of a record does not hinder a login, which replaces it',
    async (raw) => {
      await store.set(KEY, raw, DAY);
      expect(await failureOf(() => parts.service.getUser(OPENID))).toBeInstanceOf(WechatTokenNotFoundError);
      await signIn({ scope: 'snsapi_base' });
      expect(await stored()).toMatchObject({ accessToken: 'AT1' });
    },
  );

  it('that is down lets a login through, and everything that needs no store', async () => {
    store.mode = 'rejects';
    wire.on(EXCHANGE, token(1)).on(REFRESH, refreshed(2)).on(USERINFO, profile);
    await expect(parts.service.getAccessToken('CODE')).resolves.toMatchObject({ accessToken: 'AT1' });
    await expect(parts.service.getUserByCode('CODE-2')).resolves.toMatchObject({ nickname: 'Ming' });
    await expect(parts.service.refreshAccessToken('RT1')).resolves.toMatchObject({ accessToken: 'AT2' });
    const error = await failureOf(() => parts.service.getUser(OPENID));
    expect(error).toBeInstanceOf(WechatStoreError);
    expect([error, toHttpStatus(error)]).toMatchObject([{ kind: 'store', code: 'WECHAT_STORE' }, 503]);
    expect(logs.lines.map(({ level }) => level)).toEqual(['error']);
    expectFreeOf(logs.text, [APP_SECRET, 'CODE', 'AT1', 'RT1', 'AT2']);
  });

  it('that goes down between reading and writing does not cost the refreshed token', async () => {
    await signIn();
    parts.runtime.time += 3 * HOUR;
    wire.on(REFRESH, () => {
      store.mode = 'throws';
      return refreshed(2);
    });
    wire.on(USERINFO, profile);
    await expect(parts.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
    expect(sent(USERINFO, 'access_token')).toEqual(['AT2']);
  });
});

describe('The token that is kept of a person', () => {
  it('is given as it is while it is good, and to a thousand who ask after that by one refresh', async () => {
    await signIn();
    expect(await parts.service.getStoredToken(OPENID)).toMatchObject({ openid: OPENID, accessToken: 'AT1' });
    expect(wire.count(REFRESH)).toBe(0);

    parts.runtime.time += 3 * HOUR;
    wire.on(REFRESH, refreshed(2));
    const asked = Array.from({ length: 1_000 }, () => parts.service.getStoredToken(OPENID));
    const given = new Set((await Promise.all(asked)).map((one) => one?.accessToken));
    expect([...given, wire.count(REFRESH), wire.count(USERINFO)]).toEqual(['AT2', 1, 0]);
  });

  it('is undefined where there is none, and no answer where nobody can tell', async () => {
    expect(await parts.service.getStoredToken(OPENID)).toBeUndefined();
    expect(await failureOf(() => parts.service.getStoredToken(''))).toMatchObject({ code: 'WECHAT_INPUT' });
    await signIn();
    store.mode = 'rejects';
    expect(await failureOf(() => parts.service.getStoredToken(OPENID))).toBeInstanceOf(WechatStoreError);
  });

  it('is an error of kind token when WeChat does not refresh it any more', async () => {
    await signIn();
    parts.runtime.time += 3 * HOUR;
    wire.on(REFRESH, { errcode: 42002, errmsg: 'refresh_token expired' });
    expect(await failureOf(() => parts.service.getStoredToken(OPENID))).toMatchObject({ kind: 'token' });
    expect(await parts.service.getStoredToken(OPENID)).toBeUndefined();
  });

  it('gives no secret away when it is logged', async () => {
    await signIn();
    const given = await parts.service.getStoredToken(OPENID);
    expectFreeOf(given, ['AT1', 'RT1']);
  });
});

describe('A store that can be written and not read', () => {
  /** As the predecessor's function pair on a storage whose reads fail. */
  class Unreadable extends MemoryTokenStore {
    fails = true;

    override async get(key: string): Promise<string | undefined> {
      if (this.fails) throw new Error('EACCES');
      return super.get(key);
    }

    // The pair has no such function, so its store reads first.
    override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
      await this.get(key);
      return super.setIfAbsent(key, value, ttlMs);
    }
  }

  it.each<[string, object, boolean]>([
    ['a token that gives the profile', {}, true],
    ['a base token, which could lie over a better one', { scope: 'snsapi_base' }, false],
    ['a made-up visitor’s, which could lie over a person’s', { is_snapshotuser: 1 }, false],
  ])('keeps of a new login: %s', async (_what, more, kept) => {
    const unreadable = new Unreadable();
    const { service } = makeParts({ sessionSecret: SESSION_SECRET }, { store: unreadable });
    wire.on(EXCHANGE, token(1, more));

    await service.getAccessToken('code');

    unreadable.fails = false;
    expect((await unreadable.get(KEY)) !== undefined).toBe(kept);
  });
});

describe('A login with snsapi_base', () => {
  const BASE = { scope: 'snsapi_base', unionid: undefined };

  it('does not overwrite a token that gives the profile', async () => {
    await signIn();
    rewire().on(EXCHANGE, token(2, BASE));
    const result = await parts.service.getAccessToken('CODE-2');
    expect(result).toMatchObject({ accessToken: 'AT2', scope: ['snsapi_base'] });
    expect(await stored()).toMatchObject({ accessToken: 'AT1', scope: ['snsapi_userinfo'] });
  });

  it('does not overwrite one that can still be refreshed', async () => {
    wire.queue(EXCHANGE, token(1), token(2, BASE));
    await parts.service.getAccessToken('CODE-1');
    parts.runtime.time += 30 * DAY - 1;
    await parts.service.getAccessToken('CODE-2');
    expect(await stored()).toMatchObject({ accessToken: 'AT1' });
  });

  it('of a snapshot visitor does not overwrite a person’s, whatever its scope', async () => {
    wire.queue(EXCHANGE, token(1, BASE), token(2, { is_snapshotuser: 1 }), token(3));
    await parts.service.getAccessToken('CODE-1');
    await parts.service.getAccessToken('CODE-2');
    expect(await stored()).toMatchObject({ accessToken: 'AT1' });
    await parts.service.getAccessToken('CODE-3');
    expect(await stored()).toMatchObject({ accessToken: 'AT3' });
  });

  it('does overwrite one that is dead', async () => {
    wire.queue(EXCHANGE, token(1, { refresh_token: undefined }), token(2, BASE));
    // A store that does not expire entries by itself, or not yet.
    const lazy = new FlakyStore({ now: () => 0 });
    start({}, lazy);
    await parts.service.getAccessToken('CODE-1');
    parts.runtime.time += LIFE - 1;
    await parts.service.getAccessToken('CODE-2');
    expect(await stored()).toMatchObject({ accessToken: 'AT1' });
    parts.runtime.time += 1;
    await parts.service.getAccessToken('CODE-3');
    expect(await stored()).toMatchObject({ accessToken: 'AT2', scope: ['snsapi_base'] });
  });

  it('overwrites another one of its kind, and is overwritten by a better one', async () => {
    wire.queue(EXCHANGE, token(1, BASE), token(2, BASE), token(3));
    for (const [index, code] of ['CODE-1', 'CODE-2', 'CODE-3'].entries()) {
      await parts.service.getAccessToken(code);
      expect(await stored()).toMatchObject({ accessToken: `AT${index + 1}` });
    }
  });

  it('at the same time as one with userinfo loses, in whatever order the answers come', async () => {
    for (let round = 0; round < 20; round++) {
      start();
      rewire().on(EXCHANGE, async ({ query }: WireRequest) => {
        for (let i = 0; i < (query['code'] === 'BASE' ? round % 5 : (round / 5) | 0); i++)
          await Promise.resolve();
        return query['code'] === 'BASE' ? token(2, BASE) : token(1);
      });
      const codes = round % 2 ? ['BASE', 'FULL'] : ['FULL', 'BASE'];
      await Promise.all(codes.map((code) => parts.service.getAccessToken(code)));
      expect(await stored()).toMatchObject({ accessToken: 'AT1', scope: ['snsapi_userinfo'] });
    }
  });

  it('that looked first and writes last loses too', async () => {
    wire.on(EXCHANGE, ({ query }: WireRequest) => (query['code'] === 'BASE' ? token(2, BASE) : token(1)));
    const { setIfAbsent } = store;
    let held: (() => void) | undefined;
    const looked = new Promise<void>((resolve) => {
      store.setIfAbsent = async (...args) => {
        if (args[1].includes('AT2')) {
          resolve();
          await new Promise<void>((go) => (held = go));
        }
        return setIfAbsent(...args);
      };
    });
    const base = parts.service.getAccessToken('BASE');
    await looked;
    await parts.service.getAccessToken('FULL');
    held!();
    await base;
    expect(await stored()).toMatchObject({ accessToken: 'AT1' });
  });
});

describe('getUser', () => {
  it('asks with the stored token, and for the configured language', async () => {
    await signIn();
    wire.on(USERINFO, profile);
    await expect(parts.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
    await parts.service.getUser({ openid: OPENID });
    await parts.service.getUser({ openid: OPENID, lang: 'zh_TW' });
    expect(sent(USERINFO, 'access_token')).toEqual(['AT1', 'AT1', 'AT1']);
    expect(sent(USERINFO, 'lang')).toEqual(['en', 'en', 'zh_TW']);
    expect(wire.count(REFRESH)).toBe(0);
  });

  it('fills in the unionid that the token answer told', async () => {
    await signIn();
    wire.queue(USERINFO, profile, { ...profile, unionid: UNIONID });
    expect((await parts.service.getUser(OPENID)).unionid).toBe(UNIONID);
    expect((await parts.service.getUser(OPENID)).unionid).toBe(UNIONID);
  });

  it('refuses a profile of another unionid', async () => {
    await signIn();
    wire.on(USERINFO, { ...profile, unionid: 'uSomebodyElse' });
    const error = await failureOf(() => parts.service.getUser(OPENID));
    expect(error).toBeInstanceOf(WechatResponseError);
    expect(error).toMatchObject({ problem: 'the profile belongs to another unionid' });
  });

  it.each([
    ['nobody', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty text', ''],
    ['another key of the store', 'x:session-key:oABCDEF'],
    ['a text with a line end', `${OPENID}\nERROR`],
    ['a long text', 'o'.repeat(129)],
    ['an object without openid', {}],
    ['a list', [OPENID]],
  ])('refuses %s before anybody is asked', async (_name, openid) => {
    const gets: string[] = [];
    store.get = async (key) => void gets.push(key);
    const error = await failureOf(() => parts.service.getUser(openid as string));
    expect(error).toBeInstanceOf(WechatInputError);
    expect(error).toMatchObject({ kind: 'token', parameter: 'openid' });
    expect(error.message).not.toContain('ERROR');
    expect(gets).toEqual([]);
  });

  it.each([[OPENID], ['__proto__'], ['constructor'], ['toString']])(
    'has no token for %p, who never signed in',
    async (openid) => {
      const error = await failureOf(() => parts.service.getUser(openid));
      expect(error).toBeInstanceOf(WechatTokenNotFoundError);
      expect(error).toMatchObject({ kind: 'token', openid });
      expect(wire.requests).toEqual([]);
    },
  );

  it('does not take the session of a mini program for a token', async () => {
    start({ type: 'mini-program' });
    wire.on('/sns/jscode2session', { openid: OPENID, session_key: 'K' });
    await parts.service.getSessionKey('CODE');
    expect(await failureOf(() => parts.service.getUser(OPENID))).toBeInstanceOf(WechatTokenNotFoundError);
    expect(wire.count(REFRESH)).toBe(0);
  });

  it.each([
    [48001, 'consent'],
    [50002, 'blocked'],
    [40003, 'token'],
    [45011, 'quota'],
  ])('gives no second chance after %d', async (errcode, kind) => {
    await signIn();
    wire.on(USERINFO, refusal(errcode));
    expect(await failureOf(() => parts.service.getUser(OPENID))).toMatchObject({ errcode, kind });
    expect(wire.count(USERINFO)).toBe(1);
    expect(wire.count(REFRESH)).toBe(0);
  });
});
