// The app's own token: found in memory, in the store or at WeChat, replaced in the order that harms
// nobody, and never in a loop.
import { Logger } from '@nestjs/common';
import { WechatApiError, WechatConfigError, WechatNetworkError } from '../../../lib/errors/errors.js';
import type { AppToken } from '../../../lib/tokens/app-tokens.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { APP_ID, APP_SECRET, makeParts, type Parts } from '../../support/parts.js';
import { Fault, Wire, type WireRequest } from '../../support/wire.js';

const STABLE = '/cgi-bin/stable_token';
const KEY = `wechat:${APP_ID}:app-token:current`;
const MINUTE = 60_000;
const LIFE = 7_200_000;
const answer = (token: string, expires_in: unknown = 7200) => ({ access_token: token, expires_in });

let wire: Wire;
let store: FlakyStore;
let logs: LogCapture;
let parts: Parts;

/** One process more on the same store and clock. */
function another(options: Parameters<typeof makeParts>[0] = {}): Parts {
  const made = makeParts(options, { store });
  if (parts) made.runtime.time = parts.runtime.time;
  return made;
}

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  wire = new Wire();
  store = new FlakyStore({ now: () => parts.runtime.now() });
  parts = makeParts({}, { store });
});
afterEach(() => {
  wire.close();
  Logger.overrideLogger(false);
});

const get = async ({ appTokens, app }: Parts = parts) => (await appTokens.get(app)).accessToken.reveal();
const repair = async (failed: string, { appTokens, app }: Parts = parts) =>
  (await appTokens.repair(app, new WechatSecret(failed)))?.accessToken.reveal();
const bodies = () => wire.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const forced = () => bodies().filter(({ force_refresh }) => force_refresh === true).length;
const isForced = ({ body }: WireRequest) =>
  (JSON.parse(body) as { force_refresh: boolean }).force_refresh === true;

describe('A token is asked for', () => {
  it('in normal mode, as JSON, with nothing in the query', async () => {
    wire.on(STABLE, answer('AT1'));
    expect(await get()).toBe('AT1');
    expect(wire.requests.map(({ method, raw }) => [method, raw])).toEqual([['POST', STABLE]]);
    expect(bodies()).toEqual([
      { grant_type: 'client_credential', appid: APP_ID, secret: APP_SECRET, force_refresh: false },
    ]);
  });

  it('once, however many want it, and then taken from memory', async () => {
    wire.on(STABLE, answer('AT1'));
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => get())))).toEqual(new Set(['AT1']));
    store.mode = 'rejects';
    await get();
    expect(wire.count(STABLE)).toBe(1);
  });

  it('once for all processes that share a store', async () => {
    wire.queue(STABLE, answer('AT1'), answer('AT2'));
    await get();
    expect(await get(another())).toBe('AT1');
    expect(wire.count(STABLE)).toBe(1);
  });

  it.each([
    ['10 s before its end where it lasts long', 0, 7200, 10_000],
    ['60 s before its end at most', 0.999_999, 7200, 60_000],
    ['a tenth before its end where little is left', 0.999_999, 300, 30_000],
    ['a tenth of very little', 0, 20, 2_000],
  ])('again %s', async (_name, chance, life, early) => {
    parts.runtime.chance = chance;
    wire.queue(STABLE, answer('AT1', life), answer('AT2'));
    await get();
    parts.runtime.time += life * 1_000 - early - 1;
    expect(await get()).toBe('AT1');
    parts.runtime.time += 2;
    expect(await get()).toBe('AT2');
  });

  it('again at WeChat, although the old one still lies in the store', async () => {
    wire.queue(STABLE, answer('AT1'), answer('AT2'));
    await get();
    parts.runtime.time += LIFE - 5_000;
    expect(await store.get(KEY)).toContain('AT1');
    expect(await get()).toBe('AT2');
    expect(await store.get(KEY)).toContain('AT2');
  });

  it('again where the clock has been set back since: its end is no longer known', async () => {
    wire.queue(STABLE, answer('AT1'), answer('AT2'));
    await get();
    parts.runtime.time -= 30_000;
    expect(await get()).toBe('AT1');
    parts.runtime.time -= 8 * 60 * MINUTE;
    expect(await get()).toBe('AT2');
    expect((await parts.appTokens.get(parts.app)).expiresAt).toBe(parts.runtime.time + LIFE);
    expect(wire.count(STABLE)).toBe(2);
  });

  it('with the time counted from before the call, so that no network makes it younger', async () => {
    wire.on(STABLE, () => {
      parts.runtime.time += 4_000;
      return answer('AT1');
    });
    const begun = parts.runtime.time;
    expect((await parts.appTokens.get(parts.app)).expiresAt).toBe(begun + LIFE);
  });

  it('in vain, and the one in hand is used to its end', async () => {
    wire.queue(STABLE, answer('AT1'), new Fault('ECONNREFUSED'));
    await get();
    parts.runtime.time += LIFE - 1_000;
    expect(await get()).toBe('AT1');
    parts.runtime.time += 1_000;
    expect(await failureOf(() => get())).toBeInstanceOf(WechatNetworkError);
  });

  it('without a store that works', async () => {
    store.mode = 'throws';
    wire.on(STABLE, answer('AT1'));
    expect(await get()).toBe('AT1');
    expect(await get()).toBe('AT1');
    expect(wire.count(STABLE)).toBe(1);
  });

  it.each([40125, 40001])(
    'with the other secret after %d, and with that one from then on',
    async (errcode) => {
      const changing = another({ secret: ['new-secret-0123', 'old-secret-0123'] });
      wire.on(STABLE, ({ body }: WireRequest) =>
        body.includes('old-secret') ? answer('AT1', 10) : { errcode, errmsg: 'no' },
      );
      expect(await get(changing)).toBe('AT1');
      changing.runtime.time += 10_000;
      await get(changing);
      expect(bodies().map(({ secret }) => secret)).toEqual([
        'new-secret-0123',
        'old-secret-0123',
        'old-secret-0123',
      ]);
    },
  );

  it.each([
    ['no token', { expires_in: 7200 }],
    ['a token with a blank', answer('A T')],
    ['a token with a line end', answer('AT\n')],
    ['a token that is a number', answer(7 as never)],
    ['an endless token', answer('x'.repeat(2_049))],
    ['no time', { access_token: 'AT1' }],
    ['a time that is none', answer('AT1', 'soon')],
    ['no time left', answer('AT1', 0)],
    ['a negative time', answer('AT1', -1)],
  ])('and %s is refused', async (_name, given) => {
    wire.on(STABLE, given);
    expect(await failureOf(() => get())).toMatchObject({ code: 'WECHAT_RESPONSE' });
    expect(await store.get(KEY)).toBeUndefined();
  });

  it.each([1e12, Infinity.toString(), '7201'])(
    'and is kept for two hours where it claims to last %p s',
    async (life) => {
      wire.on(STABLE, answer('AT1', life === 'Infinity' ? 1e300 : life));
      expect((await parts.appTokens.get(parts.app)).expiresAt).toBe(parts.runtime.time + LIFE);
    },
  );

  it('not at all for an app that has none', async () => {
    const website = another({ type: 'website' });
    for (const call of [() => get(website), () => website.service.call('/cgi-bin/getcallbackip')]) {
      const error = await failureOf(call);
      expect(error).toBeInstanceOf(WechatConfigError);
      expect(error.message).toContain('is "website", to which WeChat gives no token of its own');
    }
    expect(wire.requests).toEqual([]);
  });

  it('and given as a secret, with its end', async () => {
    wire.on(STABLE, answer('access-token-canary'));
    const token = await parts.service.getStableToken();
    expect(token.accessToken.reveal()).toBe('access-token-canary');
    expect(Object.keys(token).sort()).toEqual(['accessToken', 'expiresAt']);
    expect(token.expiresAt).toBe(parts.runtime.time + LIFE);
    expectFreeOf([token, parts.appTokens, parts.service, logs.text], ['access-token-canary']);
  });
});

describe('What lies in the store', () => {
  const sealed = { sessionSecret: 'session-secret-canary-0123456789abcdef' };

  it('is sealed where there is a secret, and lies there to the token’s end', async () => {
    parts = another(sealed);
    wire.on(STABLE, answer('access-token-canary', 600));
    await get();
    const raw = await store.get(KEY);
    expect(raw).toMatch(/^v1\./);
    expect(raw).not.toContain('canary');
    parts.runtime.time += 600_000;
    expect(await store.get(KEY)).toBeUndefined();
  });

  it('stays where it lasts longer than what was fetched', async () => {
    const later = parts.runtime.time + LIFE;
    // Another process fetches meanwhile, and writes first.
    wire.on(STABLE, async () => {
      await store.set(KEY, JSON.stringify({ accessToken: 'THEIRS', expiresAt: later }), LIFE);
      return answer('MINE', 100);
    });
    expect(await get()).toBe('MINE');
    expect(await store.get(KEY)).toContain('THEIRS');
  });

  it.each([
    ['text', 'AT1'],
    ['a record without a time', '{"accessToken":"AT0"}'],
    ['a record without a token', '{"expiresAt":9999999999999}'],
    ['an empty token', '{"accessToken":"","expiresAt":9999999999999}'],
    ['a list', '[]'],
  ])('is passed over and replaced where it is %s', async (_name, raw) => {
    await store.set(KEY, raw, MINUTE);
    wire.on(STABLE, answer('AT1'));
    expect(await get()).toBe('AT1');
    expect(await store.get(KEY)).toContain('AT1');
  });

  it('lasts no longer than two hours, whatever a clock that is ahead has written', async () => {
    await store.set(KEY, JSON.stringify({ accessToken: 'AT1', expiresAt: 9_999_999_999_999 }), LIFE * 10);
    expect((await parts.appTokens.get(parts.app)).expiresAt).toBe(parts.runtime.time + LIFE);
  });
});

describe('A token that WeChat refuses is replaced', () => {
  /** In the memory of this process and in the store. */
  const hold = async (token = 'AT1') => {
    wire.on(STABLE, ({ body }: WireRequest, nth: number) => next({ body } as WireRequest, nth));
    next = () => answer(token);
    await get();
    wire.requests.length = 0;
  };
  let next: (request: WireRequest, nth: number) => unknown;

  it('by the one that another process has stored', async () => {
    await hold();
    await store.set(KEY, JSON.stringify({ accessToken: 'AT2', expiresAt: parts.runtime.time + LIFE }), LIFE);
    expect(await repair('AT1')).toBe('AT2');
    expect(await get()).toBe('AT2');
    expect(wire.count(STABLE)).toBe(0);
  });

  it('by the one that this process has got meanwhile', async () => {
    await hold('AT2');
    expect(await repair('AT1')).toBe('AT2');
    expect(wire.count(STABLE)).toBe(0);
  });

  it('by what WeChat gives out, without force', async () => {
    await hold();
    next = () => answer('AT2');
    expect(await repair('AT1')).toBe('AT2');
    expect([wire.count(STABLE), forced()]).toEqual([1, 0]);
    expect(await store.get(KEY)).toContain('AT2');
  });

  it('in the store too where that one claims to last longer', async () => {
    await store.set(KEY, JSON.stringify({ accessToken: 'AT1', expiresAt: parts.runtime.time + 9e9 }), LIFE);
    wire.on(STABLE, answer('AT2'));
    expect(await get()).toBe('AT1');
    expect(await repair('AT1')).toBe('AT2');
    expect(await store.get(KEY)).toContain('AT2');
  });

  it('by force only where WeChat gives out the very one that failed', async () => {
    await hold();
    next = (request) => answer(isForced(request) ? 'AT2' : 'AT1');
    expect(await repair('AT1')).toBe('AT2');
    expect(bodies().map(({ force_refresh }) => force_refresh)).toEqual([false, true]);
    expect(await store.get(KEY)).toContain('AT2');
    expect(logs.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expectFreeOf(logs.text, ['AT1', 'AT2', APP_SECRET]);
  });

  it('once for all who failed with it, in one moment or later', async () => {
    await hold();
    next = (request) => answer(isForced(request) ? 'AT2' : 'AT1');
    const all = await Promise.all(Array.from({ length: 20 }, () => repair('AT1')));
    expect(new Set([...all, await repair('AT1')])).toEqual(new Set(['AT2']));
    expect(wire.count(STABLE)).toBe(2);
  });

  it('not at all, and not tried again for 30 s, where force brings nothing else', async () => {
    await hold();
    expect(await Promise.all([repair('AT1'), repair('AT1')])).toEqual([undefined, undefined]);
    expect(await repair('AT1')).toBeUndefined();
    expect([wire.count(STABLE), forced()]).toEqual([2, 1]);
    parts.runtime.time += 30_000;
    expect(await repair('AT1')).toBeUndefined();
    expect([wire.count(STABLE), forced()]).toEqual([4, 2]);
  });

  it('by force by one process in 30 s; the others take what that one got', async () => {
    await hold();
    const other = another();
    expect(await get(other)).toBe('AT1');
    let others: Promise<string | undefined> | undefined;
    next = async (request) => {
      if (!isForced(request)) return answer('AT1');
      // While this process is at it, the other one finds the gate shut, and looks again.
      others ??= repair('AT1', other);
      await turned;
      return answer('AT2');
    };
    const mine = repair('AT1');
    let turn: () => void = () => {};
    const turned = new Promise<void>((resolve) => (turn = resolve));
    other.runtime.sleep = async () => {
      turn();
      await mine;
    };
    expect([await mine, await others]).toEqual(['AT2', 'AT2']);
    expect(forced()).toBe(1);
  });

  it('by nothing where another process forced a moment ago and nothing came of it', async () => {
    await hold();
    await parts.vault.create(`wechat:${APP_ID}:app-token:forced`, {}, 30_000);
    expect(await repair('AT1')).toBeUndefined();
    expect(forced()).toBe(0);
    // It was waited for, and not for ever.
    expect(parts.runtime.pauses).toHaveLength(10);
    expect(parts.runtime.pauses.reduce((sum, one) => sum + one)).toBeLessThan(5_000);
  });

  it('by force 20 times a day and no more, over all processes', async () => {
    await hold();
    const other = another();
    for (let round = 0; round < 25; round++) {
      await repair('AT1', round % 2 ? parts : other);
      parts.runtime.time += 31_000;
      other.runtime.time = parts.runtime.time;
    }
    expect(forced()).toBe(20);
    // 2026-01-01T00:00Z is eight o'clock in China, so 16 hours later it is another day there.
    parts.runtime.time = Date.UTC(2026, 0, 1, 16) - 1;
    expect(await repair('AT1')).toBeUndefined();
    expect(forced()).toBe(20);
    parts.runtime.time += 31_000;
    await repair('AT1');
    expect(forced()).toBe(21);
  });

  it('never by force while the store cannot be asked: nobody counts then', async () => {
    await hold();
    store.mode = 'rejects';
    expect(await repair('AT1')).toBeUndefined();
    expect([wire.count(STABLE), forced()]).toEqual([1, 0]);
  });

  it.each([
    ['takes no gate', 'setIfAbsent', ':forced'],
    ['cannot read the count', 'get', ':forced-'],
    ['cannot write the count', 'setIfAbsent', ':forced-'],
  ] as const)('never by force where the store %s', async (_what, operation, part) => {
    await hold();
    const go = store[operation] as (...args: unknown[]) => Promise<unknown>;
    store[operation] = (async (key: string, ...rest: unknown[]) => {
      if (part === ':forced-' ? key.includes(part) : key.endsWith(part)) throw new Error('down');
      return go(key, ...rest);
    }) as never;
    expect(await repair('AT1')).toBeUndefined();
    expect([wire.count(STABLE), forced()]).toEqual([1, 0]);
  });

  it('by what another process stored later, in the 30 s in which nothing is tried', async () => {
    await hold();
    // Somebody's forced refresh takes longer than it is waited for, and meanwhile the old one is
    // taken from the store again.
    await parts.vault.create(`wechat:${APP_ID}:app-token:forced`, {}, 30_000);
    expect(await repair('AT1')).toBeUndefined();
    expect(await get()).toBe('AT1');
    await store.set(KEY, JSON.stringify({ accessToken: 'AT2', expiresAt: parts.runtime.time + LIFE }), LIFE);
    expect(await repair('AT1')).toBe('AT2');
    expect(await get()).toBe('AT2');
    expect([wire.count(STABLE), forced()]).toEqual([1, 0]);
  });

  it('or the reason why not is thrown, and nothing is remembered', async () => {
    await hold();
    next = () => ({ errcode: 45009, errmsg: 'quota' });
    expect(await failureOf(() => repair('AT1'))).toMatchObject({ errcode: 45009, kind: 'quota' });
    next = () => answer('AT2');
    expect(await repair('AT1')).toBe('AT2');
  });

  it('and a search that began before does not bring the old one back', async () => {
    await hold();
    const fresh = another();
    const { get: read } = store;
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    store.get = async (key) => {
      store.get = read;
      const found = await read(key);
      await held;
      return found;
    };
    const search = get(fresh);
    next = () => answer('AT2');
    // In the clock of the fresh process the old one ends before the new one.
    fresh.runtime.time += 1_000;
    expect(await repair('AT1', fresh)).toBe('AT2');
    release();
    expect([await search, await get(fresh)]).toEqual(['AT2', 'AT2']);
  });

  it('and a slow search for the old one does not bring it back', async () => {
    await hold();
    next = () => answer('AT2');
    const repaired = await repair('AT1');
    // What lies in the store is older than what is held.
    await store.set(KEY, JSON.stringify({ accessToken: 'AT1', expiresAt: parts.runtime.time + 1_000 }), LIFE);
    expect([repaired, await get()]).toEqual(['AT2', 'AT2']);
  });
});

describe('A token server', () => {
  type Answer = Awaited<ReturnType<NonNullable<Parts['app']['appToken']>>>;
  const asked: (string | undefined)[] = [];
  let give: () => unknown;
  const served = (more: object = {}) =>
    another({
      ...more,
      appToken: async ({ rejected }) => {
        asked.push(rejected?.reveal());
        return give() as Answer;
      },
    });

  beforeEach(() => {
    asked.length = 0;
    parts = served();
  });

  it('is asked each time where it says no time, once for all who ask at once', async () => {
    give = () => 'AT1';
    expect(await Promise.all([get(), get(), get()])).toEqual(['AT1', 'AT1', 'AT1']);
    expect(asked).toEqual([undefined]);
    give = () => 'AT2';
    expect(await get()).toBe('AT2');
    expect((await parts.service.getStableToken()).expiresAt).toBe(parts.runtime.time);
    expect(wire.requests).toEqual([]);
    expect(await store.get(KEY)).toBeUndefined();
  });

  it('is not asked while its token lasts, and what it gave serves while it is down', async () => {
    give = () => ({ accessToken: 'AT1', expiresIn: 100 });
    await get();
    parts.runtime.time += 89_000;
    expect(await get()).toBe('AT1');
    expect(asked).toHaveLength(1);
    give = () => {
      throw new Error('down');
    };
    parts.runtime.time += 2_000;
    expect(await get()).toBe('AT1');
    expect(asked).toHaveLength(2);
    parts.runtime.time += 9_000;
    expect(await failureOf(() => get())).toMatchObject({ code: 'WECHAT_APP_TOKEN', kind: 'upstream' });
  });

  it('is told which token WeChat refused, once for all who failed with it', async () => {
    give = () => ({ accessToken: 'AT1', expiresIn: 7200 });
    await get();
    give = () => ({ accessToken: 'AT2', expiresIn: 7200 });
    expect(await Promise.all([repair('AT1'), repair('AT1')])).toEqual(['AT2', 'AT2']);
    expect(asked).toEqual([undefined, 'AT1']);
    expect(await get()).toBe('AT2');
    give = () => ({ accessToken: 'AT2', expiresIn: 7200 });
    expect(await repair('AT2')).toBeUndefined();
    expect(wire.requests).toEqual([]);
  });

  it('that still gives the refused one to others meanwhile does not bring it back', async () => {
    give = () => ({ accessToken: 'AT1', expiresIn: 7200 });
    await get();
    parts.runtime.sleep = () => new Promise(() => {});
    let release: (token: object) => void = () => {};
    give = () => new Promise<object>((resolve) => (release = resolve));
    const repaired = repair('AT1');
    parts.runtime.time += 10;
    // Out of its cache, and it claims two hours each time.
    give = () => ({ accessToken: 'AT1', expiresIn: 7200 });
    expect(await get()).toBe('AT1');
    release({ accessToken: 'AT2', expiresIn: 7200 });
    expect([await repaired, await get()]).toEqual(['AT2', 'AT2']);
  });

  it.each([
    ['nothing', undefined, 'is no token'],
    ['null', null, 'is no token'],
    ['an empty text', '', 'is no token'],
    ['a blank', 'canary token', 'is no token'],
    ['a line end', 'canary-token\n', 'is no token'],
    ['letters that are not ASCII', 'canary-tökén', 'is no token'],
    ['too much', 'canary-'.repeat(300), 'is no token'],
    ['a number', 7, 'is no token'],
    ['a secret', new WechatSecret('canary-token'), 'is no token'],
    ['WeChat’s own names', { access_token: 'canary-token', expires_in: 1 }, 'is no token'],
    ['no time', { accessToken: 'canary-token' }, 'no number of seconds'],
    ['a time as text', { accessToken: 'canary-token', expiresIn: '7200' }, 'no number of seconds'],
    ['a time before now', { accessToken: 'canary-token', expiresIn: -1 }, 'no number of seconds'],
    ['NaN', { accessToken: 'canary-token', expiresIn: NaN }, 'no number of seconds'],
  ])('that gives %s is not believed', async (_name, given, problem) => {
    give = () => given;
    const error = await failureOf(() => get());
    expect(error).toMatchObject({ code: 'WECHAT_APP_TOKEN', app: 'default' });
    expect(error.message).toContain(problem);
    expectFreeOf([error, logs.text], ['canary']);
  });

  it.each([
    ['throws', () => Promise.reject(new RangeError('canary-token')), 'threw RangeError'],
    ['throws text', () => Promise.reject('canary-token' as never), 'threw string'],
    [
      'throws at once',
      () => {
        throw new TypeError('canary-token');
      },
      'threw TypeError',
    ],
    ['never answers', () => new Promise<never>(() => {}), 'took longer than 5000 ms'],
  ])('that %s is an error that repeats nothing of it', async (_name, appToken, problem) => {
    const error = await failureOf(() => get(another({ appToken })));
    expect(error.message).toContain(problem);
    expect('cause' in error).toBe(false);
    expectFreeOf([error, logs.text], ['canary']);
  });
});

it('The login works while the token endpoint is down', async () => {
  wire.on(STABLE, new Fault('ECONNREFUSED'));
  const openid = 'oABCDEF-0123_456789';
  wire.on('/sns/oauth2/access_token', {
    access_token: 'AT',
    expires_in: 7200,
    refresh_token: 'RT',
    openid,
    scope: 'snsapi_userinfo',
  });
  wire.on('/sns/userinfo', { openid, nickname: 'Ming' });
  expect(await failureOf(() => parts.service.getStableToken())).toBeInstanceOf(WechatNetworkError);
  expect(await parts.service.getUserByCode('CODE')).toMatchObject({ openid });
});

it('An address that is not on the white list is named', async () => {
  wire.on(STABLE, {
    errcode: 40164,
    errmsg: 'invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist',
  });
  const error = await failureOf(() => parts.service.getStableToken());
  expect(error).toBeInstanceOf(WechatApiError);
  expect((error as WechatApiError).hint.en).toContain('203.0.113.9');
});

it('The types say what a token is', () => {
  const token: AppToken = { accessToken: new WechatSecret('x'), expiresAt: 1 };
  expect(token.accessToken).toBeInstanceOf(WechatSecret);
});
