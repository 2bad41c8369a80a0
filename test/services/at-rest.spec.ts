// What lies in a real store after people have signed in by every door: whose entry it is can be
// read there, and nothing else.
import type { HttpService } from '@nestjs/axios';
import type { Type } from '@nestjs/common';
import {
  WECHAT_HTTP_SERVICE,
  WechatAuthController,
  type WechatOAuthModuleOptions,
  WechatOAuthService,
  WechatSessionService,
} from '../../lib/index.js';
import { Sealer } from '../../lib/sealing/sealer.js';
import { WechatSecret } from '../../lib/sealing/secret.js';
import type { OpenTokenStore } from '../../lib/testing/token-store-contract/harness.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  MOCK_APPS,
  PLATFORMS,
  type Running,
  SESSION_SECRET,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';
import { requireServer } from './servers.js';
import { openStore, REAL_STORES, type SharedStore } from './shared-stores.js';
import { findIn } from './spellings.js';

for (const name of ['redis', 'mariadb', 'postgres'] as const) await requireServer(name);

describe('The search', () => {
  const secret = 'aB3+/==小明';
  const forms: [string, string][] = [
    ['in clear', secret],
    ['as JSON', JSON.stringify({ secret })],
    ['URL-encoded', encodeURIComponent(secret)],
    ['as hexadecimal', Buffer.from(secret).toString('hex')],
    ...[0, 1, 2].map((before): [string, string] => [
      'as base64',
      Buffer.from(`${'-'.repeat(before)}${secret}, and so on`).toString('base64'),
    ]),
    ['as base64url', Buffer.from(`?${secret}`).toString('base64url')],
    ['as hexadecimal base64', Buffer.from(Buffer.from(secret).toString('base64')).toString('hex')],
  ];

  it.each(forms)('finds a secret %s', (_, text) => {
    expect(findIn(`before${text}after`, new Map([[secret, 'it']]))).not.toEqual([]);
    expect(findIn(`before${text}after`, new Map([['another secret', 'it']]))).toEqual([]);
  });
});

const [official, website, mini, mobile] = MOCK_APPS;
const NEW_SECRET = 'new-session-secret-canary-0123456789abcdef';
const REFRESH = '/sns/oauth2/refresh_token';
const sealerOf = (...secrets: string[]) => new Sealer(secrets.map((secret) => new WechatSecret(secret)));

describe.each(REAL_STORES)('What lies in %s', (_, create) => {
  let store: SharedStore;
  let wechat: WechatMockServer;
  let open: (() => unknown)[] = [];
  /** Everything that must not be read in a dump, and what it is. */
  let secrets: Map<string, string>;

  beforeAll(async () => {
    store = await create();
  });

  beforeEach(async () => {
    wechat = await startWechat({ unsure: { rotateRefreshToken: true } });
    secrets = new Map(MOCK_APPS.map(({ secret, type }) => [secret, `the app secret of the ${type}`]));
    secrets.set(SESSION_SECRET, 'the session secret').set(NEW_SECRET, 'the new session secret');
  });

  afterEach(async () => {
    for (const close of open.reverse()) await close();
    open = [];
    await wechat.close();
    await store.empty();
  });

  afterAll(() => store.remove());

  async function start(
    options: Partial<WechatOAuthModuleOptions> = {},
    controllers: Type[] = [OrdersController, WechatAuthController],
  ): Promise<Running> {
    const opened: OpenTokenStore = await openStore(store.place);
    open.push(() => opened.close?.());
    const running = await startApplication({
      wechat,
      adapter: PLATFORMS[0]![1],
      controllers,
      options: { apps: ALL_APPS, session: { revocable: true }, ...options },
      extras: { tokenStore: { useValue: opened.store } },
    });
    open.push(() => running.app.close());
    listen(running);
    return running;
  }

  /** Notes all that goes to WeChat and comes from there. */
  function listen({ app }: Running): void {
    const note = (name: string, value: unknown) => {
      if (typeof value === 'string' && value.length > 5) secrets.set(value, name);
    };
    app.get<HttpService>(WECHAT_HTTP_SERVICE).axiosRef.interceptors.response.use((response) => {
      for (const [name, value] of new URL(response.config.url!).searchParams) {
        if (/code$|secret|_token$/.test(name)) note(name, value);
      }
      const answer = JSON.parse(Buffer.from(response.data as ArrayBuffer).toString()) as object;
      for (const [name, value] of Object.entries(answer)) {
        if (/_token$|session_key|unionid|headimgurl/.test(name)) note(name, value);
      }
      return response;
    });
  }

  async function keepCookies(browser: Browser, whose: string): Promise<void> {
    for (const { key, value } of await browser.jar.getCookies(SHOP)) {
      if (value.length > 5) secrets.set(value, `${whose}'s cookie ${key}`);
    }
  }

  async function signIn(running: Running, user: string, path = 'orders', agent = AGENTS.wechat) {
    const browser = new Browser(agent).route(SHOP, running.port);
    wechat.autoConsent = user;
    const answers = await browser.follow(`${SHOP}/${path}`);
    expect(answers.at(-1)!.status).toBe(200);
    for (const { headers } of answers) {
      const { searchParams } = new URL(headers.location ?? SHOP);
      if (searchParams.has('state')) secrets.set(searchParams.get('state')!, 'a state');
      if (searchParams.has('code')) secrets.set(searchParams.get('code')!, 'a code');
    }
    await keepCookies(browser, user);
    return browser;
  }

  async function sessionBy(running: Running, app: string, code: string): Promise<void> {
    const answer = await new Browser().route(SHOP, running.port).fetch(`${SHOP}/wechat/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ app, code }),
    });
    expect(answer.status).toBe(200);
    secrets.set(answer.json<{ token: string }>().token, 'a bearer token');
  }

  const openidOf = (user: string, { appId }: { appId: string } = official) => wechat.openidOf(appId, user);
  const keyOf = (kind: string, user: string, app: { appId: string } = official) =>
    `wechat:${app.appId}:${kind}:${openidOf(user, app)}`;
  const valueOf = async (key: string) => (await store.entries()).get(key)!.value;
  const serviceOf = ({ app }: Running) => app.get(WechatOAuthService);
  /** The outcome of a call, in one word. */
  const outcomeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'answered',
      (error: Error) => error.constructor.name,
    );

  it('is nothing that could be read, after a full run', async () => {
    const running = await start();
    const service = serviceOf(running);
    const dumps: string[] = [];
    const dump = async () => void dumps.push(await store.dump());

    const ming = await signIn(running, 'ming');
    await dump();
    wechat.autoConsent = 'ming';
    await ming.follow(`${SHOP}/orders/profile`);
    await keepCookies(ming, 'ming');
    await signIn(running, 'hong', 'orders/profile');
    await signIn(running, 'ming', 'orders', AGENTS.desktop);
    await dump();
    for (const [app, { appId }] of Object.entries({ mini, mobile })) {
      await sessionBy(running, app, wechat.loginCode({ appId, user: 'ming' }));
    }
    // A second wx.login, so that there is a key before this one.
    await sessionBy(running, 'mini', wechat.loginCode({ appId: mini.appId, user: 'ming' }));
    const profile = await service.app('mini').decryptMiniProgramUser({
      openid: openidOf('ming', mini),
      ...wechat.encrypted({ appId: mini.appId, user: 'ming' }),
    });
    expect(profile).toMatchObject({ nickName: wechat.user('ming').nickname });
    await dump();
    wechat.expireTokens('ming');
    wechat.inject(REFRESH, { delayMs: 300 });
    const user = service.app('official').getUser(openidOf('ming'));
    await wechat.waitForCalls(REFRESH);
    // While somebody has a lease.
    await dump();
    expect((await user).nickname).toBe(wechat.user('ming').nickname);
    await dump();
    await ming.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
    await running.app.get(WechatSessionService).revoke({ app: 'official', openid: openidOf('hong') });
    await dump();

    const ended = JSON.parse(await valueOf(keyOf('ended', 'ming'))) as { mark: string; sids: object };
    expect(Object.keys(ended)).toEqual(['mark', 'sids', 'until']);
    // At the upgrade and at the logout.
    expect(Object.keys(ended.sids)).toHaveLength(2);
    for (const { nickname } of wechat.users) secrets.set(nickname, 'a nickname');
    // What has been looked for is what there was.
    const kinds = new Set(secrets.values());
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'secret',
        'code',
        'js_code',
        'access_token',
        'refresh_token',
        'session_key',
        'unionid',
        'a state',
        'a bearer token',
        'the session secret',
      ]),
    );
    expect(secrets.size).toBeGreaterThan(40);
    expect(findIn(dumps.join('\n'), secrets)).toEqual([]);
  });

  it('shows by its key whose it is, and of what kind', async () => {
    const running = await start();
    const ming = await signIn(running, 'ming', 'orders/profile');
    await signIn(running, 'ming', 'orders', AGENTS.desktop);
    await sessionBy(running, 'mini', wechat.loginCode({ appId: mini.appId, user: 'ming' }));
    await sessionBy(running, 'mobile', wechat.loginCode({ appId: mobile.appId, user: 'ming' }));
    await ming.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
    wechat.expireTokens('ming');
    wechat.inject(REFRESH, { delayMs: 300 });
    const user = serviceOf(running).app('official').getUser(openidOf('ming'));
    await wechat.waitForCalls(REFRESH);
    const entries = await store.entries();
    await user;

    const ofPeople = [...entries.keys()].filter((key) => !/:(claim|code|login):/.test(key));
    expect(ofPeople.toSorted()).toEqual(
      [
        keyOf('token', 'ming'),
        keyOf('token', 'ming', website),
        keyOf('token', 'ming', mobile),
        keyOf('session-key', 'ming', mini),
        keyOf('ended', 'ming'),
        keyOf('ended', 'ming', website),
        keyOf('ended', 'ming', mini),
        keyOf('ended', 'ming', mobile),
        keyOf('lease', 'ming'),
      ].toSorted(),
    );
    const ofFlows = [...entries.keys()].filter((key) => /:(claim|login):/.test(key));
    expect(ofFlows).toHaveLength(4);
    for (const key of ofFlows) expect(key).toMatch(/^wechat:wx[a-z0-9]+:(claim|login):[0-9a-f]{64}$/);
    for (const [key, { value }] of entries) {
      const shape = key.includes(':lease:') ? /^[0-9a-f]{32}$/ : /^v1\.[\w-]+$/;
      expect(value).toMatch(key.includes(':ended:') ? /^\{"mark":"[\w-]{11}","sids":/ : shape);
    }
    // Given back by a write that nobody waits for; a lease that stays lets the test run out of its
    // time.
    while ((await store.entries()).has(keyOf('lease', 'ming'))) await new Promise(setImmediate);
  });

  it('could be read without a sessionSecret, which this search would find', async () => {
    const running = await start({ sessionSecret: undefined } as Partial<WechatOAuthModuleOptions>, []);
    const service = serviceOf(running).app('official');
    const { redirectTo } = await wechat.authorize(service.getAuthorizeURL(SHOP, 'state', 'snsapi_userinfo'));
    await service.getAccessToken(new URL(redirectTo!).searchParams.get('code')!);
    await serviceOf(running)
      .app('mini')
      .getSessionKey(wechat.loginCode({ appId: mini.appId, user: 'ming' }));

    const found = findIn(await store.dump(), secrets);

    expect(found).toEqual(
      expect.arrayContaining(['access_token, in clear', 'refresh_token, in clear', 'session_key, in clear']),
    );
    // Not even then.
    expect(found.filter((what) => /^(secret|code|js_code|the )/.test(what))).toEqual([]);
  });

  it('does not open in the place of somebody else', async () => {
    const running = await start();
    const service = serviceOf(running).app('official');
    const ming = await signIn(running, 'ming', 'orders/profile');
    await signIn(running, 'hong', 'orders/profile');
    const others = [await signIn(running, 'ming'), await signIn(running, 'hong')] as const;
    // Of both there is a list of ended sessions: one of Ming's, all of Hong's.
    await ming.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
    await running.app.get(WechatSessionService).revoke({ app: 'official', openid: openidOf('hong') });
    const statuses = () =>
      Promise.all(others.map(async (browser) => (await browser.fetch(`${SHOP}/orders`)).status));
    expect(await statuses()).toEqual([200, 401]);
    expect(await outcomeOf(service.getUser(openidOf('ming')))).toBe('answered');

    const before = await store.entries();
    for (const kind of ['token', 'ended']) {
      await store.tamper(keyOf(kind, 'ming'), before.get(keyOf(kind, 'hong'))!.value);
      await store.tamper(keyOf(kind, 'hong'), before.get(keyOf(kind, 'ming'))!.value);
    }

    for (const user of ['ming', 'hong']) {
      expect(await outcomeOf(service.getUser(openidOf(user)))).toBe('WechatTokenNotFoundError');
    }
    // Of the marks none brings a session back, wherever it is put.
    expect(await statuses()).toEqual([401, 401]);
    const warnings = running.logs.lines.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ text }) => text)).toEqual([expect.stringContaining('cannot be opened')]);
    // What anybody could write there is nothing either.
    await store.tamper(
      keyOf('token', 'ming'),
      JSON.stringify({ accessToken: 'x', openid: openidOf('ming') }),
    );
    expect(await outcomeOf(service.getUser(openidOf('ming')))).toBe('WechatTokenNotFoundError');
    // And each is as good as before in its own place.
    await store.tamper(keyOf('token', 'ming'), before.get(keyOf('token', 'ming'))!.value);
    expect(await outcomeOf(service.getUser(openidOf('ming')))).toBe('answered');
  });

  it('is sealed anew by the next write after the secret was changed, and can be read until then', async () => {
    const before = await start();
    await signIn(before, 'ming', 'orders/profile');
    await signIn(before, 'hong', 'orders/profile');
    const [key, unread] = [keyOf('token', 'ming'), keyOf('token', 'hong')];
    const opens = async (entry: string, secret: string) =>
      sealerOf(secret).open('store', entry, await valueOf(entry)) !== undefined;
    expect(await opens(key, SESSION_SECRET)).toBe(true);

    const changing = serviceOf(await start({ sessionSecret: [NEW_SECRET, SESSION_SECRET] })).app('official');
    expect(await outcomeOf(changing.getUser(openidOf('ming')))).toBe('answered');
    // Read, not written.
    expect(await opens(key, SESSION_SECRET)).toBe(true);
    wechat.expireTokens('ming');
    expect(await outcomeOf(changing.getUser(openidOf('ming')))).toBe('answered');

    expect([await opens(key, SESSION_SECRET), await opens(key, NEW_SECRET)]).toEqual([false, true]);
    expect([await opens(unread, SESSION_SECRET), await opens(unread, NEW_SECRET)]).toEqual([true, false]);
    expect(await outcomeOf(changing.getUser(openidOf('hong')))).toBe('answered');
    const old = serviceOf(await start()).app('official');
    expect(await outcomeOf(old.getUser(openidOf('ming')))).toBe('WechatTokenNotFoundError');
    const after = serviceOf(await start({ sessionSecret: NEW_SECRET })).app('official');
    expect(await outcomeOf(after.getUser(openidOf('ming')))).toBe('answered');
    expect(await outcomeOf(after.getUser(openidOf('hong')))).toBe('WechatTokenNotFoundError');
  });
});
