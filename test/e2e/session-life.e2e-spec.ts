// The life of a session after the login: claims that change, sessions that are ended, tokens of the
// application's own.
import { Controller, type ExecutionContext, Get, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  TOKEN_STORE,
  type TokenStore,
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatConfigError,
  WechatInputError,
  type WechatIdentity,
  type WechatOAuthModuleOptions,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { signInAs, type WechatMockServer } from '../../lib/testing/index.js';
import { PLATFORMS, type Running, SHOP, startApplication, startWechat } from '../support/application.js';
import { Browser } from '../support/browser.js';

const OPENID = 'oSomebodyWithASession0000001';

@Controller('account')
@UseGuards(WechatAuthGuard)
class AccountController {
  constructor(private readonly sessions: WechatSessionService) {}

  @Get()
  show(@WechatUser() user: WechatIdentity) {
    return { openid: user.openid, claims: user.claims ?? null };
  }

  @WechatAuth({ mode: 'optional' })
  @Get('public')
  open(@WechatUser('openid') openid?: string) {
    return { openid: openid ?? null };
  }

  @WechatAuth({ mode: 'off' })
  @Get('free')
  free() {
    return {};
  }

  @Get('strict')
  strict(@Res({ passthrough: true }) response: { header(name: string, value: string): void }) {
    response.header('Cache-Control', 'no-store');
    return {};
  }

  @Post('phone')
  async bind(@Req() request: object, @Res({ passthrough: true }) response: unknown) {
    const { token } = await this.sessions.update(request, response, { phone: '138' } as object);
    return { token };
  }

  @Post('everywhere')
  async everywhere(@WechatUser() user: WechatIdentity) {
    await this.sessions.revoke(user);
    return {};
  }
}

describe.each(PLATFORMS)('A session on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let browser: Browser;
  let now: number;

  async function start(options: Partial<WechatOAuthModuleOptions> = {}): Promise<Running> {
    running = await startApplication({
      wechat,
      adapter,
      controllers: [AccountController, WechatAuthController],
      options: { now: () => now, ...options },
    });
    browser = new Browser().route(SHOP, running.port);
    return running;
  }

  const get = (headers: Record<string, string>, path = '/account') => browser.fetch(SHOP + path, { headers });
  const post = (headers: Record<string, string>, path: string) =>
    browser.fetch(SHOP + path, { method: 'POST', headers });

  beforeEach(async () => {
    now = Date.now();
    wechat = await startWechat();
  });

  afterEach(async () => {
    await running.app.close();
    await wechat.close();
  });

  it('gets other claims and keeps its end', async () => {
    await start({ session: { ttl: 1_000 } });
    await browser.follow(`${SHOP}/account`);
    now += 900_000;

    const bound = await browser.fetch(`${SHOP}/account/phone`, { method: 'POST' });

    expect(bound.setCookies).toHaveLength(1);
    expect(bound.setCookies[0]).toContain('Max-Age=100;');
    expect((await get({})).json()).toMatchObject({ claims: { phone: '138' } });
    now += 101_000;
    expect((await get({})).status).toBe(401);
  });

  it('gets other claims as a bearer token without becoming a cookie', async () => {
    await start();
    const { bearer } = signInAs(running.app, { openid: OPENID });

    const bound = await post({ authorization: bearer }, '/account/phone');

    expect(bound.setCookies).toEqual([]);
    const { token } = bound.json<{ token: string }>();
    expect((await get({ authorization: `Bearer ${token}` })).json()).toEqual({
      openid: OPENID,
      claims: { phone: '138' },
    });
  });

  it('cannot be changed by somebody who has none', async () => {
    await start();
    const service = running.app.get(WechatSessionService);

    await expect(
      service.update({ headers: {}, method: 'GET', url: '/' }, undefined, {}),
    ).rejects.toMatchObject({ status: 401 });
    const context = { getType: () => 'rpc', switchToHttp: () => ({}) } as unknown as ExecutionContext;
    await expect(service.update(context, undefined, {})).rejects.toMatchObject({ status: 401 });
    await expect(service.authenticate(context)).resolves.toBeUndefined();
  });

  it('is ended everywhere by revoke, and the next login counts again', async () => {
    await start({ session: { revocable: true } });
    await browser.follow(`${SHOP}/account`);
    const openid = wechat.openidOf('wx00000000official', 'ming');
    const copy = signInAs(running.app, { openid });
    const stranger = signInAs(running.app, { openid: OPENID });

    expect((await post({}, '/account/everywhere')).status).toBe(201);

    expect((await get({})).status).toBe(401);
    expect((await get({ cookie: copy.cookie })).status).toBe(401);
    expect((await get({ authorization: copy.bearer })).status).toBe(401);
    expect((await get({ cookie: stranger.cookie })).status).toBe(200);
    now += 1;
    expect((await browser.follow(`${SHOP}/account`)).at(-1)!.status).toBe(200);
  });

  it('is ended by a logout together with its copies, where sessions are revocable', async () => {
    await start({ session: { revocable: true } });
    const one = signInAs(running.app, { openid: OPENID });
    const other = signInAs(running.app, { openid: OPENID });

    expect((await post({ cookie: one.cookie }, '/wechat/logout')).status).toBe(204);

    expect((await get({ cookie: one.cookie })).status).toBe(401);
    expect((await get({ cookie: other.cookie })).status).toBe(200);
  });

  it('outlives a logout as a copy, where sessions are not revocable, and says so when asked to revoke', async () => {
    await start();
    const copy = signInAs(running.app, { openid: OPENID });
    await post({ cookie: copy.cookie }, '/wechat/logout');

    expect((await get({ cookie: copy.cookie })).status).toBe(200);
    await expect(
      running.app.get(WechatSessionService).revoke({ app: 'default', openid: OPENID }),
    ).rejects.toThrow(WechatConfigError);
  });

  it.each([undefined, null, '', {}, 7, []])('is not said to be revoked for the openid %j', async (openid) => {
    await start({ session: { revocable: true } });
    const { cookie } = signInAs(running.app, { openid: OPENID });
    const person = { app: 'default', openid } as { app: string; openid: string };

    await expect(running.app.get(WechatSessionService).revoke(person)).rejects.toThrow(WechatInputError);
    expect((await get({ cookie })).status).toBe(200);
  });

  it('still counts while the store that knows of ended sessions is down', async () => {
    await start({ session: { revocable: true } });
    const { cookie } = signInAs(running.app, { openid: OPENID });
    const store = running.app.get<TokenStore>(TOKEN_STORE);
    store.get = () => Promise.reject(new Error('ECONNREFUSED'));

    expect((await get({ cookie })).status).toBe(200);
    expect((await get({ cookie })).status).toBe(200);

    expect(running.logs.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('remembers only as many ended sessions of a person as could still be shown', async () => {
    await start({ session: { revocable: true, ttl: 60 } });
    const first = signInAs(running.app, { openid: OPENID });
    await post({ cookie: first.cookie }, '/wechat/logout');
    now += 61_000;
    const second = signInAs(running.app, { openid: OPENID });
    await post({ cookie: second.cookie }, '/wechat/logout');

    expect((await get({ cookie: second.cookie })).status).toBe(401);
  });

  it('keeps guarded pages out of shared caches, and lets a handler be stricter', async () => {
    await start();
    const { cookie } = signInAs(running.app, { openid: OPENID });

    expect((await get({ cookie })).headers['cache-control']).toBe('private');
    expect((await get({ cookie }, '/account/public')).headers['cache-control']).toBe('private');
    expect((await get({}, '/account/public')).headers['cache-control']).toBe('private');
    expect((await get({ cookie }, '/account/strict')).headers['cache-control']).toBe('no-store');
    expect((await get({ cookie }, '/account/free')).headers['cache-control']).toBeUndefined();
    const refused = await get({});
    expect([refused.status, refused.headers['cache-control']]).toEqual([401, 'no-store']);
  });

  it('is refused when it is made if it would be too big for a cookie', async () => {
    await start();
    const { cookie, identity } = signInAs(running.app, { openid: OPENID });
    const service = running.app.get(WechatSessionService);
    const claims = { text: 'x'.repeat(4_000) } as object;

    await expect(service.issue(undefined, identity, { claims })).rejects.toThrow(WechatConfigError);
    const { host, ...headers } = { host: 'shop.example.com', cookie };
    await expect(service.update({ method: 'GET', url: '/', headers }, undefined, claims)).rejects.toThrow(
      WechatConfigError,
    );
    expect(host).toBe('shop.example.com');
    for (const ttl of [0, 401 * 86_400, NaN]) {
      await expect(service.issue(undefined, identity, { ttl })).rejects.toThrow(/ttl/);
    }
  });
});
