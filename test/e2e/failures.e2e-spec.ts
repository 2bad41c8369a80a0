// Logins that fail: what the visitor is answered, and what the log and the events say of it.
import {
  MemoryTokenStore,
  WechatAuthController,
  type WechatEvent,
  WechatEvents,
  type WechatLogin,
  type WechatLoginHandler,
  WechatOAuthService,
} from '../../lib/index.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  MOCK_APPS,
  PLATFORMS,
  type Running,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { Browser } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';

const mini = MOCK_APPS[2];
const EXCHANGE = '/sns/oauth2/access_token';

describe.each(PLATFORMS)('A login that fails on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let onLogin: WechatLoginHandler['onLogin'];
  let events: WechatEvent[];
  let now: number;
  let store: MemoryTokenStore;

  const browser = () => new Browser().route(SHOP, running.port);
  const told = (level: string) => running.logs.lines.filter((line) => line.level === level);
  const failed = () => events.filter(({ type }) => type === 'flow.failed');
  const session = (code: string, lang = 'en') =>
    browser().fetch(`${SHOP}/wechat/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-language': lang },
      body: JSON.stringify({ app: 'mini', code }),
    });
  async function untilCallback(visitor: Browser) {
    const { headers } = await visitor.visit(`${SHOP}/orders`);
    return (await wechat.authorize(headers.location!, { user: 'ming' })).redirectTo!;
  }

  beforeEach(async () => {
    onLogin = async () => undefined;
    events = [];
    now = Date.now();
    store = new MemoryTokenStore({ now: () => now });
    wechat = await startWechat();
    running = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController, WechatAuthController],
      options: { apps: ALL_APPS, now: () => now },
      extras: {
        tokenStore: { useValue: store },
        loginHandler: { useValue: { onLogin: (login: WechatLogin) => onLogin(login) } },
      },
    });
    running.app.get(WechatEvents).events$.subscribe((event) => events.push(event));
  });

  afterEach(async () => {
    await running.app.close();
    await wechat.close();
  });

  it.each(['made-up', 'x', 'A'.repeat(512)])(
    'by the made-up code %s is the visitor’s: no line at error',
    async (code) => {
      const visitor = browser();
      let callback = new URL(await untilCallback(visitor));
      for (let restart = 0; restart < 2; restart++) {
        callback.searchParams.set('code', `${code.slice(0, 500)}${restart}`);
        const { headers } = await visitor.visit(callback.href);
        callback = new URL((await wechat.authorize(headers.location!, { user: 'ming' })).redirectTo!);
      }
      callback.searchParams.set('code', code);
      const page = await visitor.visit(callback.href);

      expect(page.status).toBe(401);
      const ref = /LOGIN_FAILED · ([0-9A-F]{10})/.exec(page.body)![1]!;
      expect([told('error'), told('warn')]).toEqual([[], []]);
      expect(told('debug').filter(({ text }) => text.includes(ref))).toHaveLength(1);
      expect(running.logs.text).not.toContain(code.length > 1 ? code : 'code=x');
      expect(failed()).toMatchObject([{ kind: 'code', errcode: 40029, ref }]);
    },
  );

  it('is one line and one event for all twins of its callback', async () => {
    const visitor = browser();
    const callback = await untilCallback(visitor);
    wechat.inject(EXCHANGE, { delayMs: 100, status: 500, body: 'oops' });
    const pages = await Promise.all(Array.from({ length: 8 }, () => visitor.visit(callback)));

    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([502]));
    const refs = new Set(pages.map(({ body }) => /LOGIN_FAILED · ([0-9A-F]{10})/.exec(body)![1]));
    expect(refs.size).toBe(1);
    expect([told('error').length, failed().length]).toEqual([1, 1]);
    expect(failed()).toMatchObject([{ ref: [...refs][0] }]);
  });

  it('by an outage of WeChat is a line when that begins and one when it has ended, for pages and programs alike', async () => {
    wechat.inject(EXCHANGE, { reset: true, times: Infinity });
    wechat.inject('/sns/jscode2session', { reset: true, times: Infinity });
    const pages = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const visitor = browser();
        return visitor.visit(await untilCallback(visitor));
      }),
    );
    for (let turn = 0; turn < 10; turn++)
      await session(wechat.loginCode({ appId: mini.appId, user: 'ming' }));

    // One for each app.
    expect(told('error')).toHaveLength(2);
    expect(failed()).toHaveLength(20);
    for (const { body } of pages) {
      const ref = /LOGIN_FAILED · ([0-9A-F]{10})/.exec(body)![1]!;
      expect(running.logs.lines.filter(({ text }) => text.includes(ref))).toHaveLength(1);
    }
  });

  it('by code has the reference of the answer in its event and in the log', async () => {
    const dead = await session('no-such-code');
    wechat.inject('/sns/jscode2session', { status: 500, body: 'oops' });
    const broken = await session(wechat.loginCode({ appId: mini.appId, user: 'ming' }));
    onLogin = () => Promise.reject(new Error('hunter2'));
    const threw = await session(wechat.loginCode({ appId: mini.appId, user: 'ming' }));
    // oxlint-disable-next-line prefer-promise-reject-errors -- applications do such things
    onLogin = () => Promise.reject('hunter2');
    const text = await session(wechat.loginCode({ appId: mini.appId, user: 'ming' }));

    const answers = [dead, broken, threw, text];
    expect(answers.map(({ status }) => status)).toEqual([401, 502, 502, 502]);
    const refs = answers.map((answer) => answer.json<{ ref: string }>().ref);
    expect(failed().map((event) => (event as { ref?: string }).ref)).toEqual(refs);
    for (const ref of refs) {
      expect(running.logs.lines.filter((line) => line.text.includes(ref))).toHaveLength(1);
    }
    expect(running.logs.text).not.toMatch(/hunter2|no-such-code/);
  });

  it('by codes of another program is a warning that names the app', async () => {
    for (let turn = 0; turn < 5; turn++) expect((await session(`of-another-app-${turn}`)).status).toBe(401);
    expect(told('warn').map(({ text }) => text)).toEqual([
      expect.stringMatching(/app "mini", errcode 40029.*wx00000000000mini0/s),
    ]);
    expect(told('error')).toEqual([]);
    expect(running.logs.text).not.toContain('of-another-app');
  });

  it('tells the service’s caller in the language that the caller speaks', async () => {
    onLogin = async () => ({ refuse: { code: 'CLOSED' } });
    const code = () => wechat.loginCode({ appId: mini.appId, user: 'ming' });
    const service = running.app.get(WechatOAuthService).app('mini');
    const messageOf = (login: Promise<unknown>) => login.then(String, (error: Error) => error.message);

    expect(await messageOf(service.login(code()))).toBe('This account cannot sign in here.');
    expect(await messageOf(service.login({ code: code() }))).toBe('This account cannot sign in here.');
    expect(await messageOf(service.login({ code: code(), lang: 'en' }))).toMatch(/cannot sign in/);
    expect(await messageOf(service.login({ code: code(), lang: 'zh_CN' }))).toBe('此账号无法登录。');
    expect(await messageOf(service.login({ code: code(), lang: 'zh_TW' }))).toBe('此账号无法登录。');
    // Over HTTP it is the language of the request.
    expect((await session(code(), 'zh-CN')).json()).toMatchObject({ message: '此账号无法登录。' });
    expect((await session(code(), 'en')).json()).toMatchObject({
      message: 'This account cannot sign in here.',
    });
  });

  it('asks the login handler once for two calls with one code', async () => {
    let asked = 0;
    onLogin = async () => void asked++;
    const code = wechat.loginCode({ appId: mini.appId, user: 'ming' });
    const service = running.app.get(WechatOAuthService).app('mini');
    const [one, two] = await Promise.all([service.login(code), service.login({ code })]);
    expect([asked, one.identity]).toEqual([1, two.identity]);
    expect(wechat.callsTo('/sns/jscode2session')).toHaveLength(1);
  });

  it('does not fail because the login handler asks for the profile, however slow the store', async () => {
    const { set } = store;
    store.set = async (...args) => {
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      return set.apply(store, args);
    };
    let nickname: string | undefined;
    onLogin = async ({ identity }) => {
      ({ nickname } = await running.app.get(WechatOAuthService).app('official').getUser(identity.openid));
    };
    const visitor = browser();
    const { headers } = await visitor.visit(`${SHOP}/orders/profile`);
    const { redirectTo } = await wechat.authorize(headers.location!, { user: 'ming' });
    expect((await visitor.visit(redirectTo!)).status).toBe(302);
    expect(nickname).toBe(wechat.user('ming').nickname);
  });

  it('by a refusal or a snapshot leaves no flow behind', async () => {
    onLogin = async () => ({ refuse: { code: 'CLOSED' } });
    const visitor = browser();
    const callback = await untilCallback(visitor);
    const [flow] = await visitor.jar.getCookies(SHOP);
    const refused = await visitor.visit(callback);
    expect([refused.status, refused.setCookies]).toEqual([
      403,
      [expect.stringContaining(`${flow!.key}=; Max-Age=0`)],
    ]);
    expect(await visitor.jar.getCookies(SHOP)).toEqual([]);

    const guest = browser();
    const { headers } = await guest.visit(`${SHOP}/orders/profile`);
    const { redirectTo } = await wechat.authorize(headers.location!, { user: 'visitor' });
    const snapshot = await guest.visit(redirectTo!);
    expect(snapshot.body).toContain('SNAPSHOT_USER');
    expect(await guest.jar.getCookies(SHOP)).toEqual([]);
  });
});
