// The ready-made routes: login, me, logout and session, under their own path and under the
// application's.
import { Body, Controller, Get, HttpCode, Injectable, Post, Scope, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatLogin,
  WechatLoginHandler,
  WechatOAuthService,
  WechatUser,
} from '../../lib/index.js';
import { signInAs } from '../../lib/testing/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS, type Running, SHOP } from '../support/application.js';
import { AGENTS, type Answer, type Browser, type RequestOptions } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, expectLogin, redirectUriOf, setStage } from '../support/stage.js';

const ELSEWHERE = 'https://app.example.com';
const LOGIN = `${SHOP}/wechat/login`;

@Controller('mini')
@UseGuards(WechatAuthGuard)
@WechatAuth({ app: 'mini' })
class MiniController {
  @Get()
  page(@WechatUser('app') app: string) {
    return { app };
  }

  @Post()
  @HttpCode(200)
  write(@WechatUser('openid') openid: string, @Body() body: unknown) {
    return { openid, body };
  }
}

const loginAt = (parameters: Record<string, string>) => `${LOGIN}?${new URLSearchParams(parameters)}`;

/** Anything of which there may be only one line at a time, without its random value. */
const cookieNamesIn = ({ setCookies }: Answer) => setCookies.map((line) => line.split('=')[0]!);

describe.each(PLATFORMS)('WechatAuthController on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  const mingAt = (app: (typeof MOCK_APPS)[number]) => stage.wechat.openidOf(app.appId, 'ming');
  const [official, website, mini, mobile] = MOCK_APPS;

  let running: Running;
  let browser: Browser;
  let onLogin: WechatLoginHandler['onLogin'];

  const start = async (options: Parameters<typeof stage.start>[0] = {}) => {
    running = await stage.start({
      controllers: [OrdersController, MiniController, WechatAuthController],
      ...options,
      options: {
        apps: ALL_APPS,
        returnTo: { origins: [ELSEWHERE], default: '/home' },
        ...options.options,
      },
      extras: { loginHandler: { useValue: { onLogin: (login: WechatLogin) => onLogin(login) } } },
    });
    browser = browserFor(running, undefined, SHOP, ELSEWHERE);
  };

  beforeEach(async () => {
    onLogin = async () => undefined;
    await start();
  });

  const post = (path: string, body?: unknown, options: RequestOptions = {}) =>
    browser.fetch(`${SHOP}${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...options,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
    });
  const me = async () => (await browser.fetch(`${SHOP}/wechat/me`)).json<{ user: unknown }>().user;

  describe('is not there by itself', () => {
    beforeEach(() => start({ controllers: [OrdersController] }));

    it('so its paths are unknown', async () => {
      expect((await browser.visit(LOGIN)).status).toBe(404);
      expect((await browser.fetch(`${SHOP}/wechat/me`)).status).toBe(404);
      expect((await post('/wechat/logout')).status).toBe(404);
      expect((await post('/wechat/session', { app: 'mini', code: 'x' })).status).toBe(404);
    });

    it('and 401 names no address to sign in at', async () => {
      const answer = await browser.fetch(`${SHOP}/orders`);
      expect(answer.status).toBe(401);
      expect(answer.json()).not.toHaveProperty('loginUrl');
    });
  });

  describe('GET login', () => {
    it('is the address that 401 and 403 name, where an app can sign this client in', async () => {
      expect((await browser.fetch(`${SHOP}/orders`)).json()).toMatchObject({ loginUrl: LOGIN });
      await expectLogin(browser, `${SHOP}/orders/mine`);
      expect((await browser.fetch(`${SHOP}/orders/profile`)).json()).toMatchObject({
        statusCode: 403,
        code: 'WECHAT_SCOPE_REQUIRED',
        scope: 'snsapi_userinfo',
        loginUrl: LOGIN,
      });
      const forMini = await browser.fetch(`${SHOP}/mini`);
      expect([forMini.status, 'loginUrl' in forMini.json()]).toEqual([401, false]);
    });

    it.each([
      ['a path', '/orders/mine?page=2', `${SHOP}/orders/mine?page=2#`],
      ['an address of its own origin', `${SHOP}/orders/mine#top`, `${SHOP}/orders/mine#top`],
    ])('returns to %s', async (_what, returnTo, end) => {
      const answers = await browser.follow(loginAt({ returnTo }));
      expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
      expect(redirectUriOf(answers[0]!)).toBe(loginAt({ returnTo: end.replace(/#$/, '') }));
      expect(answers[2]!.headers.location).toBe(end);
      expect(answers[3]!.json()).toEqual({ openid: mingAt(official) });
    });

    it('returns to another origin that is allowed', async () => {
      const returnTo = `${ELSEWHERE}/cart?item=1`;
      const answers = await browser.follow(loginAt({ returnTo }));
      expect(answers.at(-1)!.url).toBe(returnTo);
      expect(answers[2]!.headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
    });

    it.each([
      ['nothing', ''],
      ['another host', 'https://evil.example.net/'],
      ['a host without scheme', '//evil.example.net/'],
      ['backslashes', '/\\evil.example.net/'],
      ['a tab between slashes', '/\t/evil.example.net/'],
      ['a blank in front', ' https://evil.example.net/'],
      ['our host as a user', `${SHOP}@evil.example.net/`],
      ['our host as a prefix', `${SHOP}.evil.example.net/`],
      ['a user at our host', 'https://evil@shop.example.com/'],
      ['our host on another port', `${SHOP}:8443/`],
      ['our host without TLS', 'http://shop.example.com/'],
      ['a sibling', 'https://pay.shop.example.com/'],
      ['a script', 'javascript:alert(1)'],
      ['data', 'data:text/html,hello'],
      ['something much too long', `/orders?${'x'.repeat(4_000)}`],
    ])('goes to the default instead of %s', async (_what, returnTo) => {
      const answer = await browser.visit(loginAt({ returnTo }));
      expect(redirectUriOf(answer)).toBe(loginAt({ returnTo: `${SHOP}/home` }));
      // Somebody who is signed in is not sent elsewhere either.
      const { cookie } = signInAs(running.app, { openid: 'oMingSignedIn' });
      const direct = await browser.another().visit(loginAt({ returnTo }), { headers: { cookie } });
      expect([direct.status, direct.headers.location]).toEqual([302, `${SHOP}/home#`]);
    });

    it('takes no other return address from what comes back of WeChat', async () => {
      const { headers } = await browser.visit(loginAt({ returnTo: '/orders/mine' }));
      const { redirectTo } = await stage.wechat.authorize(headers.location!);
      const callback = new URL(redirectTo!);
      callback.searchParams.set('returnTo', `${SHOP}/orders/profile`);
      const answer = await browser.visit(callback.href);
      expect(answer.headers.location).toBe(`${SHOP}/orders/mine#`);
    });

    it('sends somebody who is signed in straight on, and asks WeChat nothing', async () => {
      await expectLogin(browser, `${SHOP}/orders/mine`);
      stage.wechat.clearCalls();
      const answer = await browser.visit(loginAt({ returnTo: '/orders/mine' }));
      expect([answer.status, answer.headers.location]).toEqual([302, `${SHOP}/orders/mine#`]);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(stage.wechat.calls).toEqual([]);
    });

    it('asks for more where more is wanted, and keeps the account', async () => {
      const logins: WechatLogin[] = [];
      onLogin = async (login) => {
        logins.push(login);
        return login.previous ? undefined : { claims: { userId: 7 } };
      };
      await expectLogin(browser, `${SHOP}/orders/mine`);
      await expectLogin(
        browser,
        loginAt({ scope: 'snsapi_userinfo', returnTo: '/orders/profile' }),
        `${SHOP}/orders/profile`,
      );
      expect(logins.map(({ reason }) => reason)).toEqual(['login', 'upgrade']);
      expect(logins[1]!.previous).toMatchObject({ openid: mingAt(official), claims: { userId: 7 } });
      expect(await me()).toMatchObject({ nickname: '小明', claims: { userId: 7 } });
    });

    it.each([
      ['WeChat', AGENTS.wechat, '/connect/oauth2/authorize', official.appId],
      ['WeChat on Android', AGENTS.wechatAndroid, '/connect/oauth2/authorize', official.appId],
      ['a desktop browser', AGENTS.desktop, '/connect/qrconnect', website.appId],
    ])('chooses the app for %s', async (_client, agent, path, appId) => {
      const visitor = browser.another(agent);
      const { headers } = await visitor.visit(loginAt({ returnTo: '/wechat/me' }));
      const address = new URL(headers.location!);
      expect([address.pathname, address.searchParams.get('appid')]).toEqual([path, appId]);
      const end = (await visitor.follow(loginAt({ returnTo: '/wechat/me' }))).at(-1)!;
      expect(end.json()).toMatchObject({ user: { appId } });
    });

    it.each([
      ['the website app inside WeChat', 'website', AGENTS.wechat, 403, 'OPEN_IN_BROWSER'],
      ['the official account on a desktop', 'official', AGENTS.desktop, 403, 'OPEN_IN_WECHAT'],
    ])('has a readable page for %s', async (_what, app, agent, status, code) => {
      const answer = await browser.another(agent).visit(loginAt({ app }));
      expect([answer.status, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
      expect(answer.body).toContain(code);
      expect(answer.setCookies).toEqual([]);
    });

    it.each([
      ['an unknown app', 'app=nobody'],
      ['a property of every object as app', 'app=constructor'],
      ['an empty app', 'app='],
      ['an unknown scope', 'scope=snsapi_everything'],
      ['two apps', 'app=official&app=website'],
      ['two scopes', 'scope=snsapi_base&scope=snsapi_userinfo'],
      ['two return addresses', 'returnTo=%2Forders&returnTo=%2Fhome'],
    ])('answers 400 to %s, with a page for people and JSON for programs', async (_what, query) => {
      const page = await browser.visit(`${LOGIN}?${query}`);
      expect([page.status, page.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
      expect(page.body).toContain('BAD_LOGIN_REQUEST');
      const data = await browser.fetch(`${LOGIN}?${query}`);
      expect([data.status, data.json()]).toEqual([
        400,
        expect.objectContaining({ statusCode: 400, code: 'BAD_LOGIN_REQUEST' }),
      ]);
    });

    it('answers a script with 401, or 204 when signed in, and never redirects it', async () => {
      expect((await browser.fetch(LOGIN)).status).toBe(401);
      expect((await browser.visit(LOGIN, { method: 'HEAD' })).status).toBe(401);
      await expectLogin(browser, `${SHOP}/orders/mine`);
      expect((await browser.fetch(LOGIN)).status).toBe(204);
    });
  });

  describe('GET me', () => {
    it('tells who is signed in, and null otherwise, and is kept by no cache', async () => {
      const before = await browser.fetch(`${SHOP}/wechat/me`);
      expect([before.status, before.json(), before.headers['cache-control']]).toEqual([
        200,
        { user: null },
        'no-store',
      ]);
      await expectLogin(browser, `${SHOP}/orders/mine`);
      const after = await browser.fetch(`${SHOP}/wechat/me`);
      expect([after.status, after.headers['cache-control']]).toEqual([200, 'no-store']);
      expect(after.json()).toEqual({
        user: {
          app: 'official',
          appId: official.appId,
          openid: mingAt(official),
          scope: ['snsapi_base'],
          isSnapshotUser: false,
        },
      });
    });

    it('never sends a page to WeChat, and takes a bad token for nobody', async () => {
      expect((await browser.visit(`${SHOP}/wechat/me`)).json()).toEqual({ user: null });
      await expectLogin(browser, `${SHOP}/orders/mine`);
      const forged = await browser.fetch(`${SHOP}/wechat/me`, { headers: { authorization: 'Bearer v1.x' } });
      expect([forged.status, forged.json()]).toEqual([200, { user: null }]);
    });
  });

  describe('POST logout', () => {
    it('ends the sessions of every app in this browser, and logins on their way', async () => {
      await expectLogin(browser, `${SHOP}/orders/mine`);
      browser.userAgent = AGENTS.desktop;
      await browser.follow(loginAt({ app: 'website', returnTo: '/orders/mine' }));
      await browser.another().visit(`${SHOP}/orders`);
      expect(await me()).not.toBeNull();
      const names = await browser.cookieNames(SHOP);
      expect(names.filter((name) => name.startsWith('__Host-wechat_session_'))).toHaveLength(2);

      const answer = await post('/wechat/logout', undefined, { headers: { origin: SHOP } });

      expect([answer.status, answer.body, answer.headers['cache-control']]).toEqual([204, '', 'no-store']);
      const cleared = answer.setCookies
        .filter((line) => line.includes('Max-Age=0'))
        .map((line) => line.split('=')[0]);
      expect(cleared).toEqual(expect.arrayContaining(names));
      expect((await browser.cookieNames(SHOP)).filter((name) => names.includes(name))).toEqual([]);
      expect(await me()).toBeNull();
      expect((await browser.fetch(`${SHOP}/orders/mine`)).status).toBe(401);
    });

    it.each<[string, Record<string, string>]>([
      ['another origin', { origin: 'https://evil.example.net' }],
      ['a sibling host', { origin: 'https://pay.shop.example.com' }],
      ['an opaque origin', { origin: 'null' }],
      ['another site without Origin', { 'sec-fetch-site': 'cross-site' }],
      ['a sibling without Origin', { 'sec-fetch-site': 'same-site' }],
    ])('is refused to a page of %s', async (_what, headers) => {
      await expectLogin(browser, `${SHOP}/orders/mine`);
      const answer = await post('/wechat/logout', undefined, { headers });
      expect([answer.status, answer.setCookies]).toEqual([403, []]);
      expect(await me()).not.toBeNull();
    });

    it('is fine for somebody who is not signed in, and for programs that send no Origin', async () => {
      expect((await post('/wechat/logout')).status).toBe(204);
      await expectLogin(browser, `${SHOP}/orders/mine`);
      expect((await post('/wechat/logout')).status).toBe(204);
      expect(await me()).toBeNull();
    });

    it.each([
      ['the default', '', `${SHOP}/home`],
      ['an allowed address', `?returnTo=${encodeURIComponent(`${ELSEWHERE}/bye`)}`, `${ELSEWHERE}/bye`],
      ['the default instead of any other', '?returnTo=https%3A%2F%2Fevil.example.net%2F', `${SHOP}/home`],
    ])('sends the form of a page on to %s', async (_what, query, end) => {
      await expectLogin(browser, `${SHOP}/orders/mine`);
      const headers = { origin: SHOP, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      const answer = await browser.visit(`${SHOP}/wechat/logout${query}`, { method: 'POST', headers });
      expect([answer.status, answer.headers.location, answer.headers['cache-control']]).toEqual([
        303,
        end,
        'no-store',
      ]);
      expect(await me()).toBeNull();
    });

    it('cannot be done by a link', async () => {
      await expectLogin(browser, `${SHOP}/orders/mine`);
      expect((await browser.visit(`${SHOP}/wechat/logout`)).status).toBe(404);
      expect(await me()).not.toBeNull();
    });
  });

  describe('POST session', () => {
    const codeFor = (app: typeof mini | typeof mobile, user = 'ming') =>
      stage.wechat.loginCode({ appId: app.appId, user });
    const expectNothingSecret = (answer: Answer, code: string) => {
      const text = JSON.stringify(answer.headers) + answer.body;
      for (const secret of [code, mini.secret, mobile.secret]) expect(text).not.toContain(secret);
      expect(running.logs.text).not.toContain(code);
    };

    it.each([
      ['a mini program', 'mini', mini, []],
      ['a native app', 'mobile', mobile, ['snsapi_userinfo']],
    ] as const)(
      'signs in %s with a code, and the token opens guarded routes',
      async (_what, app, { appId }, scope) => {
        const code = stage.wechat.loginCode({ appId, user: 'ming' });
        const answer = await post('/wechat/session', { app, code });

        expect([answer.status, answer.headers['cache-control'], answer.setCookies]).toEqual([
          200,
          'no-store',
          [],
        ]);
        const body = answer.json<{ token: string; expiresAt: number; identity: object }>();
        expect(Object.keys(body).sort()).toEqual(['expiresAt', 'identity', 'token']);
        expect(body.identity).toMatchObject({
          app,
          appId,
          openid: stage.wechat.openidOf(appId, 'ming'),
          scope,
        });
        expect(body.token).toMatch(/^v1\./);
        expect(body.expiresAt).toBeGreaterThan(Date.now());
        expectNothingSecret(answer, code);

        const headers = { authorization: `Bearer ${body.token}` };
        expect((await browser.fetch(`${SHOP}/orders/mine`, { headers })).json()).toEqual({
          openid: stage.wechat.openidOf(appId, 'ming'),
        });
        expect((await browser.fetch(`${SHOP}/mini`, { headers })).status).toBe(app === 'mini' ? 200 : 401);
      },
    );

    it('gives a token that counts on writes whatever the origin, because no browser sends it by itself', async () => {
      const { token } = (await post('/wechat/session', { app: 'mini', code: codeFor(mini) })).json<{
        token: string;
      }>();
      const headers = { authorization: `Bearer ${token}`, origin: 'https://servicewechat.com' };
      const answer = await post('/mini', { a: 1 }, { headers });
      expect([answer.status, answer.json()]).toEqual([200, { openid: mingAt(mini), body: { a: 1 } }]);
    });

    it('does not let a session of another app into a route of one app', async () => {
      await expectLogin(browser, `${SHOP}/orders/mine`);
      const answer = await browser.fetch(`${SHOP}/mini`);
      expect([answer.status, answer.json()]).toEqual([401, expect.objectContaining({ app: 'mini' })]);
    });

    it('can do without the name where one app is of that kind', async () => {
      const { mini: only, official: page } = ALL_APPS!;
      await start({ options: { apps: { page: page!, only: only! } } });
      const answer = await post('/wechat/session', { code: codeFor(mini) });
      expect(answer.json()).toMatchObject({ identity: { app: 'only', openid: mingAt(mini) } });
    });

    it.each<[string, unknown]>([
      ['no body', undefined],
      ['null', null],
      ['a list', []],
      ['a string', 'mini'],
      ['no app where there are two', { code: 'x' }],
      ['an unknown app', { app: 'nobody', code: 'x' }],
      ['an app that has pages', { app: 'official', code: 'x' }],
      ['a property of every object as app', { app: '__proto__', code: 'x' }],
      ['a list as app', { app: ['mini'], code: 'x' }],
      ['no code', { app: 'mini' }],
      ['a number as code', { app: 'mini', code: 1 }],
      ['a list as code', { app: 'mini', code: ['x'] }],
      ['an object as code', { app: 'mini', code: { $ne: '' } }],
    ])('answers 400 to %s', async (_what, body) => {
      const answer = await post('/wechat/session', body);
      expect(answer.status).toBe(400);
      expect(stage.wechat.calls).toEqual([]);
    });

    it('answers 400 to what is no JSON', async () => {
      for (const [type, body] of [
        ['application/json', '{"app":'],
        ['application/x-www-form-urlencoded', 'app[$ne]=1&code[]=x'],
      ]) {
        const answer = await post('/wechat/session', undefined, { body, headers: { 'content-type': type } });
        expect([400, 415]).toContain(answer.status);
      }
      expect(stage.wechat.calls).toEqual([]);
    });

    it('answers 401 when the code is no good: unknown, empty, spent, of another app', async () => {
      const spent = codeFor(mini);
      await post('/wechat/session', { app: 'mini', code: spent });
      for (const code of ['not-a-code-of-wechat', '', ' ', '\u0000', spent, codeFor(mobile)]) {
        const answer = await post('/wechat/session', { app: 'mini', code });
        expect([answer.status, answer.json()]).toEqual([
          401,
          expect.objectContaining({ statusCode: 401, code: 'WECHAT_LOGIN_REQUIRED', app: 'mini' }),
        ]);
        const { ref } = answer.json<{ ref: string }>();
        expect(running.logs.text).toContain(ref);
        if (code.length > 1) expectNothingSecret(answer, code);
      }
    });

    it('gives the session to the first of several requests with one code, and to no other', async () => {
      const code = codeFor(mini);
      // Slow enough for all of them to arrive before the first has its answer.
      stage.wechat.inject('/sns/jscode2session', { delayMs: 300 });
      const answers = await Promise.all([1, 2, 3].map(() => post('/wechat/session', { app: 'mini', code })));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
      expect(stage.wechat.callsTo('/sns/jscode2session')).toHaveLength(1);
    });

    it('answers 403 when WeChat blocks the person', async () => {
      stage.wechat.setUser('hong', { blocked: true });
      const code = codeFor(mini, 'hong');
      const answer = await post('/wechat/session', { app: 'mini', code });
      stage.wechat.setUser('hong', { blocked: false });
      expect([answer.status, answer.json()]).toEqual([
        403,
        expect.objectContaining({ code: 'LOGIN_REFUSED', message: 'This account cannot sign in here.' }),
      ]);
      expectNothingSecret(answer, code);
    });

    it.each([
      ['the connection breaks', { reset: true }],
      ['WeChat is busy', { errcode: -1 }],
      ['something else answers', { status: 503, body: '<html>gateway</html>' }],
      ['the app secret is wrong', { errcode: 40125 }],
    ] as const)('answers 502 when %s', async (_what, fault) => {
      stage.wechat.inject('/sns/jscode2session', fault);
      const code = codeFor(mini);
      const answer = await post('/wechat/session', { app: 'mini', code });
      expect([answer.status, answer.json()]).toEqual([
        502,
        expect.objectContaining({ code: 'LOGIN_FAILED' }),
      ]);
      expectNothingSecret(answer, code);
      expect(stage.wechat.callsTo('/sns/jscode2session')).toHaveLength(1);
    });

    it('asks the login handler, which may add claims, refuse, or fail', async () => {
      const logins: WechatLogin[] = [];
      onLogin = async (login) => {
        logins.push(login);
        return { claims: { userId: 7 } };
      };
      const good = await post('/wechat/session', { app: 'mini', code: codeFor(mini) });
      expect(good.json()).toMatchObject({ identity: { claims: { userId: 7 } } });
      expect(logins[0]).toMatchObject({ reason: 'login', client: 'mini-program' });
      expect(logins[0]!.request).toBeDefined();
      expect(logins[0]!.returnTo).toBeUndefined();

      onLogin = async () => ({ refuse: { code: 'BANNED', message: 'You are banned.' } });
      const refused = await post('/wechat/session', { app: 'mini', code: codeFor(mini) });
      expect([refused.status, refused.json()]).toEqual([
        403,
        expect.objectContaining({ code: 'LOGIN_REFUSED', reason: 'BANNED', message: 'You are banned.' }),
      ]);

      onLogin = () => Promise.reject(new Error('password of the database: hunter2'));
      const failed = await post('/wechat/session', { app: 'mini', code: codeFor(mini) });
      expect([failed.status, failed.json()]).toEqual([
        502,
        expect.objectContaining({ code: 'LOGIN_FAILED' }),
      ]);
      expect(failed.body + running.logs.text).not.toContain('hunter2');

      const empty = await post('/wechat/session', {});
      const unknown = await post('/wechat/session', { app: 'mini', code: 'unknown' });
      const levelOf = ({ ref }: Record<string, unknown>) =>
        running.logs.lines.find(({ text }) => text.includes(String(ref)))?.level;
      expect([refused, failed, empty, unknown].map((answer) => levelOf(answer.json()))).toEqual([
        'debug',
        'error',
        'debug',
        'debug',
      ]);
    });

    it('does the same as login() of the service', async () => {
      const service = running.app.get(WechatOAuthService);
      const { token, identity } = await service.app('mini').login(codeFor(mini));
      expect(identity.openid).toBe(mingAt(mini));
      const headers = { authorization: `Bearer ${token}` };
      expect((await browser.fetch(`${SHOP}/mini`, { headers })).json()).toEqual({ app: 'mini' });
    });
  });

  describe('extended by the application', () => {
    @Controller('account')
    class AccountController extends WechatAuthController {
      @Get('extra')
      @UseGuards(WechatAuthGuard)
      extra(@WechatUser('openid') openid: string) {
        return { openid };
      }
    }

    @Injectable({ scope: Scope.REQUEST })
    @Controller({ path: 'account', scope: Scope.REQUEST })
    class PerRequestController extends WechatAuthController {}

    it.each([
      ['as it is', AccountController],
      ['with request scope', PerRequestController],
    ])('works under the path of its own, %s', async (_what, controller) => {
      await start({ controllers: [OrdersController, controller], options: { loginPath: '/account/login' } });

      expect((await browser.visit(LOGIN)).status).toBe(404);
      const refused = await browser.fetch(`${SHOP}/orders`);
      expect(refused.json()).toMatchObject({ loginUrl: `${SHOP}/account/login` });

      const login = `${SHOP}/account/login?returnTo=%2Forders%2Fmine`;
      const first = await browser.visit(login);
      expect(redirectUriOf(first)).toBe(
        `${SHOP}/account/login?${new URLSearchParams({ returnTo: `${SHOP}/orders/mine` })}`,
      );
      await expectLogin(browser, login, `${SHOP}/orders/mine`);
      expect((await browser.fetch(`${SHOP}/account/me`)).json()).toMatchObject({
        user: { openid: mingAt(official) },
      });
      const code = stage.wechat.loginCode({ appId: mini.appId, user: 'ming' });
      expect((await post('/account/session', { app: 'mini', code })).status).toBe(200);
      expect((await post('/account/logout')).status).toBe(204);
      expect((await browser.fetch(`${SHOP}/account/me`)).json()).toEqual({ user: null });
    });

    it('with routes of its own beside ours', async () => {
      await start({ controllers: [AccountController], options: { loginPath: '/account/login' } });
      const end = await expectLogin(browser, `${SHOP}/account/extra`);
      expect(end.json()).toEqual({ openid: mingAt(official) });
    });
  });

  it('leaves only the session and the finished flow in the browser after a login', async () => {
    const answers = await browser.follow(loginAt({ returnTo: '/orders/mine' }));
    expect(cookieNamesIn(answers[2]!)).toEqual([
      expect.stringMatching(/^__Host-wechat_session_[0-9a-f]{8}$/),
      expect.stringMatching(/^__Host-wechat_flow_[0-9a-f]{8}_[0-9a-f]{8}$/),
    ]);
    expect(await browser.cookieNames(SHOP)).toHaveLength(2);
  });
});
