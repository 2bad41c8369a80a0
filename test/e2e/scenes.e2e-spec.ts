// What happens between WeChat and a callback in production: doubled, lost, late, shared and
// refused.
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthGuard,
  type WechatIdentity,
  type WechatLogin,
  WechatUser,
} from '../../lib/index.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import { PLATFORMS, type Running, SHOP, startApplication, startWechat } from '../support/application.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';

const APP_ID = 'wx00000000official';
const EXCHANGE = '/sns/oauth2/access_token';

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @WechatAuth({ mode: 'silent' })
  @Get('quiet')
  quiet(@WechatUser() user?: WechatIdentity) {
    return { user: user ?? null };
  }

  @WechatAuth({ mode: 'optional' })
  @Get('public')
  open(@WechatUser() user?: WechatIdentity) {
    return { user: user ?? null };
  }
}

describe.each(PLATFORMS)('Scenes on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let browser: Browser;
  const handled: WechatLogin[] = [];
  let onLogin: (login: WechatLogin) => Promise<object | void>;

  beforeEach(async () => {
    wechat = await startWechat();
    handled.length = 0;
    onLogin = async () => {};
    running = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController],
      extras: {
        loginHandler: {
          useValue: {
            onLogin: async (login: WechatLogin) => {
              handled.push(login);
              return onLogin(login);
            },
          },
        },
      },
    });
    browser = new Browser().route(SHOP, running.port);
  });

  afterEach(async () => {
    await running.app.close();
    await wechat.close();
  });

  /** Goes as far as WeChat's answer, and returns the address of the callback. */
  async function untilCallback(by: Browser, path = '/orders', user = 'ming'): Promise<string> {
    const start = await by.visit(SHOP + path);
    expect(start.status).toBe(302);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user });
    return redirectTo!;
  }

  const exchanges = () => wechat.callsTo(EXCHANGE).length;
  const isSignedIn = async (by: Browser) => (await by.fetch(`${SHOP}/orders`)).status === 200;

  it.each([
    ['no code', (url: URL) => url.searchParams.delete('code')],
    ['an empty code', (url: URL) => url.searchParams.set('code', '')],
    ['code=authdeny', (url: URL) => url.searchParams.set('code', 'authdeny')],
  ])('takes %s for a no, at once and without asking WeChat', async (_what, spoil) => {
    const callback = new URL(await untilCallback(browser));
    spoil(callback);

    const answer = await browser.visit(callback.href);

    expect([answer.status, exchanges()]).toEqual([403, 0]);
    expect(answer.body).toContain('LOGIN_REFUSED');
    expect(answer.setCookies).toEqual([expect.stringMatching(/wechat_flow\w+=; Max-Age=0/)]);
  });

  it.each(['', 'authdeny'])(
    'keeps the session of somebody who refuses to show more (code=%s)',
    async (code) => {
      await browser.visit(await untilCallback(browser));
      const callback = new URL(await untilCallback(browser, '/orders/profile'));
      callback.searchParams.set('code', code);

      expect((await browser.visit(callback.href)).status).toBe(403);
      expect(await isSignedIn(browser)).toBe(true);
    },
  );

  it.each(['AUTHDENY', 'authdeny ', 'authdenied'])('takes the code %j for a code', async (code) => {
    const callback = new URL(await untilCallback(browser));
    callback.searchParams.set('code', code);

    expect((await browser.visit(callback.href)).status).not.toBe(403);
  });

  it.each<[string, number]>([
    [EXCHANGE, -1],
    ['/sns/userinfo', 40001],
    ['/sns/userinfo', 42001],
    ['/sns/userinfo', 40014],
  ])('starts again by itself when %s answers %d, twice at most', async (endpoint, errcode) => {
    const page = '/orders/profile';
    wechat.inject(endpoint, { errcode, times: 1 });
    const first = await browser.visit(await untilCallback(browser, page));
    expect([first.status, new URL(first.headers.location!).pathname]).toEqual([
      302,
      '/connect/oauth2/authorize',
    ]);
    const { redirectTo } = await wechat.authorize(first.headers.location!, { user: 'ming' });
    expect((await browser.visit(redirectTo!)).headers.location).toBe(`${SHOP}${page}#`);

    wechat.inject(endpoint, { errcode, times: Infinity });
    const stranger = browser.another();
    let answer = await stranger.visit(await untilCallback(stranger, page, 'hong'));
    for (const _ of [1, 2]) {
      const again = await wechat.authorize(answer.headers.location!, { user: 'hong' });
      answer = await stranger.visit(again.redirectTo!);
    }
    expect(answer.status).toBe(502);
    expect(answer.body).toContain('LOGIN_FAILED');
  });

  it.each([-1, 45011, 48001])(
    'lets somebody in without a name when WeChat has none to give (%d) and the page needs none',
    async (errcode) => {
      wechat.inject('/sns/userinfo', { errcode, times: Infinity });
      const asking = await startApplication({
        wechat,
        adapter,
        controllers: [OrdersController],
        options: { scope: 'snsapi_userinfo' },
      });
      const person = new Browser().route(SHOP, asking.port);

      const answer = await person.visit(await untilCallback(person));

      expect(answer.headers.location).toBe(`${SHOP}/orders#`);
      const { user } = (await person.fetch(`${SHOP}/orders`)).json<{ user: WechatIdentity }>();
      expect([user.openid, user.nickname]).toEqual([wechat.openidOf(APP_ID, 'ming'), undefined]);
      await asking.app.close();
    },
  );

  it.each([40029, 40163, 42003, -1])(
    'sends somebody who is signed in to the clean page when a late callback fails with %d',
    async (errcode) => {
      const late = await untilCallback(browser, '/orders?page=2');
      await browser.visit(await untilCallback(browser));
      wechat.inject(EXCHANGE, { errcode, times: 1 });

      const answer = await browser.visit(late);

      expect([answer.status, answer.headers.location]).toEqual([302, `${SHOP}/orders#`]);
      expect(await isSignedIn(browser)).toBe(true);
    },
  );

  const AHEAD = [
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    { purpose: 'prefetch' },
    { 'x-moz': 'prefetch' },
    { 'x-purpose': 'preview' },
  ];

  it.each(AHEAD)('starts nothing for a browser that fetches ahead (%j)', async (headers) => {
    const answer = await browser.visit(`${SHOP}/orders`, { headers });
    expect([answer.status, answer.setCookies, answer.headers.location]).toEqual([503, [], undefined]);
    expect(answer.headers['cache-control']).toContain('no-store');
    for (const path of ['/orders/public', '/orders/quiet']) {
      const open = await browser.visit(SHOP + path, { headers });
      expect([open.status, open.setCookies]).toEqual([200, []]);
    }
    // The day's one silent attempt is still there.
    expect((await browser.visit(`${SHOP}/orders/quiet`)).status).toBe(302);
  });

  it.each(AHEAD)('spends no code for a browser that fetches ahead (%j)', async (headers) => {
    const callback = await untilCallback(browser);
    expect((await browser.visit(callback, { headers })).status).toBe(503);
    expect(exchanges()).toBe(0);
    await browser.visit(callback);
    // And whoever is signed in sees their page, ahead or not.
    expect((await browser.visit(`${SHOP}/orders`, { headers })).status).toBe(200);
  });

  it('takes what a service worker passes on for the navigation that it is', async () => {
    const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'empty', accept: '*/*' };
    const start = await browser.visit(`${SHOP}/orders`, { headers });
    expect(start.status).toBe(302);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user: 'ming' });
    await browser.visit(redirectTo!, { headers });
    expect(await isSignedIn(browser)).toBe(true);
    for (const dest of ['iframe', 'frame', 'embed', 'object']) {
      const framed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': dest };
      expect((await browser.another().visit(`${SHOP}/orders`, { headers: framed })).status).toBe(401);
    }
  });

  it('answers twenty callbacks at once with twenty logins and one exchange', async () => {
    const callback = await untilCallback(browser);
    wechat.inject(EXCHANGE, { delayMs: 50, afterEffect: true, times: 1, answer: {} });

    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.visit(callback)));

    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(302));
    expect(new Set(answers.map(({ headers }) => headers.location))).toEqual(new Set([`${SHOP}/orders#`]));
    expect(exchanges()).toBe(1);
    expect(handled).toHaveLength(1);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('gives the second of two requests the login when the first answer was thrown away unread', async () => {
    const callback = await untilCallback(browser);
    await browser.visit(callback, { dropCookies: true });

    const second = await browser.visit(callback);

    expect(second.headers.location).toBe(`${SHOP}/orders#`);
    expect(exchanges()).toBe(1);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('exchanges one of two codes that come with one state', async () => {
    const callback = await untilCallback(browser);
    const other = new URL(callback);
    other.searchParams.set('code', 'another-code-of-the-same-state');

    const [first, second] = [await browser.visit(callback), await browser.visit(other.href)];

    expect([first.status, second.status]).toEqual([302, 302]);
    expect(second.headers.location).toBe(`${SHOP}/orders#`);
    expect(exchanges()).toBe(1);
  });

  it('does not let a crawler without cookies spend the code', async () => {
    const callback = await untilCallback(browser);
    const crawler = browser.another('Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36');
    await crawler.visit(callback);
    expect(exchanges()).toBe(0);

    const answer = await browser.visit(callback);

    expect(answer.headers.location).toBe(`${SHOP}/orders#`);
    expect(exchanges()).toBe(1);
  });

  it('sends somebody who goes back to a spent callback to the clean page', async () => {
    const callback = await untilCallback(browser);
    await browser.visit(callback);
    wechat.clock.advance(61_000);

    const again = await browser.visit(callback);

    expect(again.status).toBe(302);
    expect(again.headers.location).toBe(`${SHOP}/orders#`);
    expect(exchanges()).toBe(1);
  });

  it('signs the receiver of a shared link in as the receiver', async () => {
    const callback = await untilCallback(browser);
    const receiver = browser.another();
    wechat.autoConsent = 'hong';

    const answers = await receiver.follow(callback);

    expect(answers.at(-1)!.url).toBe(`${SHOP}/orders`);
    expect(answers.at(-1)!.json()).toMatchObject({ user: { openid: wechat.openidOf(APP_ID, 'hong') } });
    // The sharer's code was not touched.
    expect((await browser.visit(callback)).headers.location).toBe(`${SHOP}/orders#`);
  });

  it('refuses to sign a browser in with the code and state of somebody else (login CSRF)', async () => {
    const attack = await untilCallback(browser);
    const victim = browser.another();
    await victim.visit(`${SHOP}/orders`);

    const answer = await victim.visit(attack);

    expect(answer.headers.location).toContain('/connect/oauth2/authorize');
    expect(answer.setCookies.join()).not.toContain('wechat_session');
    expect(exchanges()).toBe(0);
  });

  it('keeps two tabs that log in at once apart', async () => {
    const first = await untilCallback(browser, '/orders?tab=1');
    const second = await untilCallback(browser, '/orders?tab=2');

    expect((await browser.visit(first)).headers.location).toBe(`${SHOP}/orders?tab=1#`);
    expect((await browser.visit(second)).headers.location).toBe(`${SHOP}/orders?tab=2#`);
  });

  it('starts again for a browser that lost the cookie of its flow, and brings it where it wanted to go', async () => {
    const callback = await untilCallback(browser, '/orders');
    await browser.jar.removeAllCookies();

    const answers = await browser.follow(callback);

    expect(answers.at(-1)!.url).toBe(`${SHOP}/orders`);
    expect(answers.at(-1)!.status).toBe(200);
  });

  it('tells a browser that refuses all cookies so, after two restarts', async () => {
    const refusing = new Browser(AGENTS.wechat, true).route(SHOP, running.port);

    const answers = await refusing.follow(`${SHOP}/orders`);

    const last = answers.at(-1)!;
    expect(last.status).toBe(400);
    expect(last.body).toContain('COOKIES_REQUIRED');
    expect(exchanges()).toBe(0);
    expect(wechat.callsTo('/connect/oauth2/authorize')).toHaveLength(3);
  });

  it('does not go round for ever when the session cookie never arrives', async () => {
    const visits: Answer[] = [];
    let next: string | undefined = `${SHOP}/orders`;
    for (let round = 0; next !== undefined && round < 20; round++) {
      const answer: Answer = await browser.visit(next);
      for (const name of await browser.cookieNames(SHOP)) {
        if (name.includes('session')) await browser.jar.removeAllCookies();
      }
      // The flow's own cookie survives.
      for (const line of answer.setCookies) {
        if (!line.includes('wechat_session')) await browser.jar.setCookie(line, answer.url);
      }
      visits.push(answer);
      next = answer.headers.location;
    }

    expect(visits.at(-1)!.status).toBe(400);
    expect(visits.at(-1)!.body).toContain('COOKIES_REQUIRED');
  });

  it('answers a refusal that comes back without a code with one readable page', async () => {
    wechat.unsure.refusalRedirects = true;
    const start = await browser.visit(`${SHOP}/orders/profile`);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user: 'ming', allow: false });

    const answer = await browser.visit(redirectTo!);

    expect(answer.status).toBe(403);
    expect(answer.body).toContain('LOGIN_REFUSED');
    expect(answer.body).toContain(`href="${SHOP}/orders/profile"`);
    expect(exchanges()).toBe(0);
  });

  it('keeps the base session of somebody who refuses the upgrade', async () => {
    await browser.follow(`${SHOP}/orders`);
    wechat.unsure.refusalRedirects = true;
    const start = await browser.visit(`${SHOP}/orders/profile`);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user: 'ming', allow: false });

    expect((await browser.visit(redirectTo!)).status).toBe(403);

    expect(await isSignedIn(browser)).toBe(true);
  });

  it('upgrades with exactly two visits to WeChat, and tells the handler', async () => {
    await browser.follow(`${SHOP}/orders`);
    await browser.follow(`${SHOP}/orders/profile`);

    expect(wechat.callsTo('/connect/oauth2/authorize')).toHaveLength(2);
    expect(handled.map(({ reason }) => reason)).toEqual(['login', 'upgrade']);
    expect(handled[1]!.previous?.openid).toBe(handled[0]!.identity.openid);
    expect(handled[1]!.identity.nickname).toBe('小明');
  });

  it('starts again when the code has run out on the way', async () => {
    const callback = await untilCallback(browser);
    wechat.clock.advance(6 * 60_000);

    const answers = await browser.follow(callback);

    expect(answers.at(-1)!.status).toBe(200);
    expect(answers.at(-1)!.url).toBe(`${SHOP}/orders`);
  });

  it('gives up with a readable page when WeChat takes no code at all', async () => {
    wechat.inject(EXCHANGE, { errcode: 40029, times: Infinity });

    const answers = await browser.follow(`${SHOP}/orders`);

    expect(answers.at(-1)!.status).toBe(401);
    expect(answers.at(-1)!.body).toContain('LOGIN_FAILED');
    expect(exchanges()).toBe(3);
  });

  it('lets a login handler that failed be tried again on the same exchange', async () => {
    const callback = await untilCallback(browser);
    onLogin = async () => {
      throw new Error('database is down');
    };
    const failed = await browser.visit(callback);
    expect(failed.status).toBe(502);
    expect(failed.body).toContain('LOGIN_FAILED');
    onLogin = async () => {};

    const retried = await browser.visit(callback);

    expect(retried.headers.location).toBe(`${SHOP}/orders#`);
    expect(exchanges()).toBe(1);
    const ref = /LOGIN_FAILED · ([0-9A-F]{10})/.exec(failed.body)![1]!;
    expect(running.logs.text).toContain(ref);
    expect(running.logs.text).not.toContain('database is down');
  });

  it('leaves ?code= to the application when the state is not ours', async () => {
    await browser.follow(`${SHOP}/orders`);

    const answer = await browser.visit(`${SHOP}/orders?code=COUPON&state=NEW`);

    expect(answer.status).toBe(200);
    expect(exchanges()).toBe(1);
  });

  it('keeps a coupon through a login', async () => {
    const answers = await browser.follow(`${SHOP}/orders?code=COUPON`);

    expect(answers.at(-1)!.url).toBe(`${SHOP}/orders?code=COUPON`);
    expect(answers.at(-1)!.status).toBe(200);
  });

  it('never puts code or state into the final address, a cache or a referrer', async () => {
    const answer = await browser.visit(await untilCallback(browser));

    expect(answer.headers.location).not.toMatch(/code|state/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect(answer.body).not.toMatch(/code=|state=/);
  });

  it.each([
    ['HEAD', {}],
    ['POST', {}],
    ['PUT', {}],
    // Which GETs are pages, the table of unit/auth/login/login-judge holds.
    ['GET', { accept: '*/*' }],
  ])('answers %s with %j without a redirect', async (method, headers) => {
    const answer = await browser.visit(`${SHOP}/orders`, { method, headers });

    expect([401, 404]).toContain(answer.status);
    expect(answer.headers.location).toBeUndefined();
  });

  it('logs in a desktop browser that has no app to use with a page that says what to do', async () => {
    const answer = await browser.another(AGENTS.desktop).visit(`${SHOP}/orders`);

    expect(answer.status).toBe(403);
    expect(answer.body).toContain('OPEN_IN_WECHAT');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('speaks Chinese to people who prefer it', async () => {
    const answer = await browser
      .another(AGENTS.desktop)
      .visit(`${SHOP}/orders`, { headers: { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' } });

    expect(answer.body).toContain('请在微信中打开');
  });

  it('lets everybody see an optional route, and knows who is signed in', async () => {
    expect((await browser.visit(`${SHOP}/orders/public`)).json()).toEqual({ user: null });
    await browser.follow(`${SHOP}/orders`);
    expect((await browser.visit(`${SHOP}/orders/public`)).json()).toMatchObject({ user: { app: 'default' } });
  });

  it('keeps at most five flows alive in a browser', async () => {
    for (let tab = 0; tab < 8; tab++) await browser.visit(`${SHOP}/orders?tab=${tab}`);

    const flows = (await browser.cookieNames(SHOP)).filter((name) => name.includes('wechat_flow'));

    expect(flows).toHaveLength(5);
  });

  it('ends a flow that took too long, and signs in all the same', async () => {
    let now = Date.now();
    const late = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController],
      options: { now: () => now },
    });
    const visitor = new Browser().route(SHOP, late.port);
    const callback = await untilCallback(visitor);
    now += 11 * 60_000;

    const answers = await visitor.follow(callback);

    expect(answers.at(-1)!.url).toBe(`${SHOP}/orders`);
    expect(answers.at(-1)!.status).toBe(200);
    await late.app.close();
  });

  it('goes on after a restart of the application between start and callback', async () => {
    const callback = await untilCallback(browser, '/orders?kept=1');
    const restarted = await startApplication({ wechat, adapter, controllers: [OrdersController] });
    browser.route(SHOP, restarted.port);

    expect((await browser.visit(callback)).headers.location).toBe(`${SHOP}/orders?kept=1#`);

    await restarted.app.close();
  });
});
