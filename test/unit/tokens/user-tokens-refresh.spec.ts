// The refresh of people's tokens: when it is due, what it may not change, and which of several processes does it.
import {
  WechatTokenNotFoundError,
  WechatApiError,
  WechatNetworkError,
  WechatResponseError,
} from '../../../lib/errors/errors.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { makeParts, type Parts } from '../../support/parts.js';
import { Fault, type WireRequest } from '../../support/wire.js';
import {
  OPENID,
  UNIONID,
  KEY,
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
  store,
  parts,
  start,
  stored,
  signIn,
  sent,
  rewire,
} from './token-kit.js';

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
    rewire()
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
    rewire();
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
    rewire();
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
    rewire().on(USERINFO, profile).on(EXCHANGE, token(9));
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
