// Where a login is judged: request × rule × session → verdict. What a browser and an application
// make of it, test/e2e sees.
import { Logger } from '@nestjs/common';
import type { RouteRule } from '../../../../lib/auth/decorators/wechat-auth.decorator.js';
import { AGENTS } from '../../../support/browser.js';
import {
  type Asked,
  cookiesOf,
  type Login,
  makeLogin,
  PAGE,
  stateOf,
  wordOf,
} from '../../../support/login-parts.js';

beforeAll(() => Logger.overrideLogger(false));

let login: Login;
beforeEach(() => {
  login = makeLogin();
});

const FETCH = {
  accept: 'application/json',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  'user-agent': AGENTS.wechat,
};
const OLD = { accept: 'text/html,*/*', 'user-agent': AGENTS.wechat };
const page = (changes: Record<string, string | undefined> = {}): Asked => ({
  headers: { ...PAGE, ...changes },
});

/** A request without a session: what it may do, by what the browser says of it. */
const REQUESTS: [what: string, asked: Asked, none: string, finish: string, restart: string][] = [
  // Ahead of time: nothing begins, and no code is spent.
  ['a prefetch', page({ 'sec-purpose': 'prefetch' }), '503', '503', '503'],
  ['a prerender', page({ 'sec-purpose': 'prefetch;prerender' }), '503', '503', '503'],
  ['an old prefetch', page({ purpose: 'prefetch' }), '503', '503', '503'],
  ['a prefetch of Firefox', page({ 'x-moz': 'prefetch' }), '503', '503', '503'],
  ['a preview of Safari', page({ 'x-purpose': 'preview' }), '503', '503', '503'],
  // Not GET.
  ['HEAD', { ...page(), method: 'HEAD' }, '401', '401', '401'],
  ['POST', { ...page(), method: 'POST' }, '401', '401', '401'],
  ['OPTIONS', { ...page(), method: 'OPTIONS' }, '401', '401', '401'],
  // What the browser says it fetches.
  ['a page', page(), 'wechat', '/orders', 'wechat'],
  ['a page through a service worker', page({ 'sec-fetch-dest': 'empty' }), 'wechat', '/orders', 'wechat'],
  ['a page without a destination', page({ 'sec-fetch-dest': undefined }), 'wechat', '/orders', 'wechat'],
  ['a page from another site', page({ 'sec-fetch-site': 'cross-site' }), 'wechat', '/orders', 'wechat'],
  ['a page that wants JSON', page({ accept: 'application/json' }), 'wechat', '/orders', 'wechat'],
  ['a frame', page({ 'sec-fetch-dest': 'iframe' }), '401', '401', '401'],
  ['a frameset', page({ 'sec-fetch-dest': 'frame' }), '401', '401', '401'],
  ['an object', page({ 'sec-fetch-dest': 'object' }), '401', '401', '401'],
  ['a fetch', { headers: FETCH }, '401', '401', '401'],
  ['a fetch that accepts pages', { headers: { ...FETCH, accept: 'text/html' } }, '401', '401', '401'],
  ['an image', page({ 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }), '401', '401', '401'],
  ['a mode that came twice', page({ 'sec-fetch-mode': 'navigate, navigate' }), '401', '401', '401'],
  ['a destination that came twice', page({ 'sec-fetch-dest': 'document, document' }), '401', '401', '401'],
  ['no mode beside a destination', page({ 'sec-fetch-mode': undefined }), '401', '401', '401'],
  // An old browser says nothing of it.
  ['an old page', { headers: OLD }, 'wechat', '/orders', 'wechat'],
  ['an old page of XHTML', { headers: { ...OLD, accept: 'application/xhtml+xml' } }, 'wechat', '/orders', 'wechat'],
  ['an old page in WeChat on Android', { headers: { ...OLD, 'x-requested-with': 'com.tencent.mm' } }, 'wechat', '/orders', 'wechat'],
  ['an old script', { headers: { ...OLD, 'x-requested-with': 'XMLHttpRequest' } }, '401', '401', '401'],
  ['an old request for JSON', { headers: { ...OLD, accept: 'application/json' } }, '401', '401', '401'],
  ['a request for anything', { headers: { ...OLD, accept: '*/*' } }, '401', '401', '401'],
  ['a request that says nothing', { headers: { 'user-agent': AGENTS.wechat } }, '401', '401', '401'],
  ['an operation of GraphQL', { ...page(), canNavigate: false }, '401', '401', '401'],
]; // prettier-ignore

describe('Without a session', () => {
  it.each(REQUESTS)('%s', async (_what, asked, none, finish, restart) => {
    const begun = await login.judge();
    const callback = { ...asked, path: `/orders?code=c&state=${stateOf(begun)}` };

    expect([
      wordOf(await login.judge(asked)),
      wordOf(await login.judge({ ...callback, cookies: cookiesOf(begun) })),
      wordOf(await login.judge(callback)),
    ]).toEqual([none, finish, restart]);
    // A code is spent by a finish alone.
    expect(login.exchanged).toBe(finish === '/orders' ? 1 : 0);
  });

  it.each(REQUESTS)('%s, where nobody has to be signed in', async (_what, asked, none) => {
    expect(wordOf(await login.judge(asked, { mode: 'optional' }))).toBe('pass');
    // A silent attempt is for people who look.
    expect(wordOf(await login.judge(asked, { mode: 'silent' }))).toBe(none === 'wechat' ? 'wechat' : 'pass');
    expect(await login.judge(asked, { mode: 'off' })).toMatchObject({ kind: 'pass', unguarded: true });
  });

  it.each(REQUESTS)('%s, with a session', async (_what, asked) => {
    // A write of a form counts for its own pages only, which other tests look at.
    const headers = { ...asked.headers, 'sec-fetch-site': 'same-origin' };
    const verdict = await login.judge({ ...asked, headers, cookies: [login.cookieOf()] });
    expect(wordOf(verdict)).toBe('pass oMing');
  });
});

/** Who is there, by what they show. */
const SHOWN: Record<string, (at: Login) => Asked> = {
  nobody: () => page(),
  ming: (at) => ({ ...page(), cookies: [at.cookieOf()] }),
  'ming with a name': (at) => ({ ...page(), cookies: [at.cookieOf({ scope: ['snsapi_userinfo'] })] }),
  'ming at the website': (at) => ({
    ...page(),
    cookies: [at.cookieOf({ app: 'website', appId: 'wx000000000website', scope: ['snsapi_login'] })],
  }),
  'a snapshot visitor': (at) => ({ ...page(), cookies: [at.cookieOf({ isSnapshotUser: true })] }),
  'ming twice': (at) => ({ ...page(), cookies: [at.cookieOf(), at.cookieOf()] }),
  'ming, as a token': (at) => page({ authorization: `Bearer ${at.bearerOf()}` }),
  'ming, as a token of a fetch': (at) => ({ headers: { ...FETCH, authorization: `Bearer ${at.bearerOf()}` } }),
  'a forged token beside ming': (at) => ({ ...page({ authorization: 'Bearer v1.AAAA' }), cookies: [at.cookieOf()] }),
  'a token of the application': () => page({ authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x' }),
  'a token of the application beside ming': (at) => ({ ...page({ authorization: 'Bearer eyJ.e30.x' }), cookies: [at.cookieOf()] }),
}; // prettier-ignore

/**
 * By rule: any route, one that needs the name, one of the official account, one that never asks,
 * one that lets snapshot visitors read.
 */
const RULES: Record<string, Partial<RouteRule>> = {
  any: {},
  profile: { scope: 'snsapi_userinfo' },
  official: { apps: ['official'] },
  optional: { mode: 'optional' },
  readonly: { snapshot: 'readonly' },
};

const VERDICTS: [shown: keyof typeof SHOWN, ...verdicts: [any: string, profile: string, official: string, optional: string, readonly: string]][] = [
  ['nobody', 'wechat', 'wechat', 'wechat', 'pass', 'wechat'],
  ['ming', 'pass oMing', 'wechat', 'pass oMing', 'pass oMing', 'pass oMing'],
  ['ming with a name', 'pass oMing', 'pass oMing', 'pass oMing', 'pass oMing', 'pass oMing'],
  ['ming at the website', 'pass oMing', 'pass oMing', 'wechat', 'pass oMing', 'pass oMing'],
  ['a snapshot visitor', 'page SNAPSHOT_USER', 'page SNAPSHOT_USER', 'page SNAPSHOT_USER', 'pass', 'pass oMing'],
  ['ming twice', 'wechat', 'wechat', 'wechat', 'pass', 'wechat'],
  ['ming, as a token', 'pass oMing', '403', 'pass oMing', 'pass oMing', 'pass oMing'],
  ['ming, as a token of a fetch', 'pass oMing', '403', 'pass oMing', 'pass oMing', 'pass oMing'],
  ['a forged token beside ming', '401', '401', '401', '401', '401'],
  ['a token of the application', 'wechat', 'wechat', 'wechat', 'pass', 'wechat'],
  ['a token of the application beside ming', 'pass oMing', 'wechat', 'pass oMing', 'pass oMing', 'pass oMing'],
]; // prettier-ignore

describe('Whoever is', () => {
  it.each(VERDICTS)('%s gets in by the rule of the route', async (shown, ...expected) => {
    const verdicts = [];
    for (const rule of Object.values(RULES))
      verdicts.push(wordOf(await login.judge(SHOWN[shown]!(login), rule)));
    expect(verdicts).toEqual(expected);
  });

  it.each(Object.keys(SHOWN))('%s is nobody where the time of the session is over', async (shown) => {
    const asked = SHOWN[shown]!(login);
    login.runtime.time += 7 * 86_400_000;
    expect(wordOf(await login.judge(asked, { mode: 'optional' }))).toBe(
      (asked.headers as { authorization?: string }).authorization?.startsWith('Bearer v1.') ? '401' : 'pass',
    );
  });

  it('a visitor of a snapshot may read and not write where the route says so', async () => {
    const cookies = [login.cookieOf({ isSnapshotUser: true })];
    const verdicts = [];
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
      const asked = { method, headers: { ...FETCH, 'sec-fetch-site': 'same-origin' }, cookies };
      verdicts.push(wordOf(await login.judge(asked, { snapshot: 'readonly' })));
    }
    expect(verdicts).toEqual(['pass oMing', 'pass oMing', '403', '403']);
    expect(wordOf(await login.judge({ method: 'POST', headers: { ...FETCH }, cookies }, { snapshot: 'allow' }))).toBe('pass oMing'); // prettier-ignore
  });
});

describe('A client', () => {
  it.each<[what: string, agent: string | undefined, required: string, silent: string]>([
    ['WeChat on a phone', AGENTS.wechat, 'wechat', 'wechat'],
    ['WeChat on Android', AGENTS.wechatAndroid, 'wechat', 'wechat'],
    ['a web view of a mini program', `${AGENTS.wechat} miniProgram/wx0`, 'wechat', 'wechat'],
    // Only WeChat itself lets somebody in unseen: a QR code would have to be scanned.
    ['a browser on a computer', AGENTS.desktop, 'qr', 'pass'],
    ['a browser on a phone', AGENTS.phone, 'page OPEN_IN_WECHAT', 'pass'],
    ['a crawler', 'Mozilla/5.0 (compatible; Googlebot/2.1)', 'qr', 'pass'],
    ['a crawler that calls itself WeChat', `${AGENTS.wechat} Baiduspider/2.0`, 'qr', 'pass'],
    ['nobody who says so', undefined, 'qr', 'pass'],
  ])('that is %s is sent to the door it can go through', async (_what, agent, required, silent) => {
    const asked = page({ 'user-agent': agent });
    expect(wordOf(await login.judge(asked))).toBe(required);
    expect(wordOf(await login.judge(asked, { mode: 'silent' }))).toBe(silent);
  });

  it.each([
    ['official', AGENTS.desktop, 'page OPEN_IN_WECHAT'],
    ['website', AGENTS.wechat, 'page OPEN_IN_BROWSER'],
    ['website', AGENTS.phone, 'page OPEN_IN_BROWSER'],
  ])('that cannot go through the door of %s is told where it can', async (app, agent, expected) => {
    expect(wordOf(await login.judge(page({ 'user-agent': agent }), { apps: [app] }))).toBe(expected);
  });
});

describe('A write', () => {
  it.each<[what: string, headers: Record<string, string>, verdict: string]>([
    ['of our own origin', { origin: 'https://shop.example.com' }, 'pass oMing'],
    ['of a listed origin', { origin: 'https://app.example.com' }, 'pass oMing'],
    ['of a sibling', { origin: 'https://evil.example.com' }, '401'],
    ['of our origin on another port', { origin: 'https://shop.example.com:8443' }, '401'],
    ['of our origin without TLS', { origin: 'http://shop.example.com' }, '401'],
    ['of no origin', { origin: 'null' }, '401'],
    ['of no origin that is our own', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 'pass oMing'],
    ['that is cross-site', { 'sec-fetch-site': 'cross-site' }, '401'],
    ['that is same-site', { 'sec-fetch-site': 'same-site' }, '401'],
    ['that a person made', { 'sec-fetch-site': 'none' }, 'pass oMing'],
    ['that says nothing', {}, 'pass oMing'],
  ])('%s, with a cookie', async (_what, headers, verdict) => {
    login = makeLogin({ returnTo: { origins: ['https://app.example.com'] } });
    const asked = { method: 'POST', headers: { accept: 'application/json', ...headers } };
    expect(wordOf(await login.judge({ ...asked, cookies: [login.cookieOf()] }))).toBe(verdict);
    // A page of another origin cannot send a header that it does not know.
    const authorization = `Bearer ${login.bearerOf()}`;
    expect(wordOf(await login.judge({ ...asked, headers: { ...asked.headers, authorization } }))).toBe(
      'pass oMing',
    );
  });

  it('of an origin that is not listed is told so if a session would have counted, and only then', async () => {
    const asked = { method: 'POST', headers: { origin: 'https://evil.example.com' } };
    const withSession = await login.judge({ ...asked, cookies: [login.cookieOf()] });
    expect(withSession).toMatchObject({
      problem: { code: 'WECHAT_LOGIN_REQUIRED', reason: 'ORIGIN_NOT_ALLOWED' },
    });
    const without = await login.judge(asked);
    expect(without).toMatchObject({ problem: { code: 'WECHAT_LOGIN_REQUIRED' } });
    expect(without).not.toHaveProperty('problem.reason');
  });
});

describe('The login route', () => {
  const at = (query: string, asked: Asked = page()) =>
    login.judge({ ...asked, path: `/wechat/login${query}` }, { isLoginRoute: true, mode: 'off' });

  it.each<[query: string, nobody: string, ming: string]>([
    ['', 'wechat', '/'],
    ['?app=official', 'wechat', '/'],
    ['?app=website', 'page OPEN_IN_BROWSER', 'page OPEN_IN_BROWSER'],
    ['?app=other', 'page BAD_LOGIN_REQUEST', 'page BAD_LOGIN_REQUEST'],
    ['?app=official&app=website', 'page BAD_LOGIN_REQUEST', 'page BAD_LOGIN_REQUEST'],
    ['?scope=snsapi_userinfo', 'wechat', 'wechat'],
    ['?scope=everything', 'page BAD_LOGIN_REQUEST', 'page BAD_LOGIN_REQUEST'],
    ['?returnTo=/cart?a=1', 'wechat', '/cart?a=1'],
    ['?returnTo=https://evil.example.com/', 'wechat', '/'],
    ['?returnTo=//evil.example.com/', 'wechat', '/'],
    ['?returnTo=/a&returnTo=/b', 'page BAD_LOGIN_REQUEST', 'page BAD_LOGIN_REQUEST'],
  ])('with %j', async (query, nobody, ming) => {
    expect(wordOf(await at(query))).toBe(nobody);
    expect(wordOf(await at(query, { ...page(), cookies: [login.cookieOf()] }))).toBe(ming);
  });

  it('answers a fetch with a status, and lets one of somebody signed in through', async () => {
    expect(wordOf(await at('', { headers: FETCH }))).toBe('401');
    expect(wordOf(await at('?scope=everything', { headers: FETCH }))).toBe('400');
    expect(wordOf(await at('', { headers: FETCH, cookies: [login.cookieOf()] }))).toBe('pass oMing');
  });

  it('comes back to the address that was asked for', async () => {
    const begun = await at('?returnTo=/cart');
    const back = { ...page(), cookies: cookiesOf(begun) };
    expect(wordOf(await at(`?code=c&state=${stateOf(begun)}&returnTo=/cart`, back))).toBe('/cart');
  });
});

describe('Use of a session', () => {
  it('is told by a short cookie when half of its idle time is over, of a cookie alone', async () => {
    login = makeLogin({ session: { idle: 100 } });
    const [cookie, token] = [login.cookieOf(), login.bearerOf()];
    login.runtime.time += 50_000;
    expect(await login.judge({ cookies: [cookie] })).toMatchObject({ setCookies: [] });
    login.runtime.time += 1;
    expect(await login.judge({ cookies: [cookie] })).toMatchObject({
      setCookies: [expect.stringMatching(/^__Host-wechat_used_/)],
    });
    expect(await login.judge(page({ authorization: `Bearer ${token}` }))).toMatchObject({ setCookies: [] });
    login.runtime.time += 50_000;
    expect(wordOf(await login.judge({ cookies: [cookie] }))).toBe('wechat');
  });
});
