// The callback route of apps with a callbackPath: what comes there, and what it is answered.
import { Logger } from '@nestjs/common';
import { WechatApiError } from '../../../../lib/errors/errors.js';
import { fitsAnswer } from '../../../../lib/auth/http/header-budget.js';
import { AGENTS } from '../../../support/browser.js';
import {
  type Asked,
  cookiesOf,
  HOST,
  type Login,
  makeLogin,
  PAGE,
  stateOf,
  tokenAnswer,
  wordOf,
} from '../../../support/login-parts.js';
import type { RouteRule } from '../../../../lib/auth/decorators/wechat-auth.decorator.js';
import type { Verdict } from '../../../../lib/auth/http/verdict.js';

beforeAll(() => Logger.overrideLogger(false));

const PATH = '/wechat/callback';
const APPS = {
  official: { type: 'official-account', appId: 'wx00000000official', secret: 'a' },
  website: { type: 'website', appId: 'wx000000000website', secret: 'b' },
} as const;

let login: Login;
beforeEach(() => {
  login = makeLogin({ callbackPath: PATH });
});

const OLD = { accept: 'text/html,*/*', 'user-agent': AGENTS.wechat };
const FETCH = {
  accept: 'application/json',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  'user-agent': AGENTS.wechat,
};
const page = (changes: Record<string, string | undefined> = {}): Asked => ({
  headers: { ...PAGE, ...changes },
});

/** A request at the callback route. */
const at = (query: string, asked: Asked = {}, rule: Partial<RouteRule> = {}, by = login) =>
  by.judge({ ...asked, path: PATH + query }, { isCallbackRoute: true, ...rule });
const answerTo = (begun: Verdict, code = 'c') => `?code=${code}&state=${stateOf(begun)}`;
const redirectUriOf = (begun: Verdict) =>
  begun.kind === 'redirect' ? new URL(begun.location).searchParams.get('redirect_uri') : undefined;

/** By what the browser says: with the flow's cookie, without it, with a session, without a state. */
const REQUESTS: [what: string, asked: Asked, finish: string, restart: string][] = [
  ['a page', page(), '/orders?page=2', 'wechat'],
  ['a page through a service worker', page({ 'sec-fetch-dest': 'empty' }), '/orders?page=2', 'wechat'],
  ['a page from another site', page({ 'sec-fetch-site': 'cross-site' }), '/orders?page=2', 'wechat'],
  ['an old page', { headers: OLD }, '/orders?page=2', 'wechat'],
  ['a prefetch', page({ 'sec-purpose': 'prefetch' }), '503', '503'],
  ['a prerender', page({ 'sec-purpose': 'prefetch;prerender' }), '503', '503'],
  ['an old prefetch', page({ purpose: 'prefetch' }), '503', '503'],
  ['HEAD', { ...page(), method: 'HEAD' }, '401', '401'],
  ['POST', { ...page(), method: 'POST' }, '401', '401'],
  ['a frame', page({ 'sec-fetch-dest': 'iframe' }), '401', '401'],
  ['a frameset', page({ 'sec-fetch-dest': 'frame' }), '401', '401'],
  ['an object', page({ 'sec-fetch-dest': 'object' }), '401', '401'],
  ['an image', page({ 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }), '401', '401'],
  ['a mode that came twice', page({ 'sec-fetch-mode': 'navigate, navigate' }), '401', '401'],
  ['a fetch', { headers: FETCH }, '401', '401'],
  ['an old script', { headers: { ...OLD, 'x-requested-with': 'XMLHttpRequest' } }, '401', '401'],
  ['a request that says nothing', { headers: { 'user-agent': AGENTS.wechat } }, '401', '401'],
];

describe('At the callback route', () => {
  it.each(REQUESTS)('%s', async (_what, asked, finish, restart) => {
    const begun = await login.judge({ path: '/orders?page=2' });
    const cookies = cookiesOf(begun);
    expect([
      wordOf(await at(answerTo(begun), { ...asked, cookies })),
      wordOf(await at(answerTo(begun), asked)),
    ]).toEqual([finish, restart]);
    // A code is spent by a finish alone.
    expect(login.exchanged).toBe(finish.startsWith('/') ? 1 : 0);
  });

  it.each(REQUESTS)('%s without a state of ours finds nothing, signed in or not', async (_what, asked) => {
    const foreign = stateOf(
      await makeLogin({ sessionSecret: 'another-secret-0123456789-abcdefghij' }).judge(),
    );
    for (const query of ['', '?', '?code=c', '?state=', '?code=c&state=open', `?code=c&state=${foreign}`]) {
      expect([query, wordOf(await at(query, asked))]).toEqual([query, '404']);
      const headers = { ...asked.headers, 'sec-fetch-site': 'same-origin' };
      const signedIn = { ...asked, headers, cookies: [login.cookieOf()] };
      expect([query, wordOf(await at(query, signedIn))]).toEqual([query, '404']);
    }
    expect(login.exchanged).toBe(0);
  });

  it.each<[string, string]>([
    ['several states, one of ours', '?code=c&state=STATE&state=open'],
    ['a state twice', '?code=c&state=STATE&state=STATE'],
    ['two codes', '?code=c&code=d&state=STATE'],
    ['a code of other characters', '?code=%0a&state=STATE'],
    ['a code that is too long', `?code=${'c'.repeat(513)}&state=STATE`],
  ])('%s is a readable page and no exchange', async (_what, query) => {
    const begun = await login.judge();
    const cookies = cookiesOf(begun);
    const answered = await at(query.replaceAll('STATE', stateOf(begun)), { cookies });
    expect([wordOf(answered), login.exchanged]).toEqual(['page BAD_LOGIN_REQUEST', 0]);
  });

  it('a bad token of ours is refused there too', async () => {
    const begun = await login.judge();
    const asked = { ...page({ authorization: 'Bearer v1.AAAA' }), cookies: cookiesOf(begun) };
    expect([wordOf(await at(answerTo(begun), asked)), login.exchanged]).toEqual(['401', 0]);
  });
});

describe('The address that WeChat sends people back to', () => {
  it.each([
    [{}, '/orders?page=2', `${HOST}${PATH}`],
    [{}, `/${'long/'.repeat(300)}?${'q'.repeat(200)}`, `${HOST}${PATH}`],
    [{ publicUrl: `${HOST}/shop` }, '/orders', `${HOST}/shop${PATH}`],
  ])('is a constant, %j', async (options, path, expected) => {
    login = makeLogin({ callbackPath: PATH, ...options });
    for (const agent of [AGENTS.wechat, AGENTS.desktop]) {
      const begun = await login.judge({ ...page({ 'user-agent': agent }), path });
      expect(redirectUriOf(begun)).toBe(expected);
    }
  });

  it('is that of the login route too, which tells nobody where the person goes', async () => {
    const rule = { isLoginRoute: true };
    const begun = await login.judge({ path: '/wechat/login?returnTo=/cart?a=1' }, rule);
    expect(redirectUriOf(begun)).toBe(`${HOST}${PATH}`);
    expect(wordOf(await at(answerTo(begun), { cookies: cookiesOf(begun) }))).toBe('/cart?a=1');
  });

  it('is each app’s own, and the page for an app without one', async () => {
    login = makeLogin({
      apps: { official: { ...APPS.official, callbackPath: '/one/callback' }, website: APPS.website },
    });
    expect(redirectUriOf(await login.judge())).toBe(`${HOST}/one/callback`);
    const qr = await login.judge(page({ 'user-agent': AGENTS.desktop }));
    expect(redirectUriOf(qr)).toBe(`${HOST}/orders`);
    // Its state opens nothing at the route of others, whatever cookie comes along.
    const asked = { ...page({ 'user-agent': AGENTS.desktop }), cookies: cookiesOf(qr) };
    expect([wordOf(await at(answerTo(qr), asked)), login.exchanged]).toEqual(['404', 0]);
    login.answer(async () => tokenAnswer({ scope: ['snsapi_login'] }));
    expect(wordOf(await login.judge({ ...asked, path: `/orders${answerTo(qr)}` }))).toBe('/orders');
  });

  it('makes no callback route where nobody asked for one', async () => {
    login = makeLogin();
    const begun = await login.judge();
    expect(wordOf(await at(answerTo(begun), { cookies: cookiesOf(begun) }))).toBe('404');
    expect(login.exchanged).toBe(0);
  });
});

describe('The app of a callback', () => {
  it('is that of the state, whatever path and query say', async () => {
    const begun = await login.judge();
    const query = `?app=website&appid=wx000000000website&code=c&state=${stateOf(begun)}`;
    const answered = await login.judge(
      { path: `/website/callback${query}`, cookies: cookiesOf(begun) },
      { isCallbackRoute: true },
    );
    expect(wordOf(answered)).toBe('/orders');
    expect(cookiesOf(answered)[0]).toMatch(/^__Host-wechat_session_/);
    expect(cookiesOf(answered)[0]!.split('=')[0]).toBe(login.cookieOf().split('=')[0]);
  });

  it('is none where the controller serves others', async () => {
    const begun = await login.judge();
    const asked = { cookies: cookiesOf(begun) };
    expect(wordOf(await at(answerTo(begun), asked, { apps: ['website'] }))).toBe('404');
    expect(wordOf(await at(answerTo(begun), asked, { apps: ['official'] }))).toBe('/orders');
  });

  it.each<Partial<RouteRule>>([
    { mode: 'off' },
    { mode: 'optional' },
    { mode: 'silent' },
    { scope: 'snsapi_userinfo' },
  ])('is signed in whatever else stands on the controller: %j', async (rule) => {
    const begun = await login.judge();
    expect(wordOf(await at(answerTo(begun), { cookies: cookiesOf(begun) }, rule))).toBe('/orders');
    expect(wordOf(await at('?code=c', {}, rule))).toBe('404');
  });
});

describe('A login', () => {
  it.each(['/orders?page=2&q=%E8%8C%B6', '/orders?code=SUMMER&state=open', '/', '/a/../b?x=1'])(
    'ends at the page that was asked for: %s',
    async (path) => {
      const begun = await login.judge({ path });
      const { location } = (await at(answerTo(begun), { cookies: cookiesOf(begun) })) as { location: string };
      expect(location).toBe(new URL(path, HOST).href);
    },
  );

  it('belongs to the browser that began it, and the code stays unspent for anybody else', async () => {
    const [mine, theirs] = [await login.judge(), await login.judge()];
    expect(wordOf(await at(answerTo(mine), { cookies: cookiesOf(theirs) }))).toBe('wechat');
    expect(login.exchanged).toBe(0);
  });

  it('gives twins the same, and sends a late one to no WeChat', async () => {
    const begun = await login.judge({ path: '/orders?page=2' });
    const cookies = cookiesOf(begun);
    const twins = await Promise.all([at(answerTo(begun), { cookies }), at(answerTo(begun), { cookies })]);
    expect(twins.map(wordOf)).toEqual(['/orders?page=2', '/orders?page=2']);
    // The back button: the finished flow does not know the page, its result does.
    const back = await at(answerTo(begun), { cookies: cookiesOf(twins[0]!) });
    expect([wordOf(back), login.exchanged]).toEqual(['/orders?page=2', 1]);
    // Long after, all that is known is that somebody is signed in.
    login.runtime.time += 61_000;
    expect(wordOf(await at(answerTo(begun), { cookies: cookiesOf(twins[0]!) }))).toBe('/');
    expect(login.exchanged).toBe(1);
  });

  it('that lost its cookie begins again twice, and then says why', async () => {
    const rounds: Verdict[] = [await login.judge({ path: '/orders?page=2' })];
    for (const _ of [1, 2, 3]) rounds.push(await at(answerTo(rounds.at(-1)!)));
    expect(rounds.map(wordOf)).toEqual(['wechat', 'wechat', 'wechat', 'page COOKIES_REQUIRED']);
    expect(rounds.slice(0, 3).map(redirectUriOf)).toEqual(Array(3).fill(`${HOST}${PATH}`));
    expect(rounds.at(-1)).toMatchObject({ problem: { retryUrl: `${HOST}/` } });
  });

  it('whose code is no good begins again for the same page, with the same scope', async () => {
    const rule = { scope: 'snsapi_userinfo' } as const;
    const begun = await login.judge({ path: '/orders?page=2' }, rule);
    const refuse = (errcode: number) =>
      login.answer(async () => {
        throw new WechatApiError({ errcode, errmsg: 'said WeChat', endpoint: '/sns/x' });
      });
    refuse(40163);
    const again = await at(answerTo(begun), { cookies: cookiesOf(begun) });
    expect([wordOf(again), redirectUriOf(again)]).toEqual(['wechat', `${HOST}${PATH}`]);
    expect((again as { location: string }).location).toContain('scope=snsapi_userinfo');
    refuse(40001);
    const failed = await at(answerTo(again, 'd'), { cookies: cookiesOf(again) });
    expect(failed).toMatchObject({ kind: 'redirect' });
    login.answer(async () => {
      throw new Error('no WeChat');
    });
    expect(await at(answerTo(failed, 'e'), { cookies: cookiesOf(failed) })).toMatchObject({
      problem: { code: 'LOGIN_FAILED', retryUrl: `${HOST}/orders?page=2` },
    });
  });

  it('whose session never arrives does not go round for ever', async () => {
    const jar = new Map<string, string>();
    const keep = (verdict: Verdict) => {
      for (const pair of cookiesOf(verdict))
        if (!pair.includes('wechat_session')) jar.set(pair.split('=')[0]!, pair);
    };
    const words: string[] = [];
    for (let round = 0; round < 5; round++) {
      const begun = await login.judge({ path: '/orders?page=2', cookies: [...jar.values()] });
      words.push(wordOf(begun));
      if (begun.kind !== 'redirect') break;
      keep(begun);
      const query = answerTo(begun, `code${round}`);
      keep(await at(query, { cookies: [...jar.values()] }));
    }
    expect(words).toEqual(['wechat', 'wechat', 'wechat', 'page COOKIES_REQUIRED']);
  });

  it.each([100, 1_500, 2_900])(
    'with %d characters to remember fits the header of an answer',
    async (length) => {
      login.admit(async () => ({ claims: { big: 'x'.repeat(1_000) } }));
      const begun = await login.judge({ path: `/orders?q=${'x'.repeat(length)}` });
      const ended = await at(answerTo(begun), { cookies: cookiesOf(begun) });
      for (const verdict of [begun, ended] as unknown as { location: string; setCookies: string[] }[])
        expect(fitsAnswer(verdict.setCookies, verdict.location)).toBe(true);
      expect(wordOf(ended)).toMatch(/^\/orders/);
    },
  );

  it('that somebody says no to offers the page again', async () => {
    const begun = await login.judge({ path: '/orders?page=2' });
    for (const query of [`?state=${stateOf(begun)}`, `?code=authdeny&state=${stateOf(begun)}`]) {
      const refused = await at(query, { cookies: cookiesOf(begun) });
      expect(refused).toMatchObject({
        problem: { code: 'LOGIN_REFUSED', retryUrl: `${HOST}/orders?page=2` },
      });
    }
    expect(login.exchanged).toBe(0);
  });

  it.each<[RouteRule['snapshot'], string]>([
    ['refuse', 'page SNAPSHOT_USER'],
    ['readonly', '/orders'],
    ['allow', '/orders'],
  ])('of a snapshot visitor is judged by the page: %s', async (snapshot, expected) => {
    login.answer(async () => tokenAnswer({ isSnapshotUser: true }));
    const begun = await login.judge({}, { snapshot });
    // A rule of the route itself lets nobody in.
    const answered = await at(answerTo(begun), { cookies: cookiesOf(begun) }, { snapshot: 'allow' });
    expect(wordOf(answered)).toBe(expected);
  });

  it('for more than somebody has keeps the account and the scope', async () => {
    const rule = { scope: 'snsapi_userinfo' } as const;
    const session = login.cookieOf();
    const begun = await login.judge({ path: '/profile', cookies: [session] }, rule);
    login.answer(async () => tokenAnswer({ scope: ['snsapi_userinfo'] }));
    const answered = await at(answerTo(begun), { cookies: [session, ...cookiesOf(begun)] });
    expect(wordOf(answered)).toBe('/profile');
  });

  it('keeps the path where a header has no room for the query', async () => {
    const begun = await login.judge({ path: `/orders?q=${'x'.repeat(2_900)}` });
    expect(wordOf(begun)).toBe('wechat');
    expect(wordOf(await at(answerTo(begun), { cookies: cookiesOf(begun) }))).toBe('/orders');
  });

  it('that began before there was a callback path ends at its page', async () => {
    const before = makeLogin();
    const begun = await before.judge({ path: '/orders?page=2' });
    const path = `/orders${answerTo(begun)}`;
    expect(wordOf(await login.judge({ path, cookies: cookiesOf(begun) }))).toBe('/orders?page=2');
  });
});

describe('A silent login', () => {
  const silent = { mode: 'silent' } as const;

  it('signs in, and goes to its page', async () => {
    const begun = await login.judge({ path: '/products?page=2' }, silent);
    expect(wordOf(await at(answerTo(begun), { cookies: cookiesOf(begun) }))).toBe('/products?page=2');
  });

  it.each<[string, (query: string) => string]>([
    ['that is refused', (query) => query.replace('code=c', 'code=')],
    ['that fails', (query) => query],
  ])('%s keeps nobody out and shows no page', async (_what, change) => {
    login.answer(async () => {
      throw new Error('no WeChat');
    });
    const begun = await login.judge({ path: '/products?page=2' }, silent);
    const all = cookiesOf(begun);
    const verdict = await at(change(answerTo(begun)), { cookies: all });
    expect(wordOf(verdict)).toBe('/products?page=2');
    // The mark of the attempt is gone, the flow is not: it is made again, or they go round for ever.
    const unmarked = all.filter((pair) => !pair.includes('wechat_silent'));
    expect(unmarked).toHaveLength(all.length - 1);
    const again = await at(change(answerTo(begun)), { cookies: unmarked });
    expect(wordOf(again)).toBe('/products?page=2');
    expect(cookiesOf(again).join()).toContain('wechat_silent');
  });

  it('asks nobody again when its own cookie is gone', async () => {
    const begun = await login.judge({ path: '/products' }, silent);
    const marked = cookiesOf(begun).filter((pair) => pair.includes('wechat_silent'));
    expect(wordOf(await at(answerTo(begun), { cookies: marked }))).toBe('/');
    expect(wordOf(await at(answerTo(begun)))).toBe('page COOKIES_REQUIRED');
    expect(login.exchanged).toBe(0);
  });

  it('does not sign in again who has signed out meanwhile', async () => {
    const begun = await login.judge({ path: '/products' }, silent);
    const out = `__Host-wechat_out=${'A'.repeat(11)}`;
    const answered = await at(answerTo(begun), { cookies: [...cookiesOf(begun), out] });
    expect([wordOf(answered), login.exchanged]).toEqual(['/', 0]);
  });

  it('has a state that no app without a callback path takes for its own', async () => {
    const begun = await login.judge({ path: '/products' }, silent);
    expect(makeLogin().pendingLogins.recognize(stateOf(begun))).toBeUndefined();
    expect(login.pendingLogins.recognize(stateOf(begun))).toMatchObject({ attempt: 0, isQuiet: true });
  });
});

describe('A state that is lost on the way', () => {
  /** To WeChat and back without the state, with all cookies, until something else is answered. */
  async function goRound(first: Verdict, query = '?code=c', most = 6): Promise<string[]> {
    const jar = new Map<string, string>();
    const words = [wordOf(first)];
    for (let verdict = first; words.length < most && words.at(-1) === 'wechat';) {
      for (const pair of cookiesOf(verdict)) jar.set(pair.split('=')[0]!, pair);
      verdict = await at(query, { cookies: [...jar.values()] });
      words.push(wordOf(verdict));
    }
    return words;
  }

  it.each([
    '?code=c',
    '?CODE=c',
    '?code=c&state=',
    '?code=c&state=next',
    '?code=c&STATE=x',
    '?code=c&amp;state=x',
  ])('is counted while its login is young, and then told: %s', async (query) => {
    const words = await goRound(await login.judge({ path: '/orders?page=2' }), query);
    expect(words).toEqual(['wechat', 'wechat', 'wechat', 'page BAD_LOGIN_REQUEST']);
  });

  it('goes on to the page that was asked for, once the state comes back', async () => {
    const begun = await login.judge({ path: '/orders?page=2' }, { scope: 'snsapi_userinfo' });
    const again = await at('?code=c', { cookies: cookiesOf(begun) });
    expect((again as { location: string }).location).toContain('scope=snsapi_userinfo');
    login.answer(async () => tokenAnswer({ scope: ['snsapi_userinfo'] }));
    expect(wordOf(await at(answerTo(again), { cookies: cookiesOf(again) }))).toBe('/orders?page=2');
  });

  it('finds nothing without a code, a minute later, at another browser, or ahead of time', async () => {
    const begun = await login.judge();
    const cookies = cookiesOf(begun);
    expect(wordOf(await at('', { cookies }))).toBe('404');
    expect(wordOf(await at('?state=next', { cookies }))).toBe('404');
    expect(wordOf(await at('?code=c'))).toBe('404');
    expect(wordOf(await at('?code=c', { ...page({ 'sec-purpose': 'prefetch' }), cookies }))).toBe('404');
    expect(wordOf(await at('?code=c', { headers: FETCH, cookies }))).toBe('404');
    expect(wordOf(await at('?code=c', { cookies: [...cookies, login.cookieOf()] }))).toBe('404');
    login.runtime.time += 60_000;
    expect(wordOf(await at('?code=c', { cookies }))).toBe('404');
  });

  it('finds nothing where the flow comes back to another path', async () => {
    const begun = await makeLogin({ callbackPath: '/other/callback' }).judge();
    expect(wordOf(await at('?code=c', { cookies: cookiesOf(begun) }))).toBe('404');
  });

  it('of a silent login shows the page without it', async () => {
    const begun = await login.judge({ path: '/products?page=2' }, { mode: 'silent' });
    const verdict = await at('?code=c', { cookies: cookiesOf(begun) });
    expect(wordOf(verdict)).toBe('/products?page=2');
    expect(cookiesOf(verdict).join()).toContain('wechat_silent');
  });

  it('leaves ?code= of the application’s pages alone', async () => {
    const begun = await login.judge({ path: '/orders?code=SUMMER' });
    for (const _ of [1, 2, 3, 4])
      expect(wordOf(await login.judge({ path: '/orders?code=x', cookies: cookiesOf(begun) }))).toBe('wechat');
  });
});

describe('With a store that is gone', () => {
  it('somebody reads so, and a silent page shows itself', async () => {
    login = makeLogin({ callbackPath: PATH, session: { revocable: 'strict' } });
    const [begun, quiet] = [
      await login.judge({ path: '/orders?page=2' }),
      await login.judge({ path: '/products' }, { mode: 'silent' }),
    ];
    const session = login.cookieOf({}, { mark: 'm' });
    login.store.get = async () => {
      throw new Error('gone');
    };
    const answered = await at(answerTo(begun), { cookies: [session, ...cookiesOf(begun)] });
    expect(answered).toMatchObject({
      problem: { code: 'STORE_UNAVAILABLE', retryUrl: `${HOST}/orders?page=2` },
    });
    expect(wordOf(await at(answerTo(quiet), { cookies: [session, ...cookiesOf(quiet)] }))).toBe('/products');
    expect(login.exchanged).toBe(0);
  });
});
