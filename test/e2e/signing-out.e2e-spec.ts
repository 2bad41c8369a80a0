// What is still on its way when somebody signs out, or when their session changes: whichever answer
// arrives last, nothing of it comes back.
import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatIdentity,
  type WechatOAuthModuleOptions,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { signInAs, type WechatMockServer } from '../../lib/testing/index.js';
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';
import {
  ALL_APPS,
  MOCK_APPS,
  PLATFORMS,
  type Running,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  constructor(private readonly sessions: WechatSessionService) {}

  @Get()
  list(@WechatUser() user: WechatIdentity) {
    return { openid: user.openid, claims: user.claims ?? null };
  }

  @WechatAuth({ mode: 'silent' })
  @Get('silent')
  silent(@WechatUser('openid') openid?: string) {
    return { openid: openid ?? null };
  }

  @WechatAuth({ app: 'website' })
  @Get('desk')
  desk(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @Get('claims')
  async bind(@Req() request: object, @Res({ passthrough: true }) response: unknown) {
    await this.sessions.update(request, response, { phone: '138' } as object);
    return {};
  }

  @WechatAuth({ mode: 'off' })
  @Get('issued')
  async issued(@Res({ passthrough: true }) response: unknown) {
    const identity = {
      app: 'official',
      appId: 'wx00000000official',
      openid: 'oIssued',
      scope: [] as string[],
    };
    return this.sessions.issue(response, { ...identity, isSnapshotUser: false });
  }
}

describe.each(PLATFORMS)('Signing out on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let now: number;
  let store: MemoryTokenStore;
  const nodes: Running[] = [];

  async function start(options: Partial<WechatOAuthModuleOptions> = {}): Promise<Running> {
    const running = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController, WechatAuthController],
      options: { apps: ALL_APPS, now: () => now, ...options },
      extras: { tokenStore: { useValue: store } },
    });
    nodes.push(running);
    return running;
  }

  const phone = (at = nodes[0]!, agent = AGENTS.wechat) => new Browser(agent).route(SHOP, at.port);
  const me = async (browser: Browser) =>
    (await browser.fetch(`${SHOP}/wechat/me`)).json<{ user: WechatIdentity | null }>().user;
  const logout = (browser: Browser, options = {}) =>
    browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST', ...options });
  const keep = async (browser: Browser, answer: Answer) => {
    for (const line of answer.setCookies) await browser.jar.setCookie(line, SHOP);
  };
  async function untilCallback(browser: Browser, path = '/orders', user = 'ming'): Promise<string> {
    const { headers } = await browser.visit(SHOP + path);
    return (await wechat.authorize(headers.location!, { user })).redirectTo!;
  }
  async function signIn(browser: Browser, path = '/orders') {
    const callback = await untilCallback(browser, path);
    expect((await browser.visit(callback)).status).toBe(302);
    expect(await me(browser)).toMatchObject({ openid: expect.any(String) });
    return callback;
  }

  beforeEach(async () => {
    now = Date.now();
    store = new MemoryTokenStore({ now: () => now });
    wechat = await startWechat();
  });

  afterEach(async () => {
    for (const { app } of nodes.splice(0)) await app.close();
    await wechat.close();
  });

  describe.each(['the same node', 'another node'])('while a login is under way at %s', (where) => {
    it.each(['before', 'after'])(
      'signs nobody in by it, when its answer arrives %s that of the logout',
      async (when) => {
        await start();
        const second = where === 'another node' ? await start() : nodes[0]!;
        const browser = phone();
        const callback = await untilCallback(browser);

        const late = await browser.route(SHOP, second.port).visit(callback, { dropCookies: true });
        const out = await logout(browser.route(SHOP, nodes[0]!.port), { dropCookies: true });
        expect([late.status, out.status]).toEqual([302, 204]);
        for (const answer of when === 'before' ? [late, out] : [out, late]) await keep(browser, answer);

        expect(await me(browser)).toBeNull();
        expect((await browser.fetch(`${SHOP}/orders`)).status).toBe(401);
        // And the next login is one.
        await signIn(browser);
      },
    );

    it('signs nobody in by the second answer of its twins', async () => {
      await start();
      const second = where === 'another node' ? await start() : nodes[0]!;
      const browser = phone();
      const callback = await untilCallback(browser);
      await browser.visit(callback, { dropCookies: true });
      const twin = await browser.route(SHOP, second.port).visit(callback, { dropCookies: true });
      expect(twin.setCookies.join()).toContain('wechat_session_');

      await logout(browser);
      await keep(browser, twin);

      expect(await me(browser)).toBeNull();
    });

    it.each(['that had no answer yet', 'that was answered before'])(
      'signs nobody in when one %s comes back afterwards, and says nothing to WeChat',
      async (which) => {
        await start();
        const second = where === 'another node' ? await start() : nodes[0]!;
        const browser = phone();
        const callback = await untilCallback(browser);
        if (which === 'that was answered before') await browser.visit(callback);
        const cookies = await browser.jar.getCookies(SHOP);
        await logout(browser);
        // They are gone with the logout; what a late answer brings back is as good as nothing.
        for (const cookie of cookies) await browser.jar.setCookie(cookie, SHOP);
        wechat.clearCalls();

        const answer = await browser.route(SHOP, second.port).visit(callback);

        expect(answer.setCookies.join()).not.toContain('wechat_session_');
        expect(wechat.callsTo('/sns/oauth2/access_token')).toEqual([]);
        expect(await me(browser)).toBeNull();
      },
    );
  });

  it('ends what a login handler that is asked just now says yes to', async () => {
    await start();
    const browser = phone();
    const callback = await untilCallback(browser);
    wechat.inject('/sns/oauth2/access_token', { delayMs: 200 });
    const late = browser.visit(callback, { dropCookies: true });
    await wechat.waitForCalls('/sns/oauth2/access_token');
    await logout(browser);
    await keep(browser, await late);
    expect(await me(browser)).toBeNull();
  });

  it.each(['before', 'after'])(
    'ends a session that is being changed meanwhile, when its answer arrives %s that of the logout',
    async (when) => {
      await start();
      const browser = phone();
      await signIn(browser);
      const changed = await browser.fetch(`${SHOP}/orders/claims`, { dropCookies: true });
      expect(changed.setCookies.join()).toContain('wechat_session_');
      const out = await logout(browser, { dropCookies: true });
      for (const answer of when === 'before' ? [changed, out] : [out, changed]) await keep(browser, answer);
      expect(await me(browser)).toBeNull();
    },
  );

  it('ends the sessions of all apps of the host, and later logins stay until the next one', async () => {
    await start();
    const browser = phone();
    await signIn(browser);
    browser.userAgent = AGENTS.desktop;
    await signIn(browser, '/orders/desk');
    const kept = await browser.jar.getCookies(SHOP);
    await logout(browser);
    for (const cookie of kept) await browser.jar.setCookie(cookie, SHOP);
    expect(await me(browser)).toBeNull();
    expect((await browser.fetch(`${SHOP}/orders/desk`)).status).toBe(401);
    await signIn(browser, '/orders/desk');
    browser.userAgent = AGENTS.wechat;
    expect((await browser.fetch(`${SHOP}/orders/desk`)).status).toBe(200);
  });

  it('is remembered by eight bytes of chance in one cookie of the host', async () => {
    await start();
    const marks = new Set<string>();
    for (let time = 0; time < 3; time++) {
      const lines = (await logout(phone())).setCookies.filter((line) =>
        line.startsWith('__Host-wechat_out='),
      );
      expect(lines).toEqual([
        expect.stringMatching(
          /^__Host-wechat_out=[\w-]{11}; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ]);
      marks.add(lines[0]!);
    }
    expect(marks.size).toBe(3);
  });

  it.each<[string, (cookie: string) => string]>([
    ['is gone', () => ''],
    ['comes twice', (cookie) => `${cookie}; ${cookie}`],
    ['is another', (cookie) => cookie.replace(/=.*/, '=AAAAAAAAAAA')],
    ['is no mark', (cookie) => cookie.replace(/=.*/, '=x')],
  ])('is what happens to a browser whose mark %s', async (_what, change) => {
    await start();
    const browser = phone();
    await logout(browser);
    await signIn(browser);
    const pairs = (await browser.jar.getCookieString(SHOP)).split('; ');
    const cookie = pairs
      .map((pair) => (pair.startsWith('__Host-wechat_out=') ? change(pair) : pair))
      .filter(Boolean)
      .join('; ');
    const ask = async (header: string) =>
      (await phone().fetch(`${SHOP}/orders`, { headers: { cookie: header } })).status;
    expect(await ask(pairs.join('; '))).toBe(200);
    expect(await ask(cookie)).toBe(401);
  });

  it('is no hindrance to a browser that has lost the mark', async () => {
    await start();
    const browser = phone();
    await logout(browser);
    await signIn(browser);
    await browser.jar.setCookie('__Host-wechat_out=x; Max-Age=0; Path=/; Secure', SHOP);
    expect(await me(browser)).toBeNull();
    await signIn(browser);
    await signIn(phone());
  });

  it('ends sessions that the application issued to a browser, and leaves bearer tokens to their end', async () => {
    await start();
    const browser = phone();
    const issued = await browser.fetch(`${SHOP}/orders/issued`, { dropCookies: true });
    const { token } = issued.json<{ token: string }>();
    const authorization = `Bearer ${token}`;
    await keep(browser, issued);
    expect(await me(browser)).toMatchObject({ openid: 'oIssued' });
    await logout(browser);
    await keep(browser, issued);
    expect(await me(browser)).toBeNull();
    expect((await browser.fetch(`${SHOP}/orders`, { headers: { authorization } })).status).toBe(200);
  });

  it('keeps silent routes silent', async () => {
    await start();
    const browser = phone();
    await signIn(browser, '/orders/silent');
    await logout(browser);
    const answer = await browser.visit(`${SHOP}/orders/silent`);
    expect([answer.status, answer.body]).toEqual([200, JSON.stringify({ openid: null })]);
  });

  it('keeps silent routes silent at every app of a host that has many', async () => {
    const names = Array.from({ length: 14 }, (_, index) => `app${index}`);
    const appOf = (name: string) => ({
      type: 'official-account' as const,
      appId: `wx0000000000${name}`,
      secret: 's',
    });
    const apps = Object.fromEntries(names.map((name) => [name, appOf(name)]));
    await start({ apps, session: { idle: 100 } });
    const shown = names.flatMap((app) => {
      const { cookie } = signInAs(nodes[0]!.app, { app, openid: 'oMing' });
      return [cookie, cookie.replace('_session_', '_used_').replace(/=.*/, '=x')];
    });
    const { setCookies } = await logout(phone(), { headers: { cookie: shown.join('; ') } });
    const count = (what: RegExp) => setCookies.filter((line) => what.test(line)).length;
    expect([count(/_session_\w+=;/), count(/_silent_\w+_[\w-]{11}=1;/)]).toEqual([14, 14]);
  });

  it('counts for other applications of the host too, and leaves them the silence of their own', async () => {
    await start();
    const { appId, secret } = MOCK_APPS[0];
    const club = await start({
      sessionSecret: 'another-secret-canary-0123456789abcdef',
      apps: { club: { type: 'official-account', appId, secret } },
    });
    const browser = phone();
    const at = ({ port }: Running) => browser.route(SHOP, port);
    await signIn(at(club));
    await logout(at(nodes[0]!));
    expect(await me(at(club))).toBeNull();
    await signIn(at(club));
    await logout(at(club));
    await logout(at(nodes[0]!));
    expect((await at(club).visit(`${SHOP}/orders/silent`)).status).toBe(200);
  });

  it('works without TLS too, where cookies have other names', async () => {
    const plain = 'http://shop.example.com';
    await start({ publicUrl: plain, dev: { allowHttp: true } });
    const browser = phone().route(plain, nodes[0]!.port);
    const visit = (path: string, options = {}) => browser.visit(plain + path, options);
    const leave = () => browser.fetch(`${plain}/wechat/logout`, { method: 'POST' });
    const { headers } = await visit('/orders');
    const { redirectTo } = await wechat.authorize(headers.location!, { user: 'ming' });
    const late = await browser.visit(redirectTo!, { dropCookies: true });
    expect(late.setCookies.join()).toMatch(/(^|,)wechat_session_/);
    await leave();
    for (const line of late.setCookies) await browser.jar.setCookie(line, plain);
    expect((await browser.cookieNames(plain)).filter((name) => name === 'wechat_out')).toHaveLength(1);
    expect((await browser.fetch(`${plain}/orders`)).status).toBe(401);
  });

  it.each(['start', 'callback'])(
    'keeps silent routes silent, though the answer to the %s of a silent login comes later',
    async (which) => {
      await start();
      const browser = phone();
      const started = await browser.visit(`${SHOP}/orders/silent`, { dropCookies: which === 'start' });
      const callback = async () =>
        (await wechat.authorize(started.headers.location!, { user: 'ming' })).redirectTo!;
      const late = which === 'start' ? started : await browser.visit(await callback(), { dropCookies: true });
      expect(late.setCookies.join()).toContain('wechat_silent_');
      await logout(browser);
      await keep(browser, late);

      // What an attempt leaves behind is over in a day, long before what a logout leaves.
      for (const { key, maxAge } of await browser.jar.getCookies(SHOP)) {
        if (Number(maxAge) <= 86_400) await browser.jar.setCookie(`${key}=; Max-Age=0; Path=/; Secure`, SHOP);
      }
      const answer = await browser.visit(`${SHOP}/orders/silent`);
      expect([answer.status, answer.body]).toEqual([200, JSON.stringify({ openid: null })]);
    },
  );

  it('leaves silent routes silent until somebody signs in again, and they try anew when that is over', async () => {
    await start({ session: { ttl: 1_000 } });
    const browser = phone();
    const silent = () =>
      browser.cookieNames(SHOP).then((names) => names.filter((name) => /_silent_/.test(name)));
    await logout(browser);
    await logout(browser);
    expect(await silent()).toHaveLength(1);
    expect((await browser.visit(`${SHOP}/orders/silent`)).status).toBe(200);
    await signIn(browser);
    expect(await silent()).toEqual([]);
    now += 1_000_000;
    expect((await browser.visit(`${SHOP}/orders/silent`)).status).toBe(302);
  });

  describe('with an idle limit', () => {
    const IDLE = { session: { ttl: 10_000, idle: 100 } };

    it('is not undone by a slow answer that tells of a use', async () => {
      await start(IDLE);
      const browser = phone();
      await signIn(browser);
      now += 60_000;
      const slow = await browser.fetch(`${SHOP}/orders`, { dropCookies: true });
      expect(slow.setCookies).toEqual([expect.stringMatching(/^__Host-wechat_used_/)]);
      await logout(browser);
      await keep(browser, slow);
      expect(await me(browser)).toBeNull();
    });

    it('and a slow answer brings no older claims back', async () => {
      await start(IDLE);
      const browser = phone();
      await signIn(browser);
      now += 60_000;
      const slow = await browser.fetch(`${SHOP}/orders`, { dropCookies: true });
      await browser.fetch(`${SHOP}/orders/claims`);
      await keep(browser, slow);
      expect((await browser.fetch(`${SHOP}/orders`)).json()).toMatchObject({ claims: { phone: '138' } });
    });

    it('use keeps a session alive, in this browser alone', async () => {
      await start(IDLE);
      const browser = phone();
      await signIn(browser);
      const copy = await browser.jar.getCookieString(SHOP);
      for (let use = 0; use < 4; use++) {
        now += 60_000;
        expect((await browser.fetch(`${SHOP}/orders`)).status).toBe(200);
      }
      const ask = (cookie: string) => phone().fetch(`${SHOP}/orders`, { headers: { cookie } });
      expect((await ask(copy)).status).toBe(401);
      now += 100_000;
      expect((await browser.fetch(`${SHOP}/orders`)).status).toBe(401);
    });

    it('a mark of somebody else’s session keeps none alive', async () => {
      await start(IDLE);
      const [one, two] = [
        signInAs(nodes[0]!.app, { openid: 'oMing' }),
        signInAs(nodes[0]!.app, { openid: 'oHong' }),
      ];
      now += 60_000;
      const used = await phone().fetch(`${SHOP}/orders`, { headers: { cookie: two.cookie } });
      const mark = used.setCookies[0]!.split(';', 1)[0]!;
      now += 60_000;
      const ask = async (cookie: string) =>
        (await phone().fetch(`${SHOP}/orders`, { headers: { cookie } })).status;
      expect([await ask(`${two.cookie}; ${mark}`), await ask(`${one.cookie}; ${mark}`)]).toEqual([200, 401]);
    });

    it('a mark of another app’s session keeps none alive', async () => {
      await start(IDLE);
      const browser = phone();
      await signIn(browser);
      browser.userAgent = AGENTS.desktop;
      await signIn(browser, '/orders/desk');
      now += 60_000;
      expect((await browser.fetch(`${SHOP}/orders/desk`)).setCookies).toHaveLength(1);
      const pairs = (await browser.jar.getCookieString(SHOP)).split('; ').map((pair) => pair.split('='));
      const tag = (name: string) => /[0-9a-f]{8}$/.exec(name)![0];
      const used = pairs.find(([name]) => name!.includes('_used_'))!;
      const session = pairs.find(([name]) => name!.includes('_session_') && tag(name!) !== tag(used[0]!))!;
      const copied = `${session.join('=')}; ${used[0]!.slice(0, -8)}${tag(session[0]!)}=${used[1]}`;
      expect((await phone().fetch(`${SHOP}/orders`, { headers: { cookie: copied } })).status).toBe(200);
      now += 40_000;
      expect((await phone().fetch(`${SHOP}/orders`, { headers: { cookie: copied } })).status).toBe(401);
      expect((await browser.fetch(`${SHOP}/orders/desk`)).status).toBe(200);
    });

    it('a mark of use that comes twice tells of none', async () => {
      await start(IDLE);
      const { cookie } = signInAs(nodes[0]!.app, { openid: 'oMing' });
      now += 60_000;
      const used = await phone().fetch(`${SHOP}/orders`, { headers: { cookie } });
      const mark = used.setCookies[0]!.split(';', 1)[0]!;
      now += 60_000;
      const ask = async (header: string) =>
        (await phone().fetch(`${SHOP}/orders`, { headers: { cookie: header } })).status;
      expect([await ask(`${cookie}; ${mark}`), await ask(`${cookie}; ${mark}; ${mark}`)]).toEqual([200, 401]);
    });

    it('ends copies of a session that was idle here, where sessions are revocable', async () => {
      await start({ session: { ...IDLE.session, revocable: true } });
      const { cookie } = signInAs(nodes[0]!.app, { openid: 'oMing' });
      now += 60_000;
      const used = await phone().fetch(`${SHOP}/orders`, { headers: { cookie } });
      const fresh = `${cookie}; ${used.setCookies[0]!.split(';', 1)[0]!}`;
      now += 60_000;
      // Here the last use is not known, so the session is over; whoever has the copy uses it.
      expect((await phone().fetch(`${SHOP}/orders`, { headers: { cookie } })).status).toBe(401);
      await logout(phone(), { headers: { cookie } });
      expect((await phone().fetch(`${SHOP}/orders`, { headers: { cookie: fresh } })).status).toBe(401);
    });
  });
});
