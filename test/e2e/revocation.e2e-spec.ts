// Sessions that can be revoked: what ends one, wherever there are copies of it, and what is said
// when it cannot be ended.
import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatInputError,
  type WechatLogin,
  type WechatLoginHandler,
  WechatNotRevokedException,
  type WechatOAuthModuleOptions,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { signInAs, type WechatMockServer } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  MOCK_APPS,
  PLATFORMS,
  type Running,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { FlakyStore } from '../support/flaky-store.js';

const [official, website] = MOCK_APPS;

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  constructor(private readonly sessions: WechatSessionService) {}

  @Get()
  list(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @WechatAuth({ mode: 'optional' })
  @Get('public')
  open(@WechatUser('openid') openid?: string) {
    return { openid: openid ?? null };
  }

  @WechatAuth({ mode: 'off' })
  @Get('asked')
  async asked(@Req() request: object) {
    return { openid: (await this.sessions.authenticate(request))?.openid ?? null };
  }

  @Get('claims')
  async claims(@Req() request: object, @Res({ passthrough: true }) response: unknown) {
    await this.sessions.update(request, response, { phone: '138' } as object);
    return {};
  }
}

describe.each(PLATFORMS)('A session that can be revoked, on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let store: FlakyStore;
  let admitted: WechatLoginHandler['onLogin'];

  async function start(options: Partial<WechatOAuthModuleOptions> = {}): Promise<Running> {
    store = new FlakyStore();
    return (running = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController, WechatAuthController],
      options: { apps: ALL_APPS, session: { revocable: true }, ...options },
      extras: {
        tokenStore: { useValue: store },
        loginHandler: { useValue: { onLogin: (login: WechatLogin) => admitted(login) } },
      },
    }));
  }

  const phone = (agent = AGENTS.wechat) => new Browser(agent).route(SHOP, running.port);
  const sessions = () => running.app.get(WechatSessionService);
  const openidOf = (user = 'ming', { appId }: { appId: string } = official) => wechat.openidOf(appId, user);
  const cookieOf = async (browser: Browser): Promise<string> => {
    const cookies = await browser.jar.getCookies(SHOP);
    const own = cookies.find(({ key }) => key.includes('wechat_session_'))!;
    return `${own.key}=${own.value}`;
  };
  const statusOf = async (cookie: string, path = '/orders') =>
    (await phone().fetch(SHOP + path, { headers: { cookie } })).status;
  const logout = (headers: Record<string, string>, browser = phone()) =>
    browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST', headers });
  async function signIn(browser: Browser, path = '/orders', user = 'ming') {
    let answer = await browser.visit(SHOP + path);
    const { redirectTo } = await wechat.authorize(answer.headers.location!, { user });
    answer = await browser.visit(redirectTo!);
    expect(answer.status).toBe(302);
    return redirectTo!;
  }
  const errors = () => running.logs.lines.filter(({ level }) => level === 'error');

  beforeEach(async () => {
    admitted = async () => undefined;
    wechat = await startWechat();
  });

  afterEach(async () => {
    await running.app.close();
    await wechat.close();
  });

  describe('ends the one that a new one of the same browser replaces', () => {
    it('at an upgrade', async () => {
      await start();
      const browser = phone();
      await signIn(browser);
      const copy = await cookieOf(browser);
      expect(await statusOf(copy)).toBe(200);

      await signIn(browser, '/orders/profile');

      expect(await statusOf(copy)).toBe(401);
      expect(await statusOf(await cookieOf(browser))).toBe(200);
      await logout({ cookie: await cookieOf(browser) });
      expect(await statusOf(copy)).toBe(401);
    });

    it('at a second login, also of somebody else', async () => {
      await start();
      const browser = phone();
      await signIn(browser);
      const first = await cookieOf(browser);
      const open = await browser.visit(`${SHOP}/orders/profile`);
      const { redirectTo } = await wechat.authorize(open.headers.location!, { user: 'hong' });

      await browser.visit(redirectTo!);

      expect(await statusOf(first)).toBe(401);
      const own = await phone().fetch(`${SHOP}/orders`, { headers: { cookie: await cookieOf(browser) } });
      expect(own.json()).toEqual({ openid: openidOf('hong') });
    });

    it('and no session of the same person in another browser, nor at another app', async () => {
      await start();
      const [one, two, desk] = [phone(), phone(), phone(AGENTS.desktop)];
      await signIn(one);
      await signIn(two);
      await signIn(desk);
      await signIn(one, '/orders/profile');
      expect(await statusOf(await cookieOf(two))).toBe(200);
      expect(await statusOf(await cookieOf(desk))).toBe(200);
    });

    it('and not the new one, when its callback comes again', async () => {
      await start();
      const browser = phone();
      const callback = await signIn(browser);
      const own = await cookieOf(browser);
      expect((await browser.visit(callback)).status).toBe(302);
      expect(await statusOf(own)).toBe(200);
      expect(await statusOf(await cookieOf(browser))).toBe(200);
    });

    it('and a callback that comes again after it brings back neither', async () => {
      await start();
      const browser = phone();
      const callback = await signIn(browser);
      await signIn(browser, '/orders/profile');
      const newest = await cookieOf(browser);

      const again = await browser.visit(callback);

      expect([again.status, again.headers.location]).toEqual([302, `${SHOP}/orders#`]);
      expect(await cookieOf(browser)).toBe(newest);
      expect(await statusOf(newest)).toBe(200);
    });

    it('and keeps the old one where the login handler refuses the new one', async () => {
      await start();
      const browser = phone();
      await signIn(browser);
      admitted = async () => ({ refuse: { code: 'CLOSED' } });
      const open = await browser.visit(`${SHOP}/orders/profile`);
      const { redirectTo } = await wechat.authorize(open.headers.location!, { user: 'ming' });
      expect((await browser.visit(redirectTo!)).status).toBe(403);
      expect(await statusOf(await cookieOf(browser))).toBe(200);
    });
  });

  describe('is ended by a logout', () => {
    it.each([
      ['a dead', async () => 'v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
      ['a foreign', async () => 'v1.x'],
      ['somebody else’s', async () => signInAs(running.app, { openid: 'oHong' }).bearer.slice(7)],
      ['their own', async () => signInAs(running.app, { openid: 'oMing' }).bearer.slice(7)],
      ['no', async () => 'eyJhbGciOiJIUzI1NiJ9.e30.x'],
    ])('that shows %s bearer token beside the cookie, together with that', async (_what, tokenOf) => {
      await start();
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      const authorization = `Bearer ${await tokenOf()}`;

      expect((await logout({ cookie, authorization })).status).toBe(204);

      expect(await statusOf(cookie)).toBe(401);
      expect((await phone().fetch(`${SHOP}/orders`, { headers: { authorization } })).status).toBe(401);
    });

    it('at every app whose cookie is shown, and in every copy', async () => {
      await start();
      const [phones, desk, stays] = [
        signInAs(running.app, { openid: 'oMing', app: 'official' }),
        signInAs(running.app, { openid: 'oMing', app: 'website' }),
        signInAs(running.app, { openid: 'oMing', app: 'official' }),
      ];
      expect((await logout({ cookie: `${phones.cookie}; ${desk.cookie}` })).status).toBe(204);
      expect([
        await statusOf(phones.cookie),
        await statusOf(desk.cookie),
        await statusOf(stays.cookie),
      ]).toEqual([401, 401, 200]);
    });

    it('and says so when copies live on because the store is down: the cookies go all the same', async () => {
      await start();
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      const { bearer } = signInAs(running.app, { openid: 'oMing' });
      store.mode = 'rejects';

      const answer = await logout({ cookie });
      expect([answer.status, answer.json()]).toEqual([
        503,
        { statusCode: 503, code: 'LOGOUT_INCOMPLETE', message: expect.any(String), ref: expect.any(String) },
      ]);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.setCookies.some((line) => line.startsWith(`${cookie.split('=')[0]}=;`))).toBe(true);
      expect((await logout({ authorization: bearer })).status).toBe(503);
      // Whoever shows no session has nothing to lose.
      expect((await logout({})).status).toBe(204);
    });

    it('and shows a page to somebody whose form could not end it everywhere', async () => {
      await start();
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      store.mode = 'throws';
      const answer = await phone().visit(`${SHOP}/wechat/logout`, {
        method: 'POST',
        headers: { cookie, origin: SHOP, 'content-type': 'application/x-www-form-urlencoded' },
        body: '',
      });
      expect([answer.status, answer.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8']);
      expect(answer.body).toContain('Signing out is not complete');
      expect(answer.headers['x-frame-options']).toBe('DENY');
      expect(answer.setCookies.some((line) => line.startsWith(`${cookie.split('=')[0]}=;`))).toBe(true);
    });
  });

  describe('is ended by revoke', () => {
    it('at all apps that are named, and only there', async () => {
      await start();
      const at = (app: string, openid: string) => signInAs(running.app, { app, openid }).cookie;
      const [phones, desk, mini, other] = [
        at('official', 'oMing'),
        at('website', 'oMingWeb'),
        at('mini', 'oMing'),
        at('official', 'oHong'),
      ];
      await sessions().revoke([
        { app: 'official', openid: 'oMing' },
        { app: 'website', openid: 'oMingWeb' },
      ]);
      expect(await Promise.all([phones, desk, mini, other].map((cookie) => statusOf(cookie)))).toEqual([
        401, 401, 200, 200,
      ]);
    });

    it('of the others too, and then tells whose sessions go on', async () => {
      await start();
      const people = ['oMing', 'oHong', 'oFang'].map((openid) => ({ app: 'official', openid }));
      const cookies = people.map((person) => signInAs(running.app, person).cookie);
      const set = store.set;
      store.set = (key, ...rest) =>
        key.endsWith(':oHong') ? Promise.reject(new Error('MOVED')) : set(key, ...rest);

      const error: unknown = await sessions()
        .revoke(people)
        .catch((reason: unknown) => reason);

      expect(error).toBeInstanceOf(WechatNotRevokedException);
      const { failed } = error as WechatNotRevokedException;
      expect(failed).toEqual([people[1]]);
      const body = (error as WechatNotRevokedException).getResponse();
      expect(body).toEqual({ statusCode: 503, code: 'STORE_UNAVAILABLE', message: expect.any(String) });
      store.set = set;
      await sessions().revoke(failed);
      expect(await Promise.all(cookies.map((cookie) => statusOf(cookie)))).toEqual([401, 401, 401]);
    });

    it.each([
      ['nobody in the list', []],
      [
        'one of them nobody',
        [
          { app: 'official', openid: 'oMing' },
          { app: 'official', openid: '' },
        ],
      ],
      [
        'an unknown app',
        [
          { app: 'official', openid: 'oMing' },
          { app: 'other', openid: 'oMing' },
        ],
      ],
      ['null', null],
      ['null in the list', [null]],
      ['a list in the list', [[{ app: 'official', openid: 'oMing' }]]],
      ['a text', 'oMing'],
    ])('never halfway: %s is refused before anything is done', async (_what, identities) => {
      await start();
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      await expect(sessions().revoke(identities as never)).rejects.toThrow(WechatInputError);
      expect(await statusOf(cookie)).toBe(200);
    });

    it('though the handler had just said yes: whoever is banned at that moment is not in', async () => {
      await start();
      const person = { app: 'official', openid: openidOf() };
      admitted = async () => void (await sessions().revoke(person));
      const browser = phone();
      await signIn(browser);
      expect(await statusOf(await cookieOf(browser))).toBe(401);
      admitted = async () => undefined;
      await signIn(browser);
      expect(await statusOf(await cookieOf(browser))).toBe(200);
    });

    it('though its login is answered once more', async () => {
      await start();
      const browser = phone();
      const callback = await signIn(browser);
      await sessions().revoke({ app: 'official', openid: openidOf() });
      const again = await browser.visit(callback);
      // WeChat is asked anew, and the login handler with it.
      expect(again.headers.location).toContain('/connect/oauth2/authorize');
    });

    it('issued by the application, and the next one counts', async () => {
      await start();
      const identity = signInAs(running.app, { openid: 'oMing' }).identity;
      const { token } = await sessions().issue(undefined, identity);
      const ask = async (bearer: string) =>
        (await phone().fetch(`${SHOP}/orders`, { headers: { authorization: `Bearer ${bearer}` } })).status;
      expect(await ask(token)).toBe(200);
      await sessions().revoke(identity);
      expect(await ask(token)).toBe(401);
      expect(await ask((await sessions().issue(undefined, identity)).token)).toBe(200);
    });
  });

  describe('while the store is down', () => {
    it('counts by its seal, and people can sign in; such a login ends when the store is back', async () => {
      await start();
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      store.mode = 'rejects';
      expect(await statusOf(cookie)).toBe(200);
      const browser = phone();
      await signIn(browser);
      const meanwhile = await cookieOf(browser);
      expect(await statusOf(meanwhile)).toBe(200);
      store.mode = 'up';
      expect(await statusOf(cookie)).toBe(200);
      expect(await statusOf(meanwhile)).toBe(401);
      await signIn(browser);
      expect(await statusOf(await cookieOf(browser))).toBe(200);
      expect(errors()).toHaveLength(1);
    });

    it('only for writing, people can sign in and stay so', async () => {
      await start();
      const readonly = () => Promise.reject(new Error('READONLY'));
      Object.assign(store, { set: readonly, setIfAbsent: readonly, replaceIfEqual: readonly });
      const browser = phone();
      await signIn(browser);
      expect(await statusOf(await cookieOf(browser))).toBe(200);
    });

    it('does not count where that is strict: 503, and nobody is sent to WeChat for it', async () => {
      await start({ session: { revocable: 'strict' } });
      const { cookie, bearer } = signInAs(running.app, { openid: 'oMing' });
      expect(await statusOf(cookie)).toBe(200);
      store.mode = 'rejects';

      const headers = { cookie };
      const data = await phone().fetch(`${SHOP}/orders`, { headers });
      expect([data.status, data.json()]).toMatchObject([503, { code: 'STORE_UNAVAILABLE' }]);
      const token = await phone().fetch(`${SHOP}/orders`, { headers: { authorization: bearer } });
      expect(token.status).toBe(503);
      const page = await phone().visit(`${SHOP}/orders`, { headers });
      expect([page.status, page.setCookies]).toEqual([503, []]);
      expect(page.body).toContain('cannot be checked');
      expect((await phone().fetch(`${SHOP}/orders/public`, { headers })).json()).toEqual({ openid: null });
      expect((await phone().fetch(`${SHOP}/orders/asked`, { headers })).json()).toEqual({ openid: null });
      expect(await statusOf(cookie, '/orders/claims')).toBe(503);
      // An application of one page must not take that for signed out.
      const me = await phone().fetch(`${SHOP}/wechat/me`, { headers });
      expect([me.status, me.json()]).toMatchObject([503, { code: 'STORE_UNAVAILABLE' }]);
      expect((await phone().fetch(`${SHOP}/wechat/me`)).json()).toEqual({ user: null });
      // Somebody who shows none is a visitor as ever.
      expect((await phone().visit(`${SHOP}/orders`)).status).toBe(302);

      store.mode = 'up';
      expect(await statusOf(cookie)).toBe(200);
    });
  });

  it('is over for good when its entry is lost, be it by a restart of the memory store', async () => {
    await start();
    const { cookie } = signInAs(running.app, { openid: 'oMing' });
    const { cookie: other } = signInAs(running.app, { openid: 'oHong', app: 'website' });
    await store.delete(`wechat:${official.appId}:ended:oMing`);
    expect([await statusOf(cookie), await statusOf(other)]).toEqual([401, 200]);
    await store.delete(`wechat:${website.appId}:ended:oHong`);
    expect(await statusOf(other)).toBe(401);
  });
});
