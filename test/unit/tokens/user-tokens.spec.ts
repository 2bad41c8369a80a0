// The life of a person's token, through the public service and down to the wire: issued, kept,
// refreshed once for all who wait, dropped when it is dead.
import { Logger } from '@nestjs/common';
import {
  WechatTokenNotFoundError,
  WechatStoreError,
  WechatApiError,
  WechatInputError,
  WechatNetworkError,
  WechatResponseError,
} from '../../../lib/errors/errors.js';
import { toHttpStatus } from '../../../lib/errors/http-status.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';
import type { TokenRecord } from '../../../lib/tokens/wechat-token.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { APP_ID, APP_SECRET, makeParts, type Parts } from '../../support/parts.js';
import { Fault, Wire, type WireRequest } from '../../support/wire.js';

const OPENID = 'oABCDEF-0123_456789';
const UNIONID = 'uABCDEF-0123_456789';
const KEY = `wechat:${APP_ID}:token:${OPENID}`;
const SESSION_SECRET = 'session-secret-canary-0123456789abcdef';
const EXCHANGE = '/sns/oauth2/access_token';
const REFRESH = '/sns/oauth2/refresh_token';
const USERINFO = '/sns/userinfo';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LIFE = 7_200_000;

/** What the exchange answers; `n` tells tokens apart. */
const token = (n: number, more: object = {}) => ({
  access_token: `AT${n}`,
  expires_in: 7200,
  refresh_token: `RT${n}`,
  openid: OPENID,
  scope: 'snsapi_userinfo',
  unionid: UNIONID,
  ...more,
});
/** What a refresh answers: without unionid. */
const refreshed = (n: number, more: object = {}) => ({ ...token(n), unionid: undefined, ...more });
const profile = { openid: OPENID, nickname: 'Ming' };
const refusal = (errcode: number) => ({ errcode, errmsg: `no, rid: 61-${errcode}` });

let wire: Wire;
let logs: LogCapture;
let store: FlakyStore;
let parts: Parts;

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  wire = new Wire();
  start();
});
afterEach(() => {
  wire.close();
  Logger.overrideLogger(false);
});

/** A process with a store of its own, or one that it shares. */
function start(options: Parameters<typeof makeParts>[0] = {}, shared?: FlakyStore): Parts {
  store = shared ?? new FlakyStore({ now: () => parts.runtime.now() });
  parts = makeParts(options, { store });
  return parts;
}

const stored = async (): Promise<TokenRecord | undefined> => {
  const raw = await store.get(KEY);
  return raw === undefined ? undefined : (JSON.parse(raw) as TokenRecord);
};
/** Somebody who signed in with the userinfo scope. */
async function signIn(more: object = {}): Promise<void> {
  wire.on(EXCHANGE, token(1, more));
  await parts.service.getAccessToken('CODE');
}
const sent = (endpoint: string, parameter: string) =>
  wire.requests
    .filter((request: WireRequest) => request.endpoint === endpoint)
    .map(({ query }) => query[parameter]);

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
    wire.close();
    wire = new Wire().on(EXCHANGE, token(2, BASE));
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
      wire.close();
      wire = new Wire().on(EXCHANGE, async ({ query }: WireRequest) => {
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

describe('An expired token', () => {
  beforeEach(async () => {
    await signIn();
    parts.runtime.time += LIFE;
  });

  it('is refreshed once for ten who ask at the same time', async () => {
    wire.on(REFRESH, refreshed(2)).on(USERINFO, profile);
    await Promise.all(Array.from({ length: 10 }, () => parts.service.getUser(OPENID)));
    expect(sent(REFRESH, 'refresh_token')).toEqual(['RT1']);
    expect(sent(USERINFO, 'access_token')).toEqual(Array.from({ length: 10 }, () => 'AT2'));
  });

  it('is refreshed once for those who ask while and after it is refreshed', async () => {
    wire.on(REFRESH, refreshed(2)).on(USERINFO, profile);
    const askers: Promise<unknown>[] = [];
    for (let i = 0; i < 30; i++) {
      askers.push(parts.service.getUser(OPENID));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(askers);
    expect(wire.count(REFRESH)).toBe(1);
  });

  it('is not refreshed again by one whose first look was overtaken', async () => {
    wire.on(REFRESH, (_request: WireRequest, nth: number) => refreshed(nth + 1)).on(USERINFO, profile);
    const { get } = store;
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let looks = 0;
    store.get = async (key) => {
      const found = await get(key);
      // The very first look sees the expired token and is then kept waiting.
      if (++looks === 1) await held;
      return found;
    };
    const late = parts.service.getUser(OPENID);
    const other = makeParts({}, { store });
    other.runtime.time = parts.runtime.time;
    await other.service.getUser(OPENID);
    release!();
    await late;
    expect(sent(REFRESH, 'refresh_token')).toEqual(['RT1']);
    expect(sent(USERINFO, 'access_token')).toEqual(['AT2', 'AT2']);
  });

  it('keeps unionid and scope, which a refresh does not tell', async () => {
    const before = await stored();
    wire.on(REFRESH, refreshed(2, { scope: undefined })).on(USERINFO, profile);
    await parts.service.getUser(OPENID);
    expect(await stored()).toStrictEqual({
      ...before,
      accessToken: 'AT2',
      refreshToken: 'RT2',
      expiresAt: parts.runtime.time + LIFE,
    });
  });

  it('keeps the mark of a snapshot user', async () => {
    start();
    wire.close();
    wire = new Wire()
      .on(EXCHANGE, token(1, { is_snapshotuser: 1 }))
      .on(REFRESH, refreshed(2))
      .on(USERINFO, profile);
    await parts.service.getAccessToken('CODE');
    parts.runtime.time += LIFE;
    await parts.service.getUser(OPENID);
    expect(await stored()).toMatchObject({ accessToken: 'AT2', isSnapshotUser: true });
  });

  it.each([
    ['rotated', 'RT2', 'RT2'],
    ['left out', undefined, 'RT1'],
    ['the same', 'RT1', 'RT1'],
  ])('keeps the refresh token that was %s', async (_name, refresh_token, expected) => {
    wire.on(REFRESH, refreshed(2, { refresh_token })).on(USERINFO, profile);
    await parts.service.getUser(OPENID);
    expect(await stored()).toMatchObject({ refreshToken: expected });
    parts.runtime.time += LIFE;
    await parts.service.getUser(OPENID);
    expect(sent(REFRESH, 'refresh_token')).toEqual(['RT1', expected]);
  });

  it('is never kept longer than 30 days from the login, however often it is refreshed', async () => {
    const { issuedAt } = (await stored())!;
    wire.on(REFRESH, (_request: WireRequest, nth: number) => refreshed(nth + 1)).on(USERINFO, profile);
    for (let day = 1; day < 30; day++) {
      parts.runtime.time = issuedAt + day * DAY;
      await parts.service.getUser(OPENID);
      expect(await stored()).toMatchObject({ issuedAt, accessToken: `AT${day + 1}` });
    }
    parts.runtime.time = issuedAt + 30 * DAY;
    expect(await failureOf(() => parts.service.getUser(OPENID))).toBeInstanceOf(WechatTokenNotFoundError);
  });

  it.each([
    ['its last three minutes', 180_000],
    ['its last half minute', 30_000],
    ['its last millisecond', 1],
  ])('without a refresh token is good in %s, and is never refreshed', async (_when, left) => {
    wire.close();
    wire = new Wire();
    start();
    await signIn({ refresh_token: undefined });
    wire.on(USERINFO, profile);
    parts.runtime.time += LIFE - left;
    await expect(parts.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
    expect(wire.count(REFRESH)).toBe(0);
  });

  it('without a refresh token is no token at all', async () => {
    const lazy = new FlakyStore({ now: () => 0 });
    start({}, lazy);
    wire.close();
    wire = new Wire();
    await signIn({ refresh_token: undefined });
    parts.runtime.time += LIFE;
    expect(await failureOf(() => parts.service.getUser(OPENID))).toBeInstanceOf(WechatTokenNotFoundError);
    expect(wire.count(REFRESH)).toBe(0);
  });

  it.each([[40030], [42002], [42007]])('whose refresh WeChat refuses with %d is dropped', async (errcode) => {
    wire.on(REFRESH, refusal(errcode));
    const error = await failureOf(() => parts.service.getUser(OPENID));
    expect(error).toBeInstanceOf(WechatApiError);
    expect(error).toMatchObject({ errcode, kind: 'token', endpoint: REFRESH });
    expect(await stored()).toBeUndefined();
    expect(await failureOf(() => parts.service.getUser(OPENID))).toBeInstanceOf(WechatTokenNotFoundError);
    expect(wire.count(REFRESH)).toBe(1);
  });

  it.each([
    ['-1', refusal(-1), WechatApiError],
    ['45011', refusal(45011), WechatApiError],
    ['40001', refusal(40001), WechatApiError],
    ['a reset', new Fault('ECONNRESET'), WechatNetworkError],
    ['HTML', '<html>', WechatResponseError],
  ])('whose refresh fails by %s is kept for the next time', async (_name, answer, type) => {
    wire.on(REFRESH, answer);
    expect(await failureOf(() => parts.service.getUser(OPENID))).toBeInstanceOf(type);
    expect(await stored()).toMatchObject({ refreshToken: 'RT1' });
  });

  it('is not replaced by the token of somebody else', async () => {
    wire.on(REFRESH, refreshed(2, { openid: 'oSomebodyElse' }));
    const error = await failureOf(() => parts.service.getUser(OPENID));
    expect(error).toMatchObject({ problem: 'the token belongs to another openid' });
    expect(await stored()).toMatchObject({ accessToken: 'AT1' });
    expect(wire.count(USERINFO)).toBe(0);
  });

  it.each([
    ['half a minute', 0, 30_000],
    ['sometimes more', 0.5, 105_000],
  ])(
    'counts as expired %s early, so that a fleet does not refresh in one second',
    async (_when, chance, early) => {
      wire.on(REFRESH, refreshed(2)).on(USERINFO, profile);
      parts.runtime.chance = chance;
      parts.runtime.time -= early + 1;
      await parts.service.getUser(OPENID);
      expect(wire.count(REFRESH)).toBe(0);
      parts.runtime.time += 1;
      await parts.service.getUser(OPENID);
      expect(wire.count(REFRESH)).toBe(1);
    },
  );
});

describe('A token that WeChat refuses although its time is not over', () => {
  beforeEach(() => signIn());

  it.each([[40001], [40014], [42001]])('with %d is refreshed once and tried once more', async (errcode) => {
    wire.queue(USERINFO, refusal(errcode), profile).on(REFRESH, refreshed(2));
    await expect(parts.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
    expect(sent(USERINFO, 'access_token')).toEqual(['AT1', 'AT2']);
    expect(sent(REFRESH, 'refresh_token')).toEqual(['RT1']);
  });

  it('for ever ends in a typed error after two calls and one refresh', async () => {
    wire.on(USERINFO, refusal(40001)).on(REFRESH, refreshed(2));
    const error = await failureOf(() => parts.service.getUser(OPENID));
    expect(error).toBeInstanceOf(WechatApiError);
    expect(error).toMatchObject({ errcode: 40001, kind: 'token', rid: '61-40001' });
    expect(wire.count(USERINFO)).toBe(2);
    expect(wire.count(REFRESH)).toBe(1);
  });

  it('for ever ends so even if WeChat refreshes it to itself', async () => {
    wire.on(USERINFO, refusal(40001)).on(REFRESH, refreshed(1));
    expect(await failureOf(() => parts.service.getUser(OPENID))).toMatchObject({ errcode: 40001 });
    expect(wire.count(USERINFO)).toBe(2);
    expect(wire.count(REFRESH)).toBe(1);
  });

  it('is refreshed once for ten who found out at the same time', async () => {
    wire.on(USERINFO, ({ query }: WireRequest) =>
      query['access_token'] === 'AT1' ? refusal(42001) : profile,
    );
    wire.on(REFRESH, refreshed(2));
    await Promise.all(Array.from({ length: 10 }, () => parts.service.getUser(OPENID)));
    expect(wire.count(REFRESH)).toBe(1);
    expect(wire.count(USERINFO)).toBe(20);
  });

  it('is not refreshed when somebody stored a newer one meanwhile', async () => {
    wire.on(USERINFO, async ({ query }: WireRequest) => {
      if (query['access_token'] !== 'AT1') return profile;
      await store.set(KEY, JSON.stringify({ ...(await stored()), accessToken: 'AT7' }), DAY);
      return refusal(40001);
    });
    await parts.service.getUser(OPENID);
    expect(sent(USERINFO, 'access_token')).toEqual(['AT1', 'AT7']);
    expect(wire.count(REFRESH)).toBe(0);
  });

  it.each([[40030], [42002], [42007]])('and cannot refresh (%d) is dropped', async (errcode) => {
    wire.on(USERINFO, refusal(40001)).on(REFRESH, refusal(errcode));
    expect(await failureOf(() => parts.service.getUser(OPENID))).toMatchObject({ errcode, kind: 'token' });
    expect(await stored()).toBeUndefined();
    expect(wire.count(USERINFO)).toBe(1);
  });

  it.each(['the lease', 'the token'])(
    'is refreshed all the same when the store goes down after %s was asked for',
    async (after) => {
      parts.runtime.time += LIFE;
      wire.on(USERINFO, profile).on(REFRESH, refreshed(2));
      const flaky = parts.store as FlakyStore;
      const name = after === 'the lease' ? 'setIfAbsent' : 'get';
      const ask = flaky[name] as (...args: unknown[]) => Promise<unknown>;
      Object.assign(flaky, {
        [name]: async (...args: unknown[]) => {
          const answer = await ask(...args);
          flaky.mode = 'rejects';
          return answer;
        },
      });
      await expect(parts.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
      expect(sent(USERINFO, 'access_token')).toEqual(['AT2']);
    },
  );

  it('is not refreshed for a profile right after a login', async () => {
    wire.on(USERINFO, refusal(40001));
    expect(await failureOf(() => parts.service.getUserByCode('CODE-2'))).toMatchObject({ errcode: 40001 });
    expect(wire.count(REFRESH)).toBe(0);
  });
});

describe('Two processes with one store', () => {
  let here: Parts;
  let there: Parts;

  beforeEach(async () => {
    const shared = new FlakyStore({ now: () => here.runtime.now() });
    here = start({}, shared);
    await signIn();
    there = start({}, shared);
    wire.on(USERINFO, profile);
    for (const { runtime } of [here, there]) runtime.time += LIFE;
  });

  it('keep the token of the one that was first, and both use it', async () => {
    wire.on(REFRESH, (_request: WireRequest, nth: number) => refreshed(nth + 1));
    await Promise.all([here.service.getUser(OPENID), there.service.getUser(OPENID)]);
    const { accessToken } = (await stored())!;
    expect(sent(USERINFO, 'access_token')).toEqual([accessToken, accessToken]);
  });

  it('are both served when a refresh kills the refresh token for the other', async () => {
    let won: (() => void) | undefined;
    const winner = new Promise<void>((resolve) => (won = resolve));
    wire.on(REFRESH, async (_request: WireRequest, nth: number) => {
      if (nth === 1) return refreshed(2);
      await winner;
      return refusal(40030);
    });
    const first = here.service.getUser(OPENID).finally(won);
    const second = there.service.getUser(OPENID);
    await expect(first).resolves.toMatchObject({ nickname: 'Ming' });
    await expect(second).resolves.toMatchObject({ nickname: 'Ming' });
    expect(sent(USERINFO, 'access_token')).toEqual(['AT2', 'AT2']);
    expect(await stored()).toMatchObject({ accessToken: 'AT2', refreshToken: 'RT2' });
  });

  it.each([
    ['a moment', 1],
    ['just before the second look', 2],
  ])(
    'are served when the old application has used the refresh token and saves what it got after %s',
    async (_when, looks) => {
      wire.on(REFRESH, refusal(40030)).on(USERINFO, profile);
      const { sleep } = here.runtime;
      let paused = 0;
      here.runtime.sleep = async (ms) => {
        expect(ms).toBe(200);
        if (++paused === 1) await saveFromOutside();
        await sleep(ms);
      };
      const saveFromOutside = async () => {
        for (let turn = 0; turn < looks; turn++) await new Promise(setImmediate);
        const before = (await stored())!;
        const theirs = {
          ...before,
          accessToken: 'AT-OLD-APP',
          refreshToken: 'RT-OLD-APP',
          expiresAt: here.runtime.time + LIFE,
        };
        await here.vault.write(KEY, theirs, LIFE);
      };
      const callers = await Promise.all(Array.from({ length: 5 }, () => here.service.getUser(OPENID)));
      expect(callers).toHaveLength(5);
      expect(new Set(sent(USERINFO, 'access_token'))).toEqual(new Set(['AT-OLD-APP']));
      expect(await stored()).toMatchObject({ refreshToken: 'RT-OLD-APP' });
      expect([wire.count(REFRESH), paused]).toEqual([1, 1]);
    },
  );

  it('are not kept waiting where the other’s token is there already', async () => {
    wire.on(USERINFO, profile).on(REFRESH, async () => {
      const before = (await stored())!;
      await here.vault.write(
        KEY,
        { ...before, accessToken: 'AT9', expiresAt: here.runtime.time + LIFE },
        LIFE,
      );
      return refusal(42002);
    });
    await expect(here.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
    expect(here.runtime.pauses).toEqual([]);
  });

  it('do not lose the token when the loser drops the record before the winner writes', async () => {
    let lost: (() => void) | undefined;
    const loser = new Promise<void>((resolve) => (lost = resolve));
    wire.on(REFRESH, async (_request: WireRequest, nth: number) => {
      if (nth === 2) return refusal(40030);
      await loser;
      return refreshed(2);
    });
    const first = here.service.getUser(OPENID);
    const second = failureOf(() => there.service.getUser(OPENID)).finally(lost);
    expect(await second).toMatchObject({ errcode: 40030 });
    // However slow the store: whoever has the profile can count on the token.
    const { setIfAbsent } = store;
    store.setIfAbsent = async (...args) => {
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      return setIfAbsent.apply(store, args);
    };
    await expect(first).resolves.toMatchObject({ nickname: 'Ming' });
    expect(await stored()).toMatchObject({ accessToken: 'AT2', refreshToken: 'RT2', unionid: UNIONID });
  });

  it('do not overwrite a login that came in while one of them refreshed', async () => {
    wire.close();
    wire = new Wire().on(USERINFO, profile).on(EXCHANGE, token(9));
    wire.on(REFRESH, async () => {
      await there.service.getAccessToken('CODE-9');
      return refreshed(2);
    });
    await here.service.getUser(OPENID);
    expect(await stored()).toMatchObject({ accessToken: 'AT9' });
    expect(sent(USERINFO, 'access_token')).toEqual(['AT9']);
  });
});

describe('refreshAccessToken', () => {
  it('refreshes the stored token, keeping what a refresh does not tell', async () => {
    await signIn();
    const before = await stored();
    parts.runtime.time += HOUR;
    wire.on(REFRESH, refreshed(2, { scope: undefined }));
    const result = await parts.service.refreshAccessToken('RT1');
    expect(result).toMatchObject({ accessToken: 'AT2', unionid: UNIONID, scope: ['snsapi_userinfo'] });
    expect(await stored()).toStrictEqual({
      ...before,
      accessToken: 'AT2',
      refreshToken: 'RT2',
      expiresAt: parts.runtime.time + LIFE,
    });
  });

  it('keeps the refresh token it was given where WeChat names none', async () => {
    wire.on(REFRESH, refreshed(2, { refresh_token: undefined }));
    expect((await parts.service.refreshAccessToken('RT1')).refreshToken).toBe('RT1');
    expect(await stored()).toMatchObject({ refreshToken: 'RT1', accessToken: 'AT2' });
  });

  it('keeps a token that the store does not know, as of now', async () => {
    wire.on(REFRESH, refreshed(2)).on(USERINFO, profile);
    await parts.service.refreshAccessToken('RT1');
    expect(await stored()).toMatchObject({ refreshToken: 'RT2', issuedAt: parts.runtime.time });
    await expect(parts.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
  });

  it('keeps the unionid of another login of the same person', async () => {
    await signIn();
    wire.on(REFRESH, refreshed(5));
    expect((await parts.service.refreshAccessToken('RT4')).unionid).toBe(UNIONID);
    expect(await stored()).toMatchObject({ accessToken: 'AT5', unionid: UNIONID });
  });

  it('does not overwrite a token that gives the profile with a base one', async () => {
    await signIn();
    wire.on(REFRESH, refreshed(5, { scope: 'snsapi_base' }));
    await parts.service.refreshAccessToken('RT4');
    expect(await stored()).toMatchObject({ accessToken: 'AT1' });
  });

  it('fails with what WeChat says', async () => {
    wire.on(REFRESH, refusal(42002));
    expect(await failureOf(() => parts.service.refreshAccessToken('RT1'))).toMatchObject({
      errcode: 42002,
      kind: 'token',
    });
  });
});
