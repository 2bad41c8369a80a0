// What a person is answered who comes back from WeChat: by what they bring, by what WeChat says of
// it, by what this browser did before.
import { Logger } from '@nestjs/common';
import { WechatApiError, WechatNetworkError, WechatResponseError } from '../../../../lib/index.js';
import type { Verdict } from '../../../../lib/auth/http/verdict.js';
import { CountingStore } from '../../../support/counting-store.js';
import {
  cookiesOf,
  type Login,
  makeLogin,
  PAGE,
  stateOf,
  tokenAnswer,
  wordOf,
} from '../../../support/login-parts.js';

const SESSION = /^__Host-wechat_session_[0-9a-f]{8}=v1\./;
const FLOW_GONE = /^__Host-wechat_flow_[0-9a-f]{8}_[0-9a-f]{8}=; Max-Age=0/;
const FLOW_KEPT = /^__Host-wechat_flow_[0-9a-f]{8}_[0-9a-f]{8}=v1\.[^;]+; Max-Age=60;/;

let login: Login;
beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  login = makeLogin();
});

const api = (errcode: number) => new WechatApiError({ errcode, errmsg: 'said WeChat', endpoint: '/sns/x' });
const fails = (error: Error) =>
  login.answer(async () => {
    throw error;
  });

/** The answer to a login that begins now, as WeChat sends the browser back with it. */
async function comeBack(
  query = 'code=c',
  { rule = {}, cookies = [] as string[], path = '/orders', begun = undefined as Verdict | undefined } = {},
): Promise<Verdict> {
  const start = begun ?? (await login.judge({ path, cookies }, rule));
  const all = [...cookies, ...cookiesOf(start)];
  return login.judge({ path: `${path}?${query}&state=${stateOf(start)}`, cookies: all }, rule);
}

describe('A callback', () => {
  it('signs in, leaves the flow for a minute, and goes to the clean address', async () => {
    const verdict = await comeBack('code=c&a=1', { path: '/orders' });
    expect(verdict).toMatchObject({
      kind: 'redirect',
      location: 'https://shop.example.com/orders',
      setCookies: [expect.stringMatching(SESSION), expect.stringMatching(FLOW_KEPT)],
    });
    expect(login.exchanged).toBe(1);
  });

  it.each([
    ['nothing', ''],
    ['an empty code', 'code='],
    ['the word of WeChat’s SDK', 'code=authdeny'],
  ])('with %s is a refusal by the person: no exchange, and the flow ends', async (_what, query) => {
    const verdict = await comeBack(query);
    expect(wordOf(verdict)).toBe('page LOGIN_REFUSED');
    expect(verdict).toMatchObject({
      setCookies: [expect.stringMatching(FLOW_GONE)],
      problem: { retryUrl: 'https://shop.example.com/orders' },
    });
    expect(login.exchanged).toBe(0);
  });

  it.each([
    ['two codes', 'code=a&code=b'],
    ['a blank', 'code=a%20b'],
    ['a line end', 'code=a%0Ab'],
    ['a code beyond ASCII', 'code=%C3%A9'],
    ['a code of 513 characters', `code=${'a'.repeat(513)}`],
  ])('with %s is a bad request: no exchange', async (_what, query) => {
    expect(wordOf(await comeBack(query))).toBe('page BAD_LOGIN_REQUEST');
    expect(login.exchanged).toBe(0);
  });

  it('with a code of 512 characters is none', async () => {
    expect(wordOf(await comeBack(`code=${'a'.repeat(512)}`))).toBe('/orders');
  });

  it('of an app that the route does not take goes to the clean address', async () => {
    const begun = await login.judge();
    const verdict = await login.judge(
      { path: `/orders?code=c&state=${stateOf(begun)}`, cookies: cookiesOf(begun) },
      { apps: ['website'] },
    );
    expect([wordOf(verdict), login.exchanged]).toEqual(['/orders', 0]);
  });

  it.each<[what: string, error: () => Error, words: string[]]>([
    ['a dead code', () => api(40029), ['wechat', 'wechat', 'page LOGIN_FAILED']],
    ['a used code', () => api(40163), ['wechat', 'wechat', 'page LOGIN_FAILED']],
    ['a dead token', () => api(40001), ['wechat', 'wechat', 'page LOGIN_FAILED']],
    ['being busy', () => api(-1), ['wechat', 'wechat', 'page LOGIN_FAILED']],
    ['a wrong secret', () => api(40125), ['page LOGIN_FAILED']],
    ['a blocked person', () => api(40226), ['page LOGIN_FAILED']],
    ['silence', () => new WechatNetworkError('/sns/x', 'timeout', true), ['page LOGIN_FAILED']],
    ['HTML', () => new WechatResponseError('/sns/x', 200, 'not JSON'), ['page LOGIN_FAILED']],
  ])(
    'that WeChat answers with %s starts again twice at most, or says so at once',
    async (_what, error, words) => {
      const seen: string[] = [];
      let begun = await login.judge();
      for (let turn = 0; turn < words.length; turn++) {
        fails(error());
        const verdict = await comeBack(`code=c${turn}`, { begun });
        seen.push(wordOf(verdict));
        begun = verdict;
      }
      expect(seen).toEqual(words);
      expect(login.exchanged).toBe(words.length);
    },
  );

  it.each([
    [api(40029), 401],
    [api(40125), 502],
    [new WechatNetworkError('/sns/x', 'timeout', true), 502],
    [new WechatNetworkError('/sns/x', 'busy', false), 503],
  ])('that fails for good has the status of what it failed by: %#', async (error, status) => {
    let verdict = await login.judge();
    for (let turn = 0; turn < 3; turn++) {
      fails(error);
      if (verdict.kind === 'redirect') verdict = await comeBack(`code=c${turn}`, { begun: verdict });
    }
    expect(verdict).toMatchObject({ problem: { statusCode: status } });
  });

  it.each([
    ['the handler throws', () => Promise.reject(new Error('down'))],
    ['it names an address elsewhere', async () => ({ redirectTo: 'https://evil.example.com/' })],
  ])('can be tried again on the same exchange when %s', async (_what, onLogin) => {
    const begun = await login.judge();
    login.admit(onLogin);
    const failed = await comeBack('code=c', { begun });
    expect([wordOf(failed), cookiesOf(failed)]).toEqual(['page LOGIN_FAILED', []]);
    login.admit(async () => undefined);
    expect(wordOf(await comeBack('code=c', { begun }))).toBe('/orders');
    expect(login.exchanged).toBe(1);
  });

  it('without its flow starts again twice, then asks for cookies', async () => {
    const words: string[] = [];
    let state = stateOf(await login.judge());
    for (let turn = 0; turn < 3; turn++) {
      const verdict = await login.judge({ path: `/orders?code=c&state=${state}` });
      words.push(wordOf(verdict));
      if (verdict.kind === 'redirect') state = stateOf(verdict);
    }
    expect([words, login.exchanged]).toEqual([['wechat', 'wechat', 'page COOKIES_REQUIRED'], 0]);
  });

  it.each([
    ['without its flow', false],
    ['whose state is spent', true],
  ])('%s is nothing to somebody who is signed in', async (_what, spent) => {
    const begun = await login.judge();
    if (spent) {
      await comeBack('code=c', { begun });
      login.runtime.time += 61_000;
    }
    const cookies = [login.cookieOf(), ...(spent ? cookiesOf(begun) : [])];
    const verdict = await login.judge({ path: `/orders?code=c&state=${stateOf(begun)}`, cookies });
    expect([wordOf(verdict), cookiesOf(verdict)]).toEqual(['/orders', []]);
  });

  it.each(['code', 'busy'])('that fails by %s is nothing to somebody who is signed in', async (by) => {
    const begun = await login.judge();
    fails(api(by === 'code' ? 40029 : -1));
    expect(wordOf(await comeBack('code=c', { begun, cookies: [login.cookieOf()] }))).toBe('/orders');
  });

  it('comes to one exchange and one session however often it comes', async () => {
    const begun = await login.judge();
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => comeBack('code=c', { begun })));
    const sessions = new Set(verdicts.map((verdict) => cookiesOf(verdict)[0]));
    expect(login.exchanged).toBe(1);
    // The same session, sealed anew each time.
    const ids = [...sessions].map((pair) => {
      const [name, value] = pair!.split('=') as [string, string];
      return login.sessions.fromCookies([{ name, value }])[0]?.session.sid;
    });
    expect(new Set(ids).size).toBe(1);
  });
});

describe('Somebody who has just come back', () => {
  it('with less than the route needs is told so, and keeps what was given', async () => {
    const verdict = await comeBack('code=c', { rule: { scope: 'snsapi_userinfo' } });
    expect(wordOf(verdict)).toBe('page WECHAT_SCOPE_REQUIRED');
    expect(cookiesOf(verdict)[0]).toMatch(SESSION);
  });

  it('and was refused has no session, and no flow', async () => {
    login.admit(async () => ({ refuse: { code: 'BANNED', message: 'No.' } }));
    const verdict = await comeBack();
    expect(verdict).toMatchObject({
      problem: { code: 'LOGIN_REFUSED', reason: 'BANNED', message: 'No.', statusCode: 403 },
      setCookies: [expect.stringMatching(FLOW_GONE)],
    });
  });

  it.each([
    ['refuse', 'page SNAPSHOT_USER'],
    ['readonly', '/orders'],
    ['allow', '/orders'],
  ] as const)('as a visitor of a snapshot is in by the rule %s alone', async (snapshot, expected) => {
    login.answer(async () => tokenAnswer({ isSnapshotUser: true }));
    expect(wordOf(await comeBack('code=c', { rule: { snapshot } }))).toBe(expected);
  });

  it.each([
    ['/account?a=1', '/account?a=1'],
    ['https://shop.example.com/x', '/x'],
  ])('goes where the handler says: %s', async (redirectTo, expected) => {
    login.admit(async () => ({ redirectTo }));
    expect(wordOf(await comeBack())).toBe(expected);
  });

  it('keeps the account and the claims at an upgrade, and is somebody else with another openid', async () => {
    const cookies = [login.cookieOf({ claims: { id: 1 } as never })];
    const logins: unknown[] = [];
    login.admit(async ({ reason, previous }) => void logins.push([reason, previous?.claims]));
    const rule = { scope: 'snsapi_userinfo' as const };
    login.answer(async () => tokenAnswer({ scope: ['snsapi_userinfo'] }));
    expect(wordOf(await comeBack('code=a', { rule, cookies }))).toBe('/orders');
    login.answer(async () => tokenAnswer({ scope: ['snsapi_userinfo'], openid: 'oHong' }));
    expect(wordOf(await comeBack('code=b', { rule, cookies }))).toBe('/orders');
    expect(logins).toEqual([
      ['upgrade', { id: 1 }],
      ['login', undefined],
    ]);
  });

  it('to a route that may do without a name gets in without one', async () => {
    login.answer(async () => tokenAnswer({ scope: ['snsapi_userinfo'] }));
    login.api.userInfo = () => Promise.reject(api(-1));
    expect(wordOf(await comeBack())).toBe('/orders');
    expect(wordOf(await comeBack('code=b', { rule: { scope: 'snsapi_userinfo' } }))).toBe('wechat');
  });
});

describe('A silent attempt', () => {
  const rule = { mode: 'silent' } as const;

  it('is made once in a day, and remembered before it is made', async () => {
    const begun = await login.judge({}, rule);
    expect(wordOf(begun)).toBe('wechat');
    expect(new URL((begun as { location: string }).location).searchParams.get('scope')).toBe('snsapi_base');
    const tried = cookiesOf(begun).filter((pair) => pair.includes('wechat_silent'));
    expect(wordOf(await login.judge({ cookies: tried }, rule))).toBe('pass');
  });

  it.each<[string, () => void, string]>([
    ['the person says no', () => {}, 'code=authdeny'],
    ['the code is dead', () => fails(api(40029)), 'code=c'],
    ['WeChat is away', () => fails(new WechatNetworkError('/x', 'timeout', true)), 'code=c'],
    ['the handler refuses', () => login.admit(async () => ({ refuse: { code: 'X' } })), 'code=c'],
    ['the handler throws', () => login.admit(() => Promise.reject(new Error('x'))), 'code=c'],
  ])('shows nobody a page when %s', async (_what, arrange, query) => {
    arrange();
    const verdict = await comeBack(query, { rule });
    expect([wordOf(verdict), verdict.kind === 'redirect']).toEqual(['/orders', true]);
    expect(cookiesOf(verdict).filter((pair) => pair.includes('session'))).toEqual([]);
  });

  it('is forgotten when it has signed somebody in', async () => {
    const verdict = await comeBack('code=c', { rule });
    expect(wordOf(verdict)).toBe('/orders');
    expect((verdict as { setCookies: readonly string[] }).setCookies).toContainEqual(
      expect.stringMatching(/^__Host-wechat_silent_[0-9a-f]{8}=; Max-Age=0/),
    );
  });

  it('of a browser that keeps no cookies shows the page where it is', async () => {
    const begun = await login.judge({}, rule);
    const verdict = await login.judge({ path: `/orders?code=c&state=${stateOf(begun)}` }, rule);
    expect([wordOf(verdict), login.exchanged]).toEqual(['pass', 0]);
  });
});

describe('A store on the other side of a slow network', () => {
  const visitors = [
    ['a first login', tokenAnswer(), {}],
    ['a first login with a name', tokenAnswer({ scope: ['snsapi_userinfo'] }), { scope: 'snsapi_userinfo' }],
  ] as const;

  it.each(visitors)('is waited for three times at most by %s, of four', async (_what, answer, rule) => {
    const store = new CountingStore({ now: () => login.runtime.now() });
    login = makeLogin({}, store);
    login.answer(async () => answer);
    const begun = await login.judge({}, rule);
    const ask = () =>
      login.judge({ path: `/orders?code=c&state=${stateOf(begun)}`, cookies: cookiesOf(begun) }, rule);

    const { asked, rounds } = await store.count(ask);

    // State and code together; what WeChat said; the token, beside it; what came of it, for which
    // nobody waits.
    expect(asked.map((what) => what.split(' ')[1]).toSorted()).toEqual([
      'claim',
      'code',
      'login',
      'login',
      'token',
    ]);
    expect(rounds).toBeLessThanOrEqual(3);
    // Its twin on this machine asks nothing.
    expect(await store.count(ask)).toEqual({ asked: [], rounds: 0 });
  });

  it('costs nothing before somebody comes back, and nothing for a session', async () => {
    const store = new CountingStore();
    login = makeLogin({}, store);
    expect((await store.count(() => login.judge())).asked).toEqual([]);
    expect((await store.count(() => login.judge({ cookies: [login.cookieOf()] }))).asked).toEqual([]);
    expect((await store.count(() => login.judge({ path: '/orders?code=c&state=x' }))).asked).toEqual([]);
  });

  it('is asked once for each session where these can be revoked', async () => {
    const store = new CountingStore();
    login = makeLogin({ session: { revocable: true } }, store);
    const mark = await login.revocations.markFor(login.identity());
    const cookies = [login.cookieOf({}, { mark })];
    expect(await store.count(() => login.judge({ cookies }))).toEqual({ asked: ['get ended'], rounds: 1 });
  });
});

it('No header of a callback is believed but its cookies', async () => {
  const begun = await login.judge();
  const headers = {
    ...PAGE,
    'x-openid': 'oHong',
    authorization: 'Bearer oHong',
    'x-forwarded-host': 'evil.example.com',
  };
  const verdict = await login.judge({
    path: `/orders?code=c&state=${stateOf(begun)}&openid=oHong`,
    headers,
    cookies: cookiesOf(begun),
  });
  expect((verdict as { location: string }).location).toBe('https://shop.example.com/orders');
  const [pair] = cookiesOf(verdict);
  expect(wordOf(await login.judge({ cookies: [pair!] }))).toBe('pass oMing');
});
