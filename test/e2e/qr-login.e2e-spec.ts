// A QR code in a page of the application, over HTTP: who gets its parameters whatever CORS the
// application has, and where the login ends.
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  Req,
  Res,
} from '@nestjs/common';
import { of } from 'rxjs';
import {
  WechatAuth,
  WechatAuthController,
  type WechatQrLogin,
  WechatSessionService,
} from '../../lib/index.js';
import { AGENTS, type Browser } from '../support/browser.js';
import { ALL_APPS, PLATFORMS, type Running, SHOP } from '../support/application.js';
import { expectFreeOf } from '../support/canary.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, setStage } from '../support/stage.js';

const WWW = 'https://www.example.com';
const EVIL = 'https://evil.example.com';
const OWN_SCRIPT = { 'sec-fetch-site': 'same-origin' };
const FRAME = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };

/** Keeps the first answer of every address for everybody, as a cache does. */
@Injectable()
class Cache implements NestInterceptor {
  private readonly kept = new Map<string, unknown>();

  async intercept(context: ExecutionContext, next: CallHandler) {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    const kept = this.kept.get(url);
    if (kept !== undefined) return of(kept);
    const { firstValueFrom } = await import('rxjs');
    const value: unknown = await firstValueFrom(next.handle(), { defaultValue: undefined });
    this.kept.set(url, value);
    return of(value);
  }
}

@Controller('own')
class OwnController {
  constructor(private readonly sessions: WechatSessionService) {}

  @Get('code')
  code(@Req() request: object, @Res({ passthrough: true }) response: unknown): WechatQrLogin {
    return this.sessions.startQrLogin(request, response, { returnTo: '/orders/mine' });
  }
}

@Controller('tenant')
@WechatAuth({ app: 'second' })
class TenantController extends WechatAuthController {}

describe.each(PLATFORMS)('A QR code in a page, on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  let running: Running;
  let browser: Browser;

  async function open(configure: (app: INestApplication) => void = () => {}, options = {}) {
    running = await stage.start({
      controllers: [OrdersController, WechatAuthController, OwnController],
      options: { apps: ALL_APPS!, returnTo: { origins: [WWW] }, ...options },
      configure: (app) => {
        app.enableCors({ origin: true, credentials: true });
        configure(app);
      },
    });
    browser = browserFor(running, AGENTS.desktop);
  }

  const ask = (query = '', headers: Record<string, string> = OWN_SCRIPT, at = browser) =>
    at.fetch(`${SHOP}/wechat/login/qr${query}`, { headers });

  /** What WeChat's script makes of the parameters. */
  const addressOf = (given: WechatQrLogin) =>
    `${stage.wechat.endpoints.open}/connect/qrconnect?appid=${given.appid}&scope=${given.scope}` +
    `&redirect_uri=${given.redirect_uri}&state=${given.state}&login_type=jssdk` +
    `&self_redirect=${given.self_redirect}&styletype=&sizetype=&bgcolor=&rst=`;

  async function scanned(given: WechatQrLogin, user = 'ming'): Promise<string> {
    const { redirectTo } = await stage.wechat.authorize(addressOf(given), { user });
    return redirectTo!;
  }

  const me = async (at = browser) => (await at.fetch(`${SHOP}/wechat/me`)).json()['user'];

  describe.each([
    ['the window', false],
    ['its frame', true],
  ])('at an application with a callback path ends in %s', (_where, framed) => {
    beforeEach(() => open(undefined, { callbackPath: '/wechat/callback' }));

    const back = (address: string, site: string) =>
      browser.visit(address, framed ? { headers: { ...FRAME, 'sec-fetch-site': site } } : {});

    it('at that one address, and signs in the browser that asked', async () => {
      const given = (await ask(`?returnTo=/orders/mine&self_redirect=${framed}`)).json<WechatQrLogin>();
      expect(decodeURIComponent(given.redirect_uri)).toBe(`${SHOP}/wechat/callback`);
      const address = await scanned(given);
      expect(new URL(address).pathname).toBe('/wechat/callback');
      const first = await back(address, 'cross-site');
      expect([framed, first.status, first.setCookies.length > 0]).toEqual([
        framed,
        framed ? 200 : 302,
        !framed,
      ]);
      const last = framed ? await back(address, 'same-origin') : first;
      expect(framed ? last.body : last.headers.location).toContain(
        framed ? 'data-ok="true"' : `${SHOP}/orders/mine#`,
      );
      expect(await me()).toMatchObject({ app: 'website' });
    });

    it('and in no other browser, which is sent to what the code was for or home, and never to a 404', async () => {
      const given = (await ask(`?returnTo=/orders/mine&self_redirect=${framed}`)).json<WechatQrLogin>();
      const address = await scanned(given);
      const other = browser.another();
      const headers = framed ? { headers: { ...FRAME, 'sec-fetch-site': 'same-origin' } } : {};
      const { status, body, headers: sent } = await other.visit(address, headers);
      expect(await me(other)).toBeNull();
      expect([framed ? 401 : 302, true]).toEqual([status, framed || sent.location !== undefined]);
      expect(framed ? body : `${sent.location}`).not.toContain('/wechat/callback');
      expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toHaveLength(0);
    });
  });

  describe('is given', () => {
    beforeEach(() => open());

    it('to a script of our own, for this browser, and kept by nobody', async () => {
      const { status, headers, setCookies, body } = await ask('?returnTo=/orders/mine');
      expect([status, Object.keys(JSON.parse(body) as object)]).toEqual([
        200,
        ['appid', 'scope', 'redirect_uri', 'state', 'self_redirect', 'expiresAt'],
      ]);
      expect(setCookies).toEqual([expect.stringMatching(/^__Host-wechat_flow_\w+=.*Max-Age=1800/)]);
      expect(headers).toMatchObject({
        'content-type': expect.stringMatching(/^application\/json/),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        vary: expect.stringContaining('Origin'),
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    });

    it('to a listed origin, which may read it', async () => {
      const { status, headers } = await ask('', { origin: WWW, 'sec-fetch-site': 'same-site' });
      expect([
        status,
        headers['access-control-allow-origin'],
        headers['access-control-allow-credentials'],
      ]).toEqual([200, WWW, 'true']);
      expect(String(headers.vary).match(/origin/gi)).toHaveLength(1);
    });

    it.each<[string, Record<string, string>]>([
      ['a sibling host, though the application lets every origin read', { origin: EVIL, 'sec-fetch-site': 'same-site' }],
      ['a page without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
      ['a script tag of a sibling', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script', 'sec-fetch-site': 'same-site' }],
      ['a link', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' }],
      ['a person', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }],
      ['a frame of our own', { ...FRAME, 'sec-fetch-site': 'same-origin' }],
      ['a prefetch', { ...OWN_SCRIPT, 'sec-purpose': 'prefetch' }],
    ])('not to %s', async (_who, headers) => {
      const { status, body, setCookies, headers: said } = await ask('', headers);
      expect([status, setCookies]).toEqual([403, []]);
      expect(body).not.toMatch(/[0-9a-f]{32}/);
      expect(said['access-control-allow-origin']).toBeUndefined();
      expect(said['cache-control']).toBe('no-store');
    }); // prettier-ignore

    it('not to HEAD, and POST finds no route', async () => {
      const head = await browser.fetch(`${SHOP}/wechat/login/qr`, { method: 'HEAD', headers: OWN_SCRIPT });
      const post = await browser.fetch(`${SHOP}/wechat/login/qr`, { method: 'POST', headers: OWN_SCRIPT });
      expect([head.status, head.setCookies, post.status, post.setCookies]).toEqual([403, [], 404, []]);
    });

    it.each(['?app=nobody', '?app=mini', '?scope=x', '?app=website&app=website', '?self_redirect=yes'])(
      'not for %s',
      async (query) => {
        const { status, setCookies, body } = await ask(query);
        expect([status, setCookies, (JSON.parse(body) as { code: string }).code]).toEqual([
          400,
          [],
          'BAD_LOGIN_REQUEST',
        ]);
      },
    );

    it('by a handler of the application too, by the same rules', async () => {
      const own = await browser.fetch(`${SHOP}/own/code`, { headers: OWN_SCRIPT });
      expect(await browser.visit(await scanned(own.json()))).toMatchObject({
        status: 302,
        headers: { location: `${SHOP}/orders/mine#` },
      });
      expect(await me()).toMatchObject({ app: 'website' });
      const evil = await browser.fetch(`${SHOP}/own/code`, { headers: { origin: EVIL } });
      expect([evil.status, evil.setCookies, evil.headers['access-control-allow-origin']]).toEqual([
        403,
        [],
        undefined,
      ]);
    });
  });

  it('is never one that an interceptor kept for another browser', async () => {
    await open((app) => app.useGlobalInterceptors(new Cache()));
    const states = [await ask(), await ask(), await ask('', OWN_SCRIPT, browser.another())].map(
      (answer) => answer.json<{ state: string }>().state,
    );
    expect(new Set(states).size).toBe(3);
  });

  it('leads back to the route of the controller that gave it, prefix, version and apps included', async () => {
    running = await stage.start({
      controllers: [WechatAuthController, TenantController],
      options: {
        apps: {
          // First in the options, but none of this controller's.
          website: { type: 'website', appId: 'wx00000000000other', secret: 'a'.repeat(32) },
          second: { ...ALL_APPS!['website']! },
        },
      },
      configure: (app) => app.setGlobalPrefix('api'),
    });
    browser = browserFor(running, AGENTS.desktop);
    const { headers: _, ...answer } = await browser.fetch(
      `${SHOP}/api/tenant/login/qr?returnTo=/api/wechat/me`,
      {
        headers: OWN_SCRIPT,
      },
    );
    const given = JSON.parse(answer.body) as WechatQrLogin;
    expect(decodeURIComponent(given.redirect_uri)).toMatch(`${SHOP}/api/tenant/login?returnTo=`);
    await browser.follow(await scanned(given));
    expect((await browser.fetch(`${SHOP}/api/wechat/me`)).json()).toMatchObject({ user: { app: 'second' } });
  });

  describe('in the top window', () => {
    beforeEach(() => open());

    it('signs in and goes to returnTo', async () => {
      const given = (await ask('?returnTo=/orders/mine')).json<WechatQrLogin>();
      const back = await scanned(given);
      const end = await browser.visit(back, {
        headers: {
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
        },
      });
      expect([end.status, end.headers.location]).toEqual([302, `${SHOP}/orders/mine#`]);
      expectFreeOf(running.logs.text, [given.state, new URL(back).searchParams.get('code')!]);
      expect(await me()).toMatchObject({
        app: 'website',
        openid: stage.wechat.openidOf('wx000000000website', 'ming'),
      });
    });

    it('signs nobody in with somebody else’s code, and shows no second one', async () => {
      const attacker = browser.another();
      const theirs = (await ask('?returnTo=/orders/mine', OWN_SCRIPT, attacker)).json<WechatQrLogin>();
      await ask();
      const end = await browser.visit(await scanned(theirs, 'hong'));
      expect([end.status, end.headers.location, end.setCookies]).toEqual([302, `${SHOP}/orders/mine#`, []]);
      expect(await me()).toBeNull();
    });
  });

  describe('in a frame', () => {
    const helmet = (app: INestApplication) =>
      app.use((_: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
        response.setHeader('X-Frame-Options', 'SAMEORIGIN');
        response.setHeader('Content-Security-Policy', "default-src 'self'; frame-ancestors 'self'");
        next();
      });
    const frame = (url: string, site: string, at = browser) =>
      at.visit(url, { headers: { ...FRAME, 'sec-fetch-site': site } });
    beforeEach(() => open(helmet));

    it('bounces once, then signs in and tells the page, which alone may hold it', async () => {
      const given = (
        await ask(`?returnTo=${WWW}/teas&self_redirect=true`, { origin: WWW, 'sec-fetch-site': 'same-site' })
      ).json<WechatQrLogin>();
      expect(given.self_redirect).toBe(true);
      const back = await scanned(given);
      const bounce = await frame(back, 'cross-site', browserFor(running, AGENTS.desktop));
      expect([bounce.status, bounce.setCookies]).toEqual([200, []]);
      expect(bounce.body).toContain('location.replace(location.href');
      const end = await frame(back, 'same-origin');
      expect([end.status, end.setCookies.length > 0]).toEqual([200, true]);
      for (const { headers } of [bounce, end]) {
        expect(headers).toMatchObject({
          'cache-control': 'no-store',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'content-type': 'text/html; charset=utf-8',
        });
        expect(headers['x-frame-options']).toBeUndefined();
        expect(headers['content-security-policy']).toMatch(
          /^default-src 'none'; script-src 'sha256-[^']+';.* frame-ancestors (?:https:\/\/(?:shop|www)\.example\.com ?){2}$/,
        );
      }
      expect(end.body).toContain(`data-target="${WWW}" data-ok="true"`);
      expect(end.body).not.toContain(new URL(back).searchParams.get('code')!);
      expect(await me()).toMatchObject({ app: 'website' });
    });

    it('keeps every other page out of frames', async () => {
      const given = (await ask('?self_redirect=false')).json<WechatQrLogin>();
      for (const url of [await scanned(given), `${SHOP}/orders/mine`]) {
        const answer = await frame(url, 'same-origin');
        expect([answer.status, answer.headers['x-frame-options']]).toEqual([401, 'SAMEORIGIN']);
        expect(answer.body).not.toContain('<script');
      }
    });

    it('does not finish the login of another browser', async () => {
      const attacker = browser.another();
      const theirs = (await ask('?self_redirect=true', OWN_SCRIPT, attacker)).json<WechatQrLogin>();
      const end = await frame(await scanned(theirs, 'hong'), 'same-origin');
      expect([end.status, end.setCookies]).toEqual([401, []]);
      expect(end.body).toContain('data-ok="false"');
      expect(await me()).toBeNull();
    });

    it('tells the person what is wrong in the frame', async () => {
      const given = (await ask('?returnTo=/orders/mine&self_redirect=true')).json<WechatQrLogin>();
      const back = new URL(await scanned(given));
      back.searchParams.set('code', 'nonsense');
      const end = await frame(back.href, 'same-origin');
      expect([end.status, end.headers['x-frame-options']]).toEqual([401, undefined]);
      expect(end.body).toContain('data-ok="false"');
      expect(end.body).toContain(`target="_top" href="${SHOP}/orders/mine"`);
    });
  });
});
