// With a callbackPath: a constant address at WeChat, one route that people come back to, and the
// page that they asked for at the end, whatever an application does to its paths.
import {
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  Injectable,
  type Type,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { WechatAuth, WechatAuthController, WechatAuthGuard } from '../../lib/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS, SHOP, startWechat } from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, expectLogin, redirectUriOf, setStage } from '../support/stage.js';
import { startProxy } from '../support/stripping-proxy.js';

@Controller('account')
class AccountController extends WechatAuthController {}

@Controller(':shop/wechat')
class ShopController extends WechatAuthController {}

/** A method of its own that happens to have the name. */
@Controller('wechat')
class OwnController extends WechatAuthController {
  @Get('callback')
  override callback(): void {}
}

@Controller('products')
@UseGuards(WechatAuthGuard)
class ProductsController {
  @WechatAuth({ mode: 'silent' })
  @Get()
  list() {
    return {};
  }
}

/** As a library of other answers makes it: it lets nobody in whom it does not know. */
@Injectable()
class ClosedGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

const callbackPath = '/wechat/callback';
const CALLBACK = `${SHOP}${callbackPath}`;

describe.each(PLATFORMS)('A callback path on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  const warnings = (logs: { lines: { level: string; text: string }[] }) =>
    logs.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);

  it.each<[string, string, string, Type, ((app: INestApplication) => void)?]>([
    ['alone', '/orders', '/wechat/callback', WechatAuthController],
    ['extended', '/orders', '/account/callback', AccountController],
    [
      'under a prefix',
      '/api/orders',
      '/api/wechat/callback',
      WechatAuthController,
      (app) => app.setGlobalPrefix('api'),
    ],
    [
      'under a prefix and versions',
      '/api/v1/orders',
      '/api/v1/account/callback',
      AccountController,
      (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    ],
  ])('is where the controller stands: %s', async (_what, orders, path, controller, ...[configure]) => {
    const running = await stage.start({
      controllers: [OrdersController, controller],
      options: { callbackPath: path },
      ...(configure ? { configure } : {}),
    });
    const browser = browserFor(running);
    const page = `${SHOP}${orders}?page=2&q=%E8%8C%B6`;

    expect(redirectUriOf(await browser.visit(page))).toBe(`${SHOP}${path}`);
    const answers = await browser.another().follow(page);
    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
    expect(answers.map(({ url }) => url.split(/[?#]/, 1)[0])).toEqual([
      `${SHOP}${orders}`,
      expect.stringContaining('/connect/oauth2/authorize'),
      `${SHOP}${path}`,
      `${SHOP}${orders}`,
    ]);
    const [, , callback, end] = answers;
    expect(callback!.headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(end!.url).toBe(page);
    expect(end!.addressBar).toBe(`${page}#`);
    expect(warnings(running.logs)).toEqual([]);
  });

  it.each<[string, Type[], string, RegExp]>([
    ['no controller', [], '/wechat/callback', /it is mounted nowhere/],
    ['another path', [AccountController], '/wechat/callback', /it is mounted at "\/account\/callback"/],
    ['another case', [WechatAuthController], '/wechat/Callback', /it is mounted at "\/wechat\/callback"/],
    ['a method of the application’s own', [OwnController], '/wechat/callback', /it is mounted nowhere/],
  ])('that nothing answers at is one warning: %s', async (_what, controllers, path, expected) => {
    const running = await stage.start({ controllers, options: { callbackPath: path } });
    expect(warnings(running.logs)).toEqual([expect.stringMatching(expected)]);
    expect(warnings(running.logs)[0]).toContain(`callbackPath is "${path}"`);
  });

  it('may have been given for a parameter, of which nobody knows more than that', async () => {
    const running = await stage.start({
      controllers: [OrdersController, ShopController],
      options: { callbackPath: '/tea/wechat/callback' },
    });
    await expectLogin(browserFor(running), `${SHOP}/orders`);
    expect(warnings(running.logs)).toEqual([]);
  });

  it('has a page in front of WeChat’s, a 404 without a state, and no page for anybody else', async () => {
    const running = await stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { callbackPath },
    });
    const browser = browserFor(running);
    for (const query of ['', '?code=c', '?code=c&state=open', `?code=c&state=${'0'.repeat(32)}`]) {
      const { status, headers, body, setCookies } = await browser.visit(CALLBACK + query);
      expect([query, status, headers['cache-control'], setCookies]).toEqual([query, 404, 'no-store', []]);
      expect(JSON.parse(body)).toEqual({ message: 'Not Found', statusCode: 404 });
    }
    await expectLogin(browser, `${SHOP}/orders`);
    expect((await browser.visit(`${CALLBACK}?code=c`)).status).toBe(404);
    for (const method of ['HEAD', 'POST', 'OPTIONS'])
      expect((await browser.fetch(`${CALLBACK}?code=c`, { method })).status).toBe(404);
    expect((await browser.fetch(`${SHOP}/orders`)).status).toBe(200);
  });

  it('does not stand in the way of applications without the option', async () => {
    const running = await stage.start({ controllers: [OrdersController, WechatAuthController] });
    const browser = browserFor(running);
    const start = await browser.visit(`${SHOP}/orders`);
    expect(redirectUriOf(start)).toBe(`${SHOP}/orders`);
    const { redirectTo } = await stage.wechat.authorize(start.headers.location!, { user: 'ming' });
    const elsewhere = redirectTo!.replace('/orders?', '/wechat/callback?');
    expect((await browser.visit(elsewhere)).status).toBe(404);
    expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toEqual([]);
  });

  it('signs in once: doubled, reloaded, by the back button, after a restart', async () => {
    const setUp = { controllers: [OrdersController, WechatAuthController], options: { callbackPath } };
    const browser = browserFor(await stage.start(setUp));
    const start = await browser.visit(`${SHOP}/orders?page=2`);
    const { redirectTo } = await stage.wechat.authorize(start.headers.location!, { user: 'ming' });

    // The process that began it is not the one that ends it.
    browser.route(SHOP, (await stage.start(setUp)).port);
    const twins = await Promise.all([browser.visit(redirectTo!), browser.visit(redirectTo!)]);
    const reload = await browser.visit(redirectTo!);
    for (const { status, headers } of [...twins, reload])
      expect([status, headers.location]).toEqual([302, `${SHOP}/orders?page=2#`]);
    expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toHaveLength(1);
    expect((await browser.visit(`${SHOP}/orders?page=2`)).status).toBe(200);
    // Another browser can do nothing with it but begin a login of its own.
    const stranger = await browser.another().visit(redirectTo!);
    expect(redirectUriOf(stranger)).toBe(CALLBACK);
    expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toHaveLength(1);
  });

  it('is one for several apps, each with its own person and page', async () => {
    const running = await stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { apps: ALL_APPS, callbackPath },
    });
    for (const agent of [AGENTS.wechat, AGENTS.desktop]) {
      const browser = browserFor(running, agent);
      const start = await browser.visit(`${SHOP}/orders/mine`);
      expect(redirectUriOf(start)).toBe(CALLBACK);
      await expectLogin(browser.another(), `${SHOP}/orders/mine`);
    }
  });

  it('is that of each app at its own host', async () => {
    const club = 'https://club.example.com';
    const [official, website] = MOCK_APPS;
    const apps = [official, { ...website, domains: ['club.example.com'] }];
    const wechat = stage.keep(await startWechat({ apps }));
    const running = await stage.start({
      controllers: [OrdersController, WechatAuthController, AccountController],
      options: {
        endpoints: wechat.endpoints,
        callbackPath,
        apps: {
          official: ALL_APPS!['official']!,
          website: { ...ALL_APPS!['website']!, publicUrl: club, callbackPath: '/account/callback' },
        },
      },
    });
    const inside = browserFor(running, AGENTS.wechat, SHOP, club);
    const desk = browserFor(running, AGENTS.desktop, SHOP, club);
    expect(redirectUriOf(await inside.visit(`${SHOP}/orders`))).toBe(CALLBACK);
    expect(redirectUriOf(await desk.visit(`${club}/orders`))).toBe(`${club}/account/callback`);
    await expectLogin(inside.another(), `${SHOP}/orders`);
    await expectLogin(desk.another(), `${club}/orders`);
  });

  it('lies below the path that a console has with the host, where pages do not', async () => {
    const [official] = MOCK_APPS;
    const wechat = stage.keep(await startWechat({ apps: [{ ...official, domainPath: '/wechat' }] }));
    const setUp = { controllers: [OrdersController, WechatAuthController] };
    const { endpoints } = wechat;
    const running = await stage.start({ ...setUp, options: { endpoints, callbackPath } });
    await expectLogin(browserFor(running), `${SHOP}/orders?page=2`);

    const without = await stage.start({ ...setUp, options: { endpoints } });
    const start = await browserFor(without).visit(`${SHOP}/orders`);
    const { page } = await wechat.authorize(start.headers.location!, { user: 'ming' });
    expect(page!.errcode).toBe(10003);
  });

  it('behind a proxy that strips a path carries it', async () => {
    const publicUrl = `${SHOP}/shop`;
    const running = await stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { publicUrl, callbackPath },
    });
    const browser = browserFor(stage.keep(await startProxy(running.port, '/shop')));
    expect(redirectUriOf(await browser.visit(`${publicUrl}/orders`))).toBe(`${publicUrl}${callbackPath}`);
    await expectLogin(browser.another(), `${publicUrl}/orders?page=2`);
  });

  it('keeps nobody out of a silent page', async () => {
    const running = await stage.start({
      controllers: [ProductsController, WechatAuthController],
      options: { callbackPath },
    });
    await expectLogin(browserFor(running), `${SHOP}/products?page=2`);
    // WeChat has an evil day: the page all the same, and no second attempt.
    stage.wechat.inject('/sns/oauth2/access_token', { errcode: -1, times: Infinity });
    const browser = browserFor(running);
    const answers = await browser.follow(`${SHOP}/products?page=2`);
    expect(answers.at(-1)).toMatchObject({ status: 200, url: `${SHOP}/products?page=2` });
    expect((await browser.visit(`${SHOP}/products`)).status).toBe(200);
  });

  it('ends in a readable page for a browser that keeps no cookies', async () => {
    const running = await stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { callbackPath },
    });
    const browser = new Browser(AGENTS.wechat, true).route(SHOP, running.port);
    const page = (await browser.follow(`${SHOP}/orders`)).at(-1)!;
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('COOKIES_REQUIRED')]);
    expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toEqual([]);
  });

  it('signs in with the guard on every route, and stays shut behind a guard that lets nobody in', async () => {
    const setUp = (useClass: Type) =>
      stage.start({
        controllers: [OrdersController, WechatAuthController],
        providers: [{ provide: APP_GUARD, useClass }],
        options: { callbackPath },
      });
    await expectLogin(browserFor(await setUp(WechatAuthGuard)), `${SHOP}/orders?page=2`);
    const closed = browserFor(await setUp(ClosedGuard));
    expect((await closed.visit(`${CALLBACK}?code=c`)).status).toBe(403);
  });
});
