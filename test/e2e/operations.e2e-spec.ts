// What operations see: events, references from a page to the log, and errors of the service as HTTP
// answers.
import { Controller, Get, Query, UseFilters, UseGuards } from '@nestjs/common';
import {
  TOKEN_STORE,
  type TokenStore,
  toHttpStatus,
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatEvent,
  WechatEvents,
  WechatExceptionFilter,
  WechatOAuthService,
  WechatUser,
} from '../../lib/index.js';
import type { MockFault, WechatMockServer } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  PLATFORMS,
  type Running,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile() {
    return {};
  }
}

@Controller('service')
@UseFilters(WechatExceptionFilter)
class ServiceController {
  constructor(private readonly wechat: WechatOAuthService) {}

  @Get('token')
  async token(@Query('code') code: string) {
    const { openid } = await this.wechat.getAccessToken(code);
    return { openid };
  }

  @Get('user')
  user(@Query('openid') openid: string) {
    return this.wechat.getUser(openid);
  }

  @Get('config')
  config() {
    return this.wechat.app('nope').createState();
  }
}

describe.each(PLATFORMS)('Operations on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let browser: Browser;
  let events: WechatEvent[];

  beforeEach(async () => {
    wechat = await startWechat();
    running = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController, ServiceController, WechatAuthController],
      options: { apps: ALL_APPS, defaultApp: 'official', http: { timeout: 300 } },
    });
    browser = new Browser().route(SHOP, running.port);
    events = [];
    running.app.get(WechatEvents).events$.subscribe((event) => events.push(event));
  });

  afterEach(async () => {
    await running.app.close();
    await wechat.close();
  });

  const typesOf = (prefix: string) =>
    events.filter(({ type }) => type.startsWith(prefix)).map(({ type }) => type);
  const counts = () => running.app.get(WechatEvents).flowCounts();

  it('hear of a login from start to end, and nothing secret', async () => {
    await browser.follow(`${SHOP}/orders/profile`);

    expect(typesOf('')).toEqual(['flow.started', 'api.call', 'api.call', 'flow.completed']);
    expect(events.at(-1)).toEqual({
      type: 'flow.completed',
      app: 'official',
      client: 'wechat',
      reason: 'login',
      ms: expect.any(Number),
    });
    expect(counts()).toEqual({ official: { started: 1, restarted: 0, completed: 1, refused: 0, failed: 0 } });
    const text = JSON.stringify(events);
    for (const { query } of wechat.calls) {
      for (const name of ['secret', 'code', 'access_token', 'openid']) {
        if (query[name]) expect(text).not.toContain(query[name]);
      }
    }
  });

  it('count twenty repeats of a callback as one login', async () => {
    const start = await browser.visit(`${SHOP}/orders`);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user: 'ming' });
    await Promise.all(Array.from({ length: 20 }, () => browser.visit(redirectTo!)));

    expect(typesOf('flow.')).toEqual(['flow.started', 'flow.completed']);
  });

  it('hear of restarts, and of browsers that keep no cookies', async () => {
    const refusing = new Browser(AGENTS.wechat, true).route(SHOP, running.port);

    const page = (await refusing.follow(`${SHOP}/orders`)).at(-1)!;

    expect(typesOf('flow.')).toEqual(['flow.started', 'flow.restarted', 'flow.restarted', 'flow.failed']);
    expect(events.at(-1)).toMatchObject({ kind: 'cookies', ref: /· ([0-9A-F]{10})/.exec(page.body)![1] });
  });

  it('find the log line of a failed login by the reference on its page', async () => {
    wechat.inject('/sns/oauth2/access_token', { errcode: 40125 });

    const page = (await browser.follow(`${SHOP}/orders`)).at(-1)!;

    const ref = /LOGIN_FAILED · ([0-9A-F]{10})/.exec(page.body)![1]!;
    expect(running.logs.text).toContain(`ref ${ref}: WeChat refused /sns/oauth2/access_token with 40125`);
    expect(events.at(-1)).toMatchObject({
      type: 'flow.failed',
      kind: 'config',
      errcode: 40125,
      rid: expect.any(String),
      ref,
      app: 'official',
    });
  });

  it('hear who said no', async () => {
    wechat.unsure.refusalRedirects = true;
    const start = await browser.visit(`${SHOP}/orders/profile`);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user: 'ming', allow: false });
    await browser.visit(redirectTo!);
    wechat.autoConsent = 'visitor';
    await browser.another().follow(`${SHOP}/orders/profile`);

    expect(events.filter(({ type }) => type === 'flow.refused')).toMatchObject([
      { by: 'person' },
      { by: 'snapshot' },
    ]);
  });

  it('count logins without pages too', async () => {
    const code = wechat.loginCode({ appId: 'wx00000000000mini0', user: 'ming' });
    const send = (value: string) =>
      browser.fetch(`${SHOP}/wechat/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ app: 'mini', code: value }),
      });
    await send(code);
    await send('nobody-issued-this');

    expect(counts()['mini']).toEqual({ started: 2, restarted: 0, completed: 1, refused: 0, failed: 1 });
    expect(events.at(-1)).toMatchObject({
      type: 'flow.failed',
      kind: 'code',
      errcode: 40029,
      client: 'mini-program',
    });
  });

  it('hear of refreshed tokens, and of a store that goes and comes back', async () => {
    await browser.follow(`${SHOP}/orders/profile`);
    const openid = wechat.openidOf('wx00000000official', 'ming');
    const service = running.app.get(WechatOAuthService);
    wechat.expireTokens('ming');
    await service.getUser(openid);
    expect(typesOf('token.')).toEqual(['token.refreshed']);

    const store = running.app.get<TokenStore>(TOKEN_STORE);
    const { get } = store;
    store.get = () => Promise.reject(new Error('down'));
    await service.getUser(openid).catch(() => {});
    await service.getUser(openid).catch(() => {});
    store.get = get;
    await service.getUser(openid);

    expect(typesOf('store.')).toEqual(['store.down', 'store.up']);
  });

  const EXCHANGE = '/sns/oauth2/access_token';
  const answers: { status: number; code: string; path: string; fault?: MockFault }[] = [
    { status: 401, code: 'WECHAT_API', path: '/service/token?code=nobody-issued-this' },
    { status: 401, code: 'WECHAT_INPUT', path: '/service/token?code=' },
    {
      status: 401,
      code: 'WECHAT_TOKEN_NOT_FOUND',
      path: '/service/user?openid=oNobodyWasEverHere0000000001',
    },
    { status: 500, code: 'WECHAT_CONFIG', path: '/service/config' },
    { status: 403, code: 'WECHAT_API', path: '/service/token?code=some-code', fault: { errcode: 50002 } },
    { status: 403, code: 'WECHAT_API', path: '/service/token?code=some-code', fault: { errcode: 48001 } },
    { status: 429, code: 'WECHAT_API', path: '/service/token?code=some-code', fault: { errcode: 45011 } },
    { status: 502, code: 'WECHAT_API', path: '/service/token?code=some-code', fault: { errcode: -1 } },
    {
      status: 502,
      code: 'WECHAT_RESPONSE',
      path: '/service/token?code=some-code',
      fault: { body: '<html>' },
    },
    { status: 504, code: 'WECHAT_NETWORK', path: '/service/token?code=some-code', fault: { hang: true } },
  ];

  it.each(answers)('see $status $code for $path $fault', async ({ status, code, path, fault }) => {
    if (fault) wechat.inject(EXCHANGE, fault);

    const answer = await browser.fetch(SHOP + path);

    expect(answer.status).toBe(status);
    expect(answer.json()).toEqual({
      statusCode: status,
      code,
      kind: expect.any(String),
      message: expect.any(String),
      ref: expect.stringMatching(/^[0-9A-F]{10}$/),
    });
    expect(running.logs.text).toContain(answer.json<{ ref: string }>()['ref']);
    expect(answer.body + running.logs.text).not.toContain('some-code');
    expect(answer.body).not.toContain('errmsg');
  });

  it('leave errors that are not ours to everybody else', () => {
    expect(toHttpStatus(new Error('x'))).toBe(500);
    expect(toHttpStatus(undefined)).toBe(500);
  });
});
