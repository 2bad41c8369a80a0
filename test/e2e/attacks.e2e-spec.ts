// What an attacker can do with links, cookies, headers and a store that is not to be trusted:
// nobody is ever signed in as somebody else, or sent anywhere else.
import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, UseGuards } from '@nestjs/common';
import { PendingLogins } from '../../lib/auth/login/pending-logins.js';
import { SealedSessions, type Session } from '../../lib/auth/session/sealed-sessions.js';
import type { AppConfig, WechatConfig } from '../../lib/config/wechat-config.js';
import {
  MemoryTokenStore,
  WechatTokenNotFoundError,
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatIdentity,
  type WechatLogin,
  type WechatLoginDecision,
  type WechatOAuthModuleOptions,
  WechatOAuthService,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { Sealer } from '../../lib/sealing/sealer.js';
import { signInAs } from '../../lib/testing/index.js';
import { WECHAT_CONFIG } from '../../lib/wechat-oauth.constants.js';
import {
  ALL_APPS,
  MOCK_APPS,
  PLATFORMS,
  type Running,
  SESSION_SECRET,
  SHOP,
} from '../support/application.js';
import { AGENTS, type Answer, type Browser } from '../support/browser.js';
import { browserFor, redirectUriOf, setStage } from '../support/stage.js';

const [official, website, mini] = MOCK_APPS;
const EXCHANGE = '/sns/oauth2/access_token';
/** A service account of the same kind, for mix-ups between two apps that look alike. */
const CLUB = {
  type: 'official-account',
  appId: 'wx00000000000club0',
  secret: 'secretcanaryclub0000000000000000',
} as const;
const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

let handled = 0;

/** A store whose rows somebody else can see and write. */
class OpenStore extends MemoryTokenStore {
  readonly rows = new Map<string, string>();

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await super.set(key, value, ttlMs);
    this.rows.set(key, value);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    const created = await super.setIfAbsent(key, value, ttlMs);
    if (created) this.rows.set(key, value);
    return created;
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    const replaced = await super.replaceIfEqual(key, expected, value, ttlMs);
    if (replaced && value !== undefined) this.rows.set(key, value);
    return replaced;
  }

  async copy(from: string, to: string): Promise<void> {
    await this.set(to, this.rows.get(from)!, 3_600_000);
  }

  async swap(one: string, two: string): Promise<void> {
    const [first, second] = [this.rows.get(one)!, this.rows.get(two)!];
    await this.set(one, second, 3_600_000);
    await this.set(two, first, 3_600_000);
  }
}

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(@WechatUser() user: WechatIdentity) {
    handled++;
    return { user };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile(@WechatUser() user: WechatIdentity) {
    handled++;
    return { user };
  }

  @Get('deep/:a/:b/:c/:d/:e/:f/:g/:h/:i/:j/:k/:l/:m/:n')
  deep() {
    handled++;
    return {};
  }

  @Post()
  @HttpCode(200)
  create(@WechatUser('openid') openid: string, @Body() body: unknown) {
    handled++;
    return { openid, body };
  }

  @Put()
  replace(@WechatUser('openid') openid: string) {
    handled++;
    return { openid };
  }

  @Patch()
  change(@WechatUser('openid') openid: string) {
    handled++;
    return { openid };
  }

  @Delete()
  remove(@WechatUser('openid') openid: string) {
    handled++;
    return { openid };
  }

  @WechatAuth({ app: 'official' })
  @Get('official')
  atOfficial(@WechatUser() user: WechatIdentity) {
    handled++;
    return { user };
  }

  @WechatAuth({ app: 'website' })
  @Get('website')
  atWebsite(@WechatUser() user: WechatIdentity) {
    handled++;
    return { user };
  }

  @WechatAuth({ app: 'club' })
  @Get('club')
  atClub(@WechatUser() user: WechatIdentity) {
    handled++;
    return { user };
  }

  @WechatAuth({ app: 'mini' })
  @Get('mini')
  atMini(@WechatUser() user: WechatIdentity) {
    handled++;
    return { user };
  }
}

describe.each(PLATFORMS)('An attacker of an application on %s', (_platform, adapter) => {
  const stage = setStage(adapter, {
    apps: [...MOCK_APPS, { ...CLUB, domains: ['shop.example.com'] }],
  });
  let now: number;
  let store: OpenStore;
  let onLogin: (login: WechatLogin) => WechatLoginDecision;

  beforeEach(() => {
    handled = 0;
    now = Date.now();
    store = new OpenStore({ now: () => now });
    onLogin = () => ({});
  });

  const start = (options: Partial<WechatOAuthModuleOptions> = {}) =>
    stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { apps: ALL_APPS, defaultApp: 'official', now: () => now, ...options },
      extras: {
        tokenStore: { useValue: store },
        loginHandler: { useValue: { onLogin: async (login: WechatLogin) => onLogin(login) } },
      },
    });

  /** As far as WeChat's answer: the address of the callback. */
  async function untilCallback(browser: Browser, path = '/orders', user = 'ming'): Promise<URL> {
    const answer = await browser.visit(SHOP + path);
    expect(answer.status).toBe(302);
    const { redirectTo } = await stage.wechat.authorize(answer.headers.location!, { user });
    return new URL(redirectTo!);
  }

  async function signIn(browser: Browser, user = 'ming', path = '/orders'): Promise<void> {
    await browser.visit((await untilCallback(browser, path, user)).href);
  }

  const exchanges = () => stage.wechat.callsTo(EXCHANGE).length;
  const openidOf = (user: string, appId: string = official.appId) => stage.wechat.openidOf(appId, user);
  const configOf = ({ app }: Running) => app.get<WechatConfig>(WECHAT_CONFIG, { strict: false });
  const appOf = (running: Running, name = 'official'): AppConfig => configOf(running).apps.get(name)!;
  const whoIs = async (browser: Browser) =>
    (await browser.fetch(`${SHOP}/orders`)).json<{ user?: WechatIdentity }>().user?.openid;

  /** The browser's cookies whose names say so, as `name=value`. */
  async function cookiesOf(browser: Browser, part: string): Promise<{ name: string; value: string }[]> {
    const cookies = await browser.jar.getCookies(SHOP);
    return cookies.filter(({ key }) => key.includes(part)).map(({ key: name, value }) => ({ name, value }));
  }

  async function cookieOf(browser: Browser, part: string): Promise<{ name: string; value: string }> {
    const [cookie, ...more] = await cookiesOf(browser, part);
    expect([cookie !== undefined, more.length]).toEqual([true, 0]);
    return cookie!;
  }

  async function sessionOf(running: Running, browser: Browser, name = 'official'): Promise<Session> {
    const header = await browser.jar.getCookieString(SHOP);
    const cookies = header.split('; ').map((pair) => {
      const at = pair.indexOf('=');
      return { name: pair.slice(0, at), value: pair.slice(at + 1) };
    });
    const sessions = running.app.get(SealedSessions, { strict: false });
    return sessions.fromCookies(cookies).find(({ app }) => app === appOf(running, name))!.session;
  }

  /** Whatever else it is, it signs nobody in and goes nowhere but to WeChat or to ourselves. */
  function expectNobody(answer: Answer): void {
    expect([302, 400, 401, 403]).toContain(answer.status);
    expect(answer.setCookies.filter((line) => /wechat_session\w*=[^;]/.test(line))).toEqual([]);
    const { location } = answer.headers;
    if (location !== undefined) {
      expect([SHOP, new URL(stage.wechat.endpoints.open).origin]).toContain(new URL(location).origin);
    }
    expect(handled).toBe(0);
  }

  describe('with a code and state of their own', () => {
    it('cannot sign in a browser that has started nothing', async () => {
      const running = await start();
      const attack = await untilCallback(browserFor(running), '/orders', 'hong');
      const victim = browserFor(running);

      const answer = await victim.visit(attack.href);

      expectNobody(answer);
      expect(exchanges()).toBe(0);
      expect(answer.headers.location).not.toContain(attack.searchParams.get('state'));
    });

    it('cannot sign in a browser that is in the middle of a login of its own, which goes on', async () => {
      const running = await start();
      const attack = await untilCallback(browserFor(running), '/orders', 'hong');
      const victim = browserFor(running);
      const own = await untilCallback(victim, '/orders', 'ming');

      expectNobody(await victim.visit(attack.href));
      expect(exchanges()).toBe(0);

      await victim.visit(own.href);
      expect(await whoIs(victim)).toBe(openidOf('ming'));
    });

    it('cannot replace somebody who is signed in', async () => {
      const running = await start();
      const attack = await untilCallback(browserFor(running), '/orders', 'hong');
      const victim = browserFor(running);
      await signIn(victim, 'ming');
      stage.wechat.clearCalls();

      const answer = await victim.visit(attack.href);

      expect([answer.status, answer.headers.location, answer.setCookies]).toEqual([
        302,
        `${SHOP}/orders#`,
        [],
      ]);
      expect(exchanges()).toBe(0);
      expect(await whoIs(victim)).toBe(openidOf('ming'));
    });

    it('cannot put their code under the state of the victim’s flow without the victim’s cookie', async () => {
      const running = await start();
      const victim = browserFor(running);
      const own = await untilCallback(victim, '/orders', 'ming');
      const attack = await untilCallback(browserFor(running), '/orders', 'hong');
      const mixed = new URL(own);
      mixed.searchParams.set('code', attack.searchParams.get('code')!);

      expectNobody(await browserFor(running).visit(mixed.href));

      expect(exchanges()).toBe(0);
    });

    it.each(['first', 'while', 'after'])(
      'cannot ride on the exchange of a code they copied: theirs comes %s',
      async (when) => {
        const running = await start();
        const victim = browserFor(running);
        const own = await untilCallback(victim, '/orders', 'ming');
        const thief = browserFor(running);
        const copied = await untilCallback(thief, '/orders', 'hong');
        copied.searchParams.set('code', own.searchParams.get('code')!);
        stage.wechat.inject(EXCHANGE, { delayMs: 60, times: 1, answer: {} });

        const first = when === 'first' ? thief : victim;
        const winning = first.visit(first === thief ? copied.href : own.href);
        if (when === 'after') await winning;
        else while (exchanges() === 0) await new Promise((resolve) => setImmediate(resolve));
        const second = first === thief ? victim : thief;
        const losing = await second.visit(first === thief ? own.href : copied.href);
        await winning;

        // Spent: a silent restart that does not send this code again.
        expect(losing.status).toBe(302);
        expect(new URL(losing.headers.location!).pathname).toBe('/connect/oauth2/authorize');
        expect(losing.setCookies.filter((line) => /wechat_session\w*=[^;]/.test(line))).toEqual([]);
        expect(exchanges()).toBe(1);
        expect(await whoIs(second)).toBeUndefined();
      },
    );

    it('gets 401 for a code that a mini program has sent already, and never its session', async () => {
      const running = await start();
      const code = stage.wechat.loginCode({ appId: mini.appId, user: 'ming' });
      const post = () =>
        browserFor(running).fetch(`${SHOP}/wechat/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ app: 'mini', code }),
        });

      const answers = await Promise.all([post(), post(), post()]);
      answers.push(await post());

      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
      for (const { status, body } of answers.filter((one) => one.status === 401)) {
        expect([status, body]).toEqual([401, expect.stringContaining('WECHAT_LOGIN_REQUIRED')]);
        expect(body).not.toContain('v1.');
      }
      expect(stage.wechat.callsTo('/sns/jscode2session')).toHaveLength(1);
    });

    it('cannot use a flow for a second person once it has signed one in', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser, '/orders', 'ming');
      await browser.visit(callback.href);
      const other = await untilCallback(browserFor(running), '/orders', 'hong');
      const again = new URL(callback);
      again.searchParams.set('code', other.searchParams.get('code')!);

      await browser.visit(again.href);

      expect(exchanges()).toBe(1);
      expect(await whoIs(browser)).toBe(openidOf('ming'));
    });
  });

  // A sibling host may set any cookie for the whole domain but one whose name begins with __Host-,
  // and browsers know one blank only: to them, what stands behind byte A0 is a name like any other.
  describe.each([
    ['byte A0', '\u00a0'],
    ['byte 85', '\u0085'],
    ['A0 behind a blank', ' \u00a0'],
    ['the bytes of a byte order mark', '\u00ef\u00bb\u00bf'],
  ])('with a cookie that bears our name behind %s', (_name, before) => {
    it('signs nobody in with a flow of their own', async () => {
      const running = await start();
      const attacker = browserFor(running);
      const callback = await untilCallback(attacker, '/orders', 'hong');
      const { name, value } = await cookieOf(attacker, 'wechat_flow');

      const answer = await browserFor(running).visit(callback.href, {
        headers: { cookie: `${before}${name}=${value}` },
      });

      expectNobody(answer);
      expect(exchanges()).toBe(0);
    });

    it('shows nobody as signed in, and keeps nobody from being it', async () => {
      const running = await start();
      const attacker = browserFor(running);
      await signIn(attacker, 'hong');
      const victim = browserFor(running);
      await signIn(victim, 'ming');
      handled = 0;
      const theirs = await cookieOf(attacker, 'wechat_session');
      const ours = await cookieOf(victim, 'wechat_session');
      const planted = `${before}${theirs.name}=${theirs.value}`;
      const see = async (cookie: string) =>
        browserFor(running).fetch(`${SHOP}/orders`, { headers: { cookie } });

      expectNobody(await see(planted));
      const both = await see(`${planted}; ${ours.name}=${ours.value}`);
      expect(both.json<{ user: WechatIdentity }>().user.openid).toBe(openidOf('ming'));
    });
  });

  it('does not count a bearer token with a byte behind it, nor the cookie beside it', async () => {
    const running = await start();
    const browser = browserFor(running);
    await signIn(browser);
    handled = 0;
    const sessions = running.app.get(SealedSessions, { strict: false });
    const bearer = sessions.toBearer(await sessionOf(running, browser));
    for (const behind of ['\u00a0', '\u0085', '\u00a0x', ' x']) {
      const headers = { authorization: `Bearer ${bearer}${behind}` };
      expectNobody(await browser.fetch(`${SHOP}/orders`, { headers }));
    }
  });

  it('says once that a proxy joins Cookie fields with commas, and takes nothing out of them', async () => {
    const running = await start();
    const browser = browserFor(running);
    await signIn(browser);
    handled = 0;
    const { name, value } = await cookieOf(browser, 'wechat_session');
    const client = browserFor(running);
    for (const cookie of [`a=1, ${name}=${value}`, `b=2; a=1, ${name}=${value}`]) {
      expectNobody(await client.fetch(`${SHOP}/orders`, { headers: { cookie } }));
    }
    const warnings = running.logs.lines.filter(({ text }) => text.includes('joined by ", "'));
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(running.logs.lines)).not.toContain(value);
  });

  describe('with a flow cookie that is not the browser’s own', () => {
    it('gets nothing by values of other apps, other secrets, other flows, other versions and other systems', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser);
      const { name, value } = await cookieOf(browser, 'wechat_flow');
      const sealer = running.app.get(Sealer, { strict: false });
      const opened = JSON.parse(sealer.open('flow', name, value)!) as Record<string, unknown>;
      const second = browserFor(running);
      await untilCallback(second);
      const desktop = browserFor(running, AGENTS.desktop);
      await untilCallback(desktop);
      const foreign = new Sealer([{ reveal: () => 'another-secret-0123456789abcdefghijkl' } as never]);
      const values: [string, string][] = [
        ['another flow', (await cookieOf(second, 'wechat_flow')).value],
        ['a flow of another app', (await cookieOf(desktop, 'wechat_flow')).value],
        ['another secret', foreign.seal('flow', name, JSON.stringify(opened))],
        ['another state', sealer.seal('flow', name, JSON.stringify({ ...opened, state: '0'.repeat(32) }))],
        ['its time over', sealer.seal('flow', name, JSON.stringify({ ...opened, expiresAt: now - 1 }))],
        ['no time', sealer.seal('flow', name, JSON.stringify({ ...opened, expiresAt: undefined }))],
        ['an older version', sealer.seal('flow', name, JSON.stringify({ v: 0, s: opened['state'] }))],
        ['null', sealer.seal('flow', name, 'null')],
        ['an array', sealer.seal('flow', name, '[]')],
        ['text', sealer.seal('flow', name, '"text"')],
        ['no JSON', sealer.seal('flow', name, 'state=1&app=2')],
        ['nothing sealed', sealer.seal('flow', name, '')],
        [
          'half a flow that is done',
          sealer.seal(
            'flow',
            name,
            JSON.stringify({ done: true, expiresAt: now + 9e5, returnTo: `${SHOP}/orders` }),
          ),
        ],
        ['v0', value.replace('v1.', 'v0.')],
        ['v2', value.replace('v1.', 'v2.')],
        ['a JWT', 'eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6IngifQ.'],
        ['a signed cookie', `s:${String(opened['state'])}.AAAA`],
        ['the state itself', String(opened['state'])],
        ['JSON in clear', encodeURIComponent(JSON.stringify(opened))],
        ['nothing', ''],
      ];

      for (const [what, planted] of values) {
        const answer = await browser.visit(callback.href, { headers: { cookie: `${name}=${planted}` } });
        expect([what, answer.status]).toEqual([what, 302]);
        expectNobody(answer);
      }
      expect(exchanges()).toBe(0);
      // The browser that started it is not harmed by any of that.
      expect((await browser.visit(callback.href)).headers.location).toBe(`${SHOP}/orders#`);
    });

    it('gets nothing by planting a flow of their own beside the victim’s', async () => {
      const running = await start();
      const attacker = browserFor(running);
      await untilCallback(attacker, '/orders', 'hong');
      const planted = await cookieOf(attacker, 'wechat_flow');
      const victim = browserFor(running);
      await victim.jar.setCookie(`${planted.name}=${planted.value}; Path=/; Secure`, SHOP);

      await signIn(victim, 'ming');

      expect(await whoIs(victim)).toBe(openidOf('ming'));
    });

    it('cannot be told about by two cookies of one name', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser);
      const { name, value } = await cookieOf(browser, 'wechat_flow');

      for (const twice of [
        `${name}=${value}; ${name}=${value}`,
        `${name}=x; ${name}=${value}`,
        `${name}=${value}; ${name}=`,
      ]) {
        expectNobody(await browser.visit(callback.href, { headers: { cookie: twice } }));
      }
      expect(exchanges()).toBe(0);
    });

    it('does no harm by names that only begin like ours', async () => {
      const running = await start();
      const browser = browserFor(running);
      await untilCallback(browser);
      const { name, value } = await cookieOf(browser, 'wechat_flow');
      const prefix = name.slice(0, -8);
      const odd = [
        '',
        'x',
        '\u00e9\u00e9',
        'a b',
        '\u0080',
        '"',
        '(',
        'ABCDEF01',
        '0'.repeat(200),
        '__proto__',
      ];
      const cookie = odd.map((rest) => `${prefix}${rest}=${value}`).join('; ');

      const answer = await browser.visit(`${SHOP}/orders`, { headers: { cookie } });
      const logout = await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST', headers: { cookie } });

      expectNobody(answer);
      expect(logout.status).toBe(204);
      // Only the cookie that could be ours is worth a line of the answer.
      expect(answer.setCookies.filter((line) => line.includes('Max-Age=0'))).toEqual([]);
    });
  });

  describe('with a callback address that is not theirs', () => {
    it('cannot sign in with it in another browser, before or after its owner', async () => {
      const running = await start();
      const owner = browserFor(running);
      const callback = await untilCallback(owner);
      const thief = browserFor(running);

      expectNobody(await thief.visit(callback.href));
      expect(exchanges()).toBe(0);
      expect((await owner.visit(callback.href)).headers.location).toBe(`${SHOP}/orders#`);
      expectNobody(await browserFor(running).visit(callback.href));
      expect(exchanges()).toBe(1);
    });

    it('gets the login again for a minute in the same browser, and nothing after it, even with the first cookie', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser);
      const first = await cookieOf(browser, 'wechat_flow');
      const cookie = `${first.name}=${first.value}`;
      await browser.visit(callback.href);
      const { sid } = await sessionOf(running, browser);

      now += 59_000;
      const within = browserFor(running);
      await within.visit(callback.href, { headers: { cookie } });
      expect((await sessionOf(running, within)).sid).toBe(sid);

      now += 2_000;
      const after = await browserFor(running).visit(callback.href, { headers: { cookie } });
      expectNobody(after);
      expect(after.headers.location).toContain('/connect/oauth2/authorize');
      expect(exchanges()).toBe(1);
    });

    it('keeps a state spent for as long as its flow could come back', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser);
      const { name, value } = await cookieOf(browser, 'wechat_flow');
      await browser.visit(callback.href);

      for (const minutes of [2, 4, 3, 1, 10]) {
        now += minutes * 60_000;
        expectNobody(
          await browserFor(running).visit(callback.href, { headers: { cookie: `${name}=${value}` } }),
        );
      }
      expect(exchanges()).toBe(1);
    });
  });

  describe('who fixes a session', () => {
    it('never shares it with the person who signs in over it', async () => {
      const running = await start();
      const attacker = browserFor(running);
      onLogin = ({ identity, previous }) => ({
        claims: { of: identity.openid, before: previous?.openid ?? null } as never,
      });
      await signIn(attacker, 'hong');
      const planted = await cookieOf(attacker, 'wechat_session');
      const victim = browserFor(running);
      await victim.jar.setCookie(`${planted.name}=${planted.value}; Path=/; Secure`, SHOP);

      // The route wants more than the planted session has, so the victim is asked, and is somebody
      // else.
      await signIn(victim, 'ming', '/orders/profile');

      const [theirs, own] = [await sessionOf(running, attacker), await sessionOf(running, victim)];
      expect(own.identity).toMatchObject({
        openid: openidOf('ming'),
        claims: { of: openidOf('ming'), before: null },
      });
      expect(own.sid).not.toBe(theirs.sid);
      expect(await whoIs(attacker)).toBe(openidOf('hong'));
    });

    it('finds a new id after every login and every upgrade', async () => {
      const running = await start();
      const browser = browserFor(running);
      const sids = new Set<string>();
      const keep = async () => void sids.add((await sessionOf(running, browser)).sid);
      await signIn(browser);
      await keep();
      await signIn(browser, 'ming', '/orders/profile');
      await keep();
      await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
      await signIn(browser);
      await keep();

      expect(sids.size).toBe(3);
    });

    it('cannot do it with a second cookie of the same name', async () => {
      const running = await start();
      const [one, two] = [
        signInAs(running.app, { openid: 'oSomebody000000000000000001' }).cookie,
        signInAs(running.app, { openid: 'oSomebody000000000000000002' }).cookie,
      ];
      const name = one.split('=')[0]!;
      for (const cookie of [
        `${one}; ${two}`,
        `${one}; ${one}`,
        `${name}=; ${one}`,
        `${one}; ${name}=x`,
        `${one};${name}=`,
      ]) {
        expectNobody(await browserFor(running).fetch(`${SHOP}/orders`, { headers: { cookie } }));
        expectNobody(await browserFor(running).visit(`${SHOP}/orders`, { headers: { cookie } }));
      }
    });

    it('cannot plant a cookie from another host, because browsers take these from nobody else', async () => {
      const running = await start();
      const browser = browserFor(running);
      const begun = await browser.visit(`${SHOP}/orders`);
      const { redirectTo } = await stage.wechat.authorize(begun.headers.location!);
      const done = await browser.visit(redirectTo!);

      const lines = [...begun.setCookies, ...done.setCookies];
      expect(lines).toHaveLength(3);
      for (const line of lines) {
        expect(line).toMatch(
          /^__Host-wechat_(flow|session)_[0-9a-f]{8}(_[0-9a-f]{8})?=v1\.[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        );
        expect(line.length).toBeLessThan(4_096);
      }
    });

    it('gets no session out of whatever was sealed by another version of this package', async () => {
      const running = await start();
      const { cookie, bearer } = signInAs(running.app, { openid: 'oSomebody000000000000000001' });
      const name = cookie.split('=')[0]!;
      const sealer = running.app.get(Sealer, { strict: false });
      const session = JSON.parse(sealer.open('session', 'bearer', bearer.slice(7))!) as Session;
      const contents = [
        'null',
        '[]',
        '1',
        'no JSON',
        '',
        '{}',
        JSON.stringify({ ...session, identity: undefined }),
        JSON.stringify({ ...session, identity: null }),
        JSON.stringify({ ...session, identity: { ...session.identity, openid: undefined } }),
        JSON.stringify({ ...session, identity: { ...session.identity, scope: undefined } }),
        JSON.stringify({ ...session, expiresAt: undefined }),
        JSON.stringify({ ...session, expiresAt: now - 1 }),
        JSON.stringify({ ...session, expiresAt: String(now + 9e9) }),
        JSON.stringify({ ...session, sid: undefined }),
      ];

      for (const content of contents) {
        const inCookie = `${name}=${sealer.seal('session', name, content)}`;
        const inBearer = `Bearer ${sealer.seal('session', 'bearer', content)}`;
        for (const headers of [{ cookie: inCookie }, { authorization: inBearer }]) {
          const answer = await browserFor(running).fetch(`${SHOP}/orders`, { headers });
          expect([content, answer.status]).toEqual([content, 401]);
        }
      }
      expect(handled).toBe(0);
    });
  });

  describe('who uses a sealed value for something else', () => {
    it('gets nothing in any of the twelve ordered pairs', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser, '/orders/profile');
      const flow = await cookieOf(browser, 'wechat_flow');
      const visitor = browserFor(running);
      await signIn(visitor, 'hong', '/orders/profile');
      handled = 0;
      stage.wechat.clearCalls();
      const session = await cookieOf(visitor, 'wechat_session');
      const { token } = await running.app
        .get(WechatSessionService, { strict: false })
        .issue(undefined, (await sessionOf(running, visitor)).identity);
      const rowKey = `wechat:${official.appId}:token:${openidOf('hong')}`;
      const row = store.rows.get(rowKey)!;
      const values = { flow: flow.value, session: session.value, bearer: token, store: row };
      expect(Object.values(values).every((value) => value.startsWith('v1.'))).toBe(true);

      const client = browserFor(running);
      const places: Record<keyof typeof values, (value: string) => Promise<void>> = {
        flow: async (value) =>
          expectNobody(await client.visit(callback.href, { headers: { cookie: `${flow.name}=${value}` } })),
        session: async (value) =>
          expectNobody(
            await client.fetch(`${SHOP}/orders`, { headers: { cookie: `${session.name}=${value}` } }),
          ),
        bearer: async (value) =>
          expectNobody(
            await client.fetch(`${SHOP}/orders`, { headers: { authorization: `Bearer ${value}` } }),
          ),
        store: async (value) => {
          await store.set(rowKey, value, 60_000);
          const service = running.app.get(WechatOAuthService, { strict: false });
          await expect(service.getUser(openidOf('hong'))).rejects.toThrow(WechatTokenNotFoundError);
        },
      };
      let pairs = 0;
      for (const [from, value] of Object.entries(values)) {
        for (const [to, use] of Object.entries(places)) {
          if (from === to) continue;
          await use(value);
          pairs++;
        }
      }
      expect(pairs).toBe(12);
      expect(stage.wechat.calls).toEqual([]);

      // Each of them is good where it belongs.
      await store.set(rowKey, row, 60_000);
      const service = running.app.get(WechatOAuthService, { strict: false });
      expect(await service.getUser(openidOf('hong'))).toMatchObject({ openid: openidOf('hong') });
      expect(
        (await client.fetch(`${SHOP}/orders`, { headers: { authorization: `Bearer ${token}` } })).status,
      ).toBe(200);
      expect(
        (await client.fetch(`${SHOP}/orders`, { headers: { cookie: `${session.name}=${session.value}` } }))
          .status,
      ).toBe(200);
      expect((await browser.visit(callback.href)).headers.location).toBe(`${SHOP}/orders/profile#`);
    });

    it('gets nothing by changing any one character of a session cookie, a bearer token or a flow cookie', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser);
      const flow = await cookieOf(browser, 'wechat_flow');
      const { cookie, bearer } = signInAs(running.app, {
        app: 'official',
        openid: 'oSomebody000000000000000001',
      });
      const [name = '', value = ''] = cookie.split(/=(.*)/s);
      const token = bearer.slice(7);
      const sessions = running.app.get(SealedSessions, { strict: false });
      const flows = running.app.get(PendingLogins, { strict: false });
      const app = appOf(running);
      const state = callback.searchParams.get('state')!;
      const ways: [string, string, (changed: string) => unknown][] = [
        ['cookie', value, (changed) => sessions.fromCookies([{ name, value: changed }])[0]],
        ['bearer', token, (changed) => sessions.fromBearer(changed)],
        ['flow', flow.value, (changed) => flows.find(app, [{ name: flow.name, value: changed }], state)],
      ];

      for (const [what, text, open] of ways) {
        expect([what, open(text) !== undefined]).toEqual([what, true]);
        for (let at = 0; at < text.length; at++) {
          // Another character of the alphabet: one to six bits of one or two bytes.
          const other = text[at] === 'A' ? 'B' : 'A';
          const changed = text.slice(0, at) + other + text.slice(at + 1);
          if (open(changed) !== undefined) throw new Error(`${what} opened with position ${at} changed`);
        }
      }

      for (let at = 3; at < value.length; at += 31) {
        const changed = (text: string) =>
          text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
        expectNobody(
          await browser.fetch(`${SHOP}/orders`, { headers: { cookie: `${name}=${changed(value)}` } }),
        );
        expectNobody(
          await browser.fetch(`${SHOP}/orders`, { headers: { authorization: `Bearer ${changed(token)}` } }),
        );
        expectNobody(
          await browser.visit(callback.href, { headers: { cookie: `${flow.name}=${changed(flow.value)}` } }),
        );
      }
      expect(exchanges()).toBe(0);
    });
  });

  describe('who can write to the token store', () => {
    it('cannot hand one person the token or the session key of another', async () => {
      const running = await start();
      for (const user of ['ming', 'hong']) await signIn(browserFor(running), user, '/orders/profile');
      const service = running.app.get(WechatOAuthService, { strict: false });
      for (const user of ['ming', 'hong']) {
        await service.app('mini').getSessionKey(stage.wechat.loginCode({ appId: mini.appId, user }));
      }
      await store.swap(
        `wechat:${official.appId}:token:${openidOf('ming')}`,
        `wechat:${official.appId}:token:${openidOf('hong')}`,
      );
      await store.swap(
        `wechat:${mini.appId}:session-key:${openidOf('ming', mini.appId)}`,
        `wechat:${mini.appId}:session-key:${openidOf('hong', mini.appId)}`,
      );

      for (const user of ['ming', 'hong']) {
        await expect(service.getUser(openidOf(user))).rejects.toThrow(WechatTokenNotFoundError);
        await expect(
          service.app('mini').decryptMiniProgramUser({
            openid: openidOf(user, mini.appId),
            ...stage.wechat.encrypted({ appId: mini.appId, user }),
          }),
        ).rejects.toThrow(WechatTokenNotFoundError);
      }
    });

    it('cannot finish one person’s login with the result of another’s', async () => {
      const running = await start();
      const [victim, attacker] = [browserFor(running), browserFor(running)];
      const own = await untilCallback(victim, '/orders', 'ming');
      await attacker.visit((await untilCallback(attacker, '/orders', 'hong')).href);
      const rows = [...store.rows.keys()];
      const [claim, login] = [
        rows.find((key) => key.includes(':claim:'))!,
        rows.find((key) => key.includes(':login:'))!,
      ];
      const id = createHash('sha256').update(own.searchParams.get('state')!).digest('hex');
      await store.copy(claim, `wechat:${official.appId}:claim:${id}`);
      await store.copy(login, `wechat:${official.appId}:login:${id}`);

      const answer = await victim.visit(own.href);

      // The claim stands, so the code is not sent; what it led to cannot be read, so the victim is
      // asked again.
      expectNobody(answer);
      expect(answer.headers.location).toContain('/connect/oauth2/authorize');
      expect(exchanges()).toBe(1);
    });

    it('cannot bring back a session that was ended', async () => {
      const running = await start({ session: { revocable: true } });
      const [ended, other] = [browserFor(running), browserFor(running)];
      await signIn(ended, 'ming');
      await signIn(other, 'hong');
      const copy = browserFor(running);
      await copy.jar.setCookie(
        `${(await cookieOf(ended, 'wechat_session')).name}=${(await cookieOf(ended, 'wechat_session')).value}; Path=/; Secure`,
        SHOP,
      );
      await ended.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
      const key = (user: string) => `wechat:${official.appId}:ended:${openidOf(user)}`;
      expect((await copy.fetch(`${SHOP}/orders`)).status).toBe(401);

      // Entries that stand where they do not belong, are cut off or are gone: nothing of it brings
      // a session back.
      for (const entry of [
        store.rows.get(key('hong'))!,
        '{}',
        '{"mark":"","sids":{},"until":9e15}',
        'null',
        undefined,
      ]) {
        if (entry === undefined) store.rows.delete(key('ming'));
        else store.rows.set(key('ming'), entry);
        expect((await copy.fetch(`${SHOP}/orders`)).status).toBe(401);
      }
      expect((await other.fetch(`${SHOP}/orders`)).status).toBe(200);
    });

    it('cannot keep it from whoever bans somebody that the ban was not written', async () => {
      const running = await start({ session: { revocable: true } });
      const sessions = running.app.get(WechatSessionService, { strict: false });
      const person = { app: 'official', openid: openidOf('ming') };
      store.set = () => Promise.reject(new Error('ECONNREFUSED'));

      await expect(sessions.revoke(person)).rejects.toMatchObject({ status: 503 });
    });

    it('cannot put a session there, or anything else that is not JSON of ours', async () => {
      const running = await start();
      await signIn(browserFor(running), 'hong', '/orders/profile');
      const service = running.app.get(WechatOAuthService, { strict: false });
      const key = `wechat:${official.appId}:token:${openidOf('hong')}`;
      const clear = JSON.stringify({
        accessToken: 'x',
        expiresAt: now + 9e9,
        issuedAt: now,
        openid: openidOf('hong'),
        scope: [],
      });
      const sealer = running.app.get(Sealer, { strict: false });
      for (const value of [
        clear,
        '',
        'null',
        '{}',
        '__proto__',
        sealer.seal('store', key, 'no JSON'),
        sealer.seal('store', key, 'null'),
        sealer.seal('store', key, '{"openid":1}'),
      ]) {
        await store.set(key, value, 60_000);
        await expect(service.getUser(openidOf('hong'))).rejects.toThrow(WechatTokenNotFoundError);
      }
    });
  });

  describe('who wants people to land elsewhere', () => {
    /** One to a word, with escapes as in JSON. */
    const EVIL = String.raw`
      https://evil.example/ http://evil.example //evil.example ///evil.example ////evil.example //evil.example/%2f.. //evil.example:443/x
      /\\evil.example \\/evil.example \\\\evil.example /\\/evil.example \\evil.example /%5cevil.example /%2f%2fevil.example /%09/evil.example
      /\t/evil.example /\n/evil.example /\r\n/evil.example \t//evil.example \u0020//evil.example \u0000//evil.example \u0001//evil.example \u00a0//evil.example
      \u3000//evil.example \ufeff//evil.example //\u200bevil.example /\u2028/evil.example /\u0085/evil.example ht\ntps://evil.example
      https:evil.example https:/evil.example https:///evil.example https:\\\\evil.example HTTPS://EVIL.EXAMPLE hTtPs:evil.example http:evil.example
      https://shop.example.com@evil.example https://shop.example.com:pw@evil.example https://shop.example.com%40evil.example
      https://shop.example.com%2f@evil.example https://shop.example.com\\@evil.example https://evil.example\\@shop.example.com
      https://evil.example#@shop.example.com https://evil.example?@shop.example.com https://evil.example/@shop.example.com
      https://shop.example.com.evil.example https://evilshop.example.com https://shop.example.comevil https://shop-example.com https://example.com
      https://www.shop.example.com https://shop.example.com. https://shop.example.com:8443 https://shop.example.com:80 http://shop.example.com
      https://user:pw@shop.example.com/ https://user@shop.example.com/ https://@shop.example.com:444/
      https://[::1]/ https://127.0.0.1/ https://0/ https://2130706433/ https://localhost/ https://[::ffff:127.0.0.1]/
      https://\uff45vil.example https://evil\u3002example https://\uff0fevil.example https://shop.example.com\uff0fevil.example
      https://sh\u043ep.example.com https://shop.example\u2024com.evil.example https://\u00df.example https://shop.example.com\u00ad.evil.example
      javascript:alert(1) JaVaScRiPt:alert(1) java\nscript:alert(1) \u0001javascript:alert(1) javascript://shop.example.com/%0aalert(1)
      javascript:https://shop.example.com data:text/html,<script>x</script> data:https://shop.example.com vbscript:x file:///etc/passwd
      ftp://shop.example.com/ ws://shop.example.com wss://shop.example.com/ blob:https://shop.example.com/1 filesystem:https://shop.example.com/x
      about:blank weixin://x intent://shop.example.com#Intent;end view-source:https://shop.example.com/ tel:1 mailto:a@shop.example.com
      https:// https: : // /// ? # @evil.example .evil.example ;//evil.example .//evil.example ..//evil.example /..//evil.example /.//evil.example
      /a/..//evil.example /%2e%2e//evil.example /.%2f/evil.example https://shop.example.com/%0d%0aLocation:https://evil.example
      /x\r\nSet-Cookie:a=b /%E5%98%8A%E5%98%8Dx /?next=//evil.example /redirect?to=https://evil.example https://shop.example.com//evil.example
      [object null undefined __proto__ constructor \u8336 /\u8336/\u8ba2\u5355?\u8336=1
    `
      .trim()
      .split(/\s+/)
      .map((word) => JSON.parse(`"${word}"`) as string)
      .concat(
        '',
        ' ',
        `/${'茶'.repeat(400)}`,
        `/${'x'.repeat(1_023)}`,
        `/${'x'.repeat(1_024)}`,
        'x'.repeat(5_000),
      );

    it('finds no address outside that a login, or somebody signed in, or a logout is sent to', async () => {
      const running = await start();
      const signedIn = browserFor(running);
      await signIn(signedIn);

      for (const returnTo of EVIL) {
        const query = `returnTo=${encodeURIComponent(returnTo)}`;
        const begun = await browserFor(running).visit(`${SHOP}/wechat/login?${query}`);
        expect([returnTo, begun.status]).toEqual([returnTo, 302]);
        for (const line of begun.setCookies) expect(line.length).toBeLessThan(4_096);
        const callback = new URL(redirectUriOf(begun));
        expect([returnTo, callback.origin, callback.pathname]).toEqual([returnTo, SHOP, '/wechat/login']);
        // Left out where the header has no room for it beside the cookie.
        expectInside(returnTo, callback.searchParams.get('returnTo') ?? `${SHOP}/`);

        const sent = await signedIn.visit(`${SHOP}/wechat/login?${query}`);
        expect([returnTo, sent.status]).toEqual([returnTo, 302]);
        expectInside(returnTo, sent.headers.location!);

        const out = await browserFor(running).visit(`${SHOP}/wechat/logout?${query}`, {
          method: 'POST',
          headers: { origin: SHOP },
        });
        expect([returnTo, out.status]).toEqual([returnTo, 303]);
        expectInside(returnTo, out.headers.location!);
      }
    });

    it.each([
      '//evil.example',
      '/\\evil.example',
      'https:evil.example',
      'https://shop.example.com@evil.example',
      '/.//evil.example',
      'javascript:alert(1)',
      `/${'茶'.repeat(400)}`,
    ])('finds none at the end of a whole login either (%#)', async (returnTo) => {
      const running = await start();
      const browser = browserFor(running);
      const answers = await browser.follow(`${SHOP}/wechat/login?returnTo=${encodeURIComponent(returnTo)}`);

      expectInside(
        returnTo,
        answers.findLast(({ headers }) => headers.location !== undefined)!.headers.location!,
      );
      expect(await whoIs(browser)).toBe(openidOf('ming'));
    });

    it('finds none where further origins are allowed and the public address has a path', async () => {
      const running = await start({
        publicUrl: `${SHOP}/app`,
        returnTo: { origins: ['https://admin.example.com', 'https://m.example.com:8443'], default: '/home' },
      });
      const allowed = new Set([SHOP, 'https://admin.example.com', 'https://m.example.com:8443']);
      const near = [
        'https://admin.example.com.evil.example',
        'https://admin.example.com@evil.example',
        'https://xadmin.example.com',
        'https://admin.example.com:8443/',
        'http://admin.example.com/',
        'https://m.example.com/',
        'https://m.example.com:84430/',
        'https://admin.example.com%2eevil.example',
        '//admin.example.com@evil.example',
        'https://user@admin.example.com/',
      ];
      for (const returnTo of [...EVIL, ...near]) {
        const begun = await browserFor(running).visit(
          `${SHOP}/wechat/login?returnTo=${encodeURIComponent(returnTo)}`,
        );
        const callback = new URL(redirectUriOf(begun));
        expect([returnTo, callback.origin, callback.pathname]).toEqual([returnTo, SHOP, '/app/wechat/login']);
        const target = new URL(callback.searchParams.get('returnTo')!);
        expect([returnTo, allowed.has(target.origin), target.username, target.password]).toEqual([
          returnTo,
          true,
          '',
          '',
        ]);
        if (near.includes(returnTo)) expect([returnTo, target.href]).toEqual([returnTo, `${SHOP}/app/home`]);
      }
      // The ones that are allowed work.
      for (const returnTo of [
        'https://admin.example.com/x?y#z',
        '//admin.example.com/x',
        'https://m.example.com:8443/a',
      ]) {
        const begun = await browserFor(running).visit(
          `${SHOP}/wechat/login?returnTo=${encodeURIComponent(returnTo)}`,
        );
        expect(new URL(redirectUriOf(begun)).searchParams.get('returnTo')).toBe(new URL(returnTo, SHOP).href);
      }
    });

    it('cannot change the address on the way back from WeChat', async () => {
      const running = await start();
      const browser = browserFor(running);
      const callback = await untilCallback(browser, '/wechat/login?returnTo=%2Forders');
      const tampered = new URL(callback);
      tampered.searchParams.set('returnTo', 'https://evil.example/');
      expect((await browser.visit(tampered.href)).headers.location).toBe(`${SHOP}/orders#`);

      const other = browserFor(running);
      const lost = await untilCallback(other, '/wechat/login?returnTo=%2Forders');
      lost.searchParams.set('returnTo', '//evil.example');
      await other.jar.removeAllCookies();
      const again = await other.visit(lost.href);
      expect(new URL(redirectUriOf(again)).searchParams.get('returnTo')).toBe(`${SHOP}/`);
    });

    it('cannot have an address of the login handler’s believed that is on no allowed origin', async () => {
      const running = await start();
      for (const redirectTo of [
        'https://evil.example/',
        '//evil.example',
        'javascript:alert(1)',
        '/\\evil.example',
      ]) {
        onLogin = () => ({ redirectTo });
        const browser = browserFor(running);
        const answer = await browser.visit((await untilCallback(browser)).href);
        expect([redirectTo, answer.status, answer.headers.location]).toEqual([redirectTo, 502, undefined]);
        expect(answer.setCookies).toEqual([]);
      }
    });

    it('cannot make a flow’s cookie too big for a browser by the length of an address', async () => {
      const running = await start();
      for (const path of [
        `/orders?${'q'.repeat(4_000)}`,
        // Fastify takes a hundred characters for a parameter at most.
        `/orders/deep${`/${'x'.repeat(100)}`.repeat(14)}`,
        `/wechat/login?returnTo=/${'%E8%8C%B6'.repeat(1_000)}`,
      ]) {
        const answer = await browserFor(running).visit(SHOP + path);
        expect([path.slice(0, 20), answer.status]).toEqual([path.slice(0, 20), 302]);
        expect(answer.setCookies.map((line) => line.length < 3_500)).toEqual([true]);
        expect(answer.headers.location!.length + answer.setCookies[0]!.length).toBeLessThan(4_000);
      }
    });

    function expectInside(returnTo: string, location: string): void {
      expect([returnTo, URL.canParse(location)]).toEqual([returnTo, true]);
      const { origin, username, password } = new URL(location);
      expect([returnTo, origin, username, password, location.startsWith(`${SHOP}/`)]).toEqual([
        returnTo,
        SHOP,
        '',
        '',
        true,
      ]);
      expect(location).toMatch(/^[\x21-\x7e]+$/);
      expect(location.length).toBeLessThan(4_000);
    }
  });

  describe('who writes the request line and the headers by hand', () => {
    const POISON = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '8080',
      'x-forwarded-prefix': '//evil.example',
      'x-forwarded-server': 'evil.example',
      'x-original-host': 'evil.example',
      'x-host': 'evil.example',
      'x-http-host-override': 'evil.example',
      forwarded: 'for=1.2.3.4;host=evil.example;proto=http',
      'x-original-url': '/evil.example',
      'x-rewrite-url': '/evil.example',
      referer: 'https://evil.example/',
      origin: 'https://evil.example',
    };

    it('changes nothing of what a login is sent to, or of its cookies, one header at a time or all at once', async () => {
      const running = await start();
      for (const headers of [...Object.entries(POISON).map(([name, value]) => ({ [name]: value })), POISON]) {
        const answer = await browserFor(running).visit(`${SHOP}/orders?a=1`, { headers });
        expect([headers, redirectUriOf(answer)]).toEqual([headers, `${SHOP}/orders`]);
        expect(answer.setCookies.join('\n')).toMatch(
          /^__Host-wechat_flow_\w+=v1\.[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        );
        expect(JSON.stringify(answer.headers)).not.toContain('evil');
        const denied = await browserFor(running).fetch(`${SHOP}/orders`, { headers });
        expect([headers, denied.status]).toEqual([headers, 401]);
        expect(denied.body).not.toContain('evil');
      }
      expect(handled).toBe(0);
    });

    it.each([
      'http://evil.example/orders',
      'https://evil.example:1/orders?x=1',
      'http://shop.example.com@evil.example/orders',
      'http:///orders',
      'HTTP://evil.example/orders',
      'evil.example/orders',
      'javascript:/orders',
      '*',
    ])('is not believed about the host of an absolute request line (%s)', async (target) => {
      const running = await start();
      const answer = await browserFor(running).visit(SHOP, { target });
      if (answer.status === 302) {
        expect(new URL(redirectUriOf(answer)).origin).toBe(SHOP);
        expect(answer.headers.location).not.toContain('evil');
      } else {
        expect([400, 404]).toContain(answer.status);
      }
      expect(handled).toBe(0);
    });

    it('runs no guarded handler by any spelling of its path or any method', async () => {
      const running = await start();
      const paths = [
        '/orders',
        '/orders/',
        '//orders',
        '///orders',
        '/orders//',
        '/./orders',
        '/x/../orders',
        '/%6frders',
        '/%6Frders',
        '/orders%2f',
        '/orders%2F',
        '/orders%00',
        '/orders%20',
        '/orders;a=b',
        '/orders.json',
        '/ORDERS',
        '/Orders',
        '/orders?',
        '/orders?x',
        '/orders#x',
        '/orders?openid=x&user=y',
        '/orders/profile',
        '/orders/profile/',
        '/orders//profile',
        '/orders/%70rofile',
        '/orders/./profile',
        '/orders\\profile',
        '/orders/profile?code=x&state=y',
        '/orders/%2e%2e/orders',
      ];
      for (const target of paths) {
        for (const method of ['GET', 'HEAD', 'OPTIONS', ...WRITES, 'PROPFIND', 'TRACE', 'SEARCH']) {
          const answer = await browserFor(running).visit(SHOP, { target, method });
          expect([target, method, [200, 204].includes(answer.status) && method !== 'OPTIONS']).toEqual([
            target,
            method,
            false,
          ]);
          // A redirect is for pages only, which nothing but GET asks for.
          if (method !== 'GET')
            expect([target, method, answer.headers.location]).toEqual([target, method, undefined]);
        }
        await browserFor(running).fetch(SHOP, { target });
      }
      expect(handled).toBe(0);
    });

    it('cannot switch the method behind the guard’s back', async () => {
      const running = await start();
      const { cookie } = signInAs(running.app, { openid: 'oSomebody000000000000000001' });
      for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
        const answer = await browserFor(running).fetch(`${SHOP}/orders?_method=GET`, {
          method: 'POST',
          headers: { cookie, origin: 'https://evil.example', [name]: 'GET' },
        });
        expect([name, answer.status]).toEqual([name, 401]);
      }
      expect(handled).toBe(0);
    });

    it('gets an answer and no crash at a route of an app that has no pages', async () => {
      const { mini: miniApp, official: officialApp } = ALL_APPS!;
      const running = await start({
        publicUrl: undefined,
        apps: { official: { ...officialApp!, publicUrl: SHOP }, mini: miniApp! },
      });
      const { searchParams } = await untilCallback(browserFor(running), '/orders/official');

      for (const path of ['/orders/mini', '/orders/website']) {
        for (const query of ['', `?${searchParams}`]) {
          const answer = await browserFor(running).visit(`${SHOP}${path}${query}`);
          expect([path, query !== '', answer.status]).toEqual([path, query !== '', 401]);
        }
      }
      expect(exchanges()).toBe(0);
      expect(handled).toBe(0);
    });
  });

  describe('who makes a signed-in browser write', () => {
    it.each<[string, Record<string, string>]>([
      ['another site', { origin: 'https://evil.example' }],
      ['a sibling subdomain', { origin: 'https://blog.example.com' }],
      ['a parent domain', { origin: 'https://example.com' }],
      ['a subdomain', { origin: 'https://x.shop.example.com' }],
      ['another port', { origin: 'https://shop.example.com:8443' }],
      ['another scheme', { origin: 'http://shop.example.com' }],
      ['an opaque origin', { origin: 'null' }],
      ['an empty origin', { origin: '' }],
      ['a lookalike', { origin: 'https://shop.example.com.evil.example' }],
      ['two origins', { origin: 'https://shop.example.com, https://evil.example' }],
      ['an origin with a path', { origin: 'https://shop.example.com/' }],
      ['an origin in capitals', { origin: 'https://SHOP.EXAMPLE.COM' }],
      ['no origin, from another site', { 'sec-fetch-site': 'cross-site' }],
      ['no origin, from a sibling', { 'sec-fetch-site': 'same-site' }],
      ['no origin, from who knows', { 'sec-fetch-site': 'something-new' }],
      [
        'another site that claims to be the same',
        { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      ],
      ['another site with our referrer', { origin: 'https://evil.example', referer: `${SHOP}/orders` }],
    ])('from %s gets 401 for every method, and a logout is no exception', async (_from, headers) => {
      const running = await start();
      const browser = browserFor(running);
      await signIn(browser);
      handled = 0;

      for (const method of WRITES) {
        const answer = await browser.fetch(`${SHOP}/orders`, { method, headers });
        expect([method, answer.status]).toEqual([method, 401]);
        expect(answer.headers.location).toBeUndefined();
      }
      const form = await browser.visit(`${SHOP}/orders`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'text/plain' },
        body: 'a=b',
      });
      expect([401, 415]).toContain(form.status);
      const logout = await browser.visit(`${SHOP}/wechat/logout`, { method: 'POST', headers });
      expect([logout.status, logout.setCookies]).toEqual([403, []]);
      expect(handled).toBe(0);
      expect(await whoIs(browser)).toBe(openidOf('ming'));
    });

    it.each<[string, Record<string, string>]>([
      ['its own page', { origin: SHOP }],
      ['its own page, by another header', { 'sec-fetch-site': 'same-origin' }],
      ['a program', {}],
    ])('is not confused with %s', async (_from, headers) => {
      const running = await start();
      const browser = browserFor(running);
      await signIn(browser);

      for (const method of WRITES) {
        expect([method, (await browser.fetch(`${SHOP}/orders`, { method, headers })).status]).toEqual([
          method,
          200,
        ]);
      }
    });

    it('needs no origin with a bearer token, which no other site can send', async () => {
      const running = await start();
      const { bearer } = signInAs(running.app, { openid: 'oSomebody000000000000000001' });

      const answer = await browserFor(running).fetch(`${SHOP}/orders`, {
        method: 'POST',
        headers: { authorization: bearer, origin: 'https://evil.example' },
      });

      expect(answer.json()).toMatchObject({ openid: 'oSomebody000000000000000001' });
    });
  });

  describe('between two apps', () => {
    const APPS: WechatOAuthModuleOptions['apps'] = { ...ALL_APPS, club: CLUB };

    it('cannot swap the codes of two flows of one browser', async () => {
      const running = await start({ apps: APPS });
      const browser = browserFor(running);
      const atOfficial = await untilCallback(browser, '/orders/official');
      const atClub = await untilCallback(browser, '/orders/club');
      const [codeOfOfficial, codeOfClub] = [
        atOfficial.searchParams.get('code')!,
        atClub.searchParams.get('code')!,
      ];
      atOfficial.searchParams.set('code', codeOfClub);
      atClub.searchParams.set('code', codeOfOfficial);

      for (const swapped of [atOfficial, atClub]) expectNobody(await browser.visit(swapped.href));

      // Each code went out once, under the appid and the secret of the app whose state it came
      // with.
      expect(
        stage.wechat.callsTo(EXCHANGE).map(({ query }) => [query['appid'], query['secret'], query['code']]),
      ).toEqual([
        [official.appId, official.secret, codeOfClub],
        [CLUB.appId, CLUB.secret, codeOfOfficial],
      ]);
    });

    it('cannot finish a flow at a route of the other app', async () => {
      const running = await start({ apps: APPS });
      const browser = browserFor(running);
      const { search } = await untilCallback(browser, '/orders/official');

      expectNobody(await browser.visit(`${SHOP}/orders/club${search}`));

      expect(exchanges()).toBe(0);
    });

    it('cannot rename a cookie, or a flow, of one app to the other’s', async () => {
      const running = await start({ apps: APPS });
      const browser = browserFor(running);
      await signIn(browser, 'ming', '/orders/official');
      const { value } = await cookieOf(browser, 'wechat_session');
      const { cookie } = signInAs(running.app, { app: 'club', openid: 'oSomebody000000000000000001' });
      const name = cookie.split('=')[0]!;

      const answer = await browserFor(running).fetch(`${SHOP}/orders/club`, {
        headers: { cookie: `${name}=${value}` },
      });

      expectNobody(answer);
    });

    it.each([
      ['official', 'club'],
      ['club', 'official'],
      ['official', 'website'],
      ['mini', 'official'],
    ])('finds that a login at %s is none at %s, by cookie and by token', async (at, other) => {
      const running = await start({ apps: APPS });
      const { cookie, bearer } = signInAs(running.app, { app: at, openid: 'oSomebody000000000000000001' });
      const statusOf = async (name: string, headers: OutgoingHttpHeaders) =>
        (await browserFor(running).fetch(`${SHOP}/orders/${name}`, { headers })).status;

      for (const headers of [{ cookie }, { authorization: bearer }]) {
        expect([await statusOf(at, headers), await statusOf(other, headers)]).toEqual([200, 401]);
      }
    });

    it('gets nothing from sessions whose app’s name was given to another app id', async () => {
      const before = await start({ apps: { official: ALL_APPS!['official']! } });
      const { cookie, bearer } = signInAs(before.app, { openid: 'oSomebody000000000000000001' });
      const after = await start({ apps: { official: CLUB } });
      const name = signInAs(after.app, { openid: 'oSomebody000000000000000001' }).cookie.split('=')[0]!;
      const renamed = `${name}=${cookie.split(/=(.*)/s)[1]}`;

      for (const headers of [{ cookie }, { cookie: renamed }, { authorization: bearer }]) {
        expectNobody(await browserFor(after).fetch(`${SHOP}/orders`, { headers }));
      }
    });

    it('keeps an official and a QR login of one browser apart', async () => {
      const running = await start({ apps: APPS });
      const browser = browserFor(running);
      const inWechat = await untilCallback(browser, '/orders/official', 'ming');
      browser.userAgent = AGENTS.desktop;
      const byCode = await untilCallback(browser, '/orders/website', 'hong');
      expect(await cookiesOf(browser, 'wechat_flow')).toHaveLength(2);

      await browser.visit(byCode.href);
      await browser.visit(inWechat.href);

      const userAt = async (path: string) =>
        (await browser.fetch(`${SHOP}/orders/${path}`)).json<{ user: WechatIdentity }>().user;
      expect(await userAt('official')).toMatchObject({ app: 'official', openid: openidOf('ming') });
      expect(await userAt('website')).toMatchObject({
        app: 'website',
        openid: openidOf('hong', website.appId),
      });
      expect(await cookiesOf(browser, 'wechat_session')).toHaveLength(2);
    });
  });

  it('is nobody, whatever identity the body, the query or a header names', async () => {
    const running = await start();
    const claims = `openid=${openidOf('hong')}&user=hong&app=official&unionid=u`;
    const headers = {
      'content-type': 'application/json',
      'x-openid': openidOf('hong'),
      'x-wx-openid': openidOf('hong'),
      'x-wechat-openid': openidOf('hong'),
      'x-user': openidOf('hong'),
      authorization: `Bearer ${openidOf('hong')}`,
    };
    const body = JSON.stringify({
      openid: openidOf('hong'),
      user: { openid: openidOf('hong') },
      identity: {},
    });
    const ask = (browser: Browser) =>
      browser.fetch(`${SHOP}/orders?${claims}`, { method: 'POST', headers, body });

    expectNobody(await ask(browserFor(running)));
    const browser = browserFor(running);
    await signIn(browser, 'ming');

    expect((await ask(browser)).json()).toMatchObject({ openid: openidOf('ming') });
  });

  it('is answered without a word about secrets', async () => {
    const running = await start();
    const browser = browserFor(running);
    const callback = await untilCallback(browser);
    const { value } = await cookieOf(browser, 'wechat_flow');
    const answers = [
      await browserFor(running).visit(callback.href),
      await browserFor(running).fetch(`${SHOP}/orders`, { headers: { authorization: `Bearer ${value}` } }),
      await browser.visit(`${callback.href}&code=again`),
      await browser.visit(callback.href),
    ];
    const text = JSON.stringify(
      answers.map(({ status, headers, body }) => [status, { ...headers, 'set-cookie': '' }, body]),
    );
    const secrets = [
      SESSION_SECRET,
      official.secret,
      website.secret,
      callback.searchParams.get('code')!,
      value,
    ];
    expect(secrets.filter((secret) => text.includes(secret) || running.logs.text.includes(secret))).toEqual(
      [],
    );
  });
});
