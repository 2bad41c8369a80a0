// What people see when a login cannot go on: the module's pages, the application's own instead, and
// where they lead.
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatConfigError,
  type WechatHooks,
  WechatOAuthService,
  type WechatProblem,
} from '../../lib/index.js';
import { MOCK_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { browserFor, setStage } from '../support/stage.js';

const EXCHANGE = '/sns/oauth2/access_token';

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list() {
    return {};
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile() {
    return {};
  }
}

describe.each(PLATFORMS)('Problem pages on %s', (_name, adapter) => {
  const stage = setStage(adapter);
  const controllers = [OrdersController];

  async function desktopWith(renderProblem: WechatHooks['renderProblem'], publicUrl = SHOP) {
    const running = await stage.start({ controllers, options: { publicUrl, hooks: { renderProblem } } });
    return new Browser(AGENTS.desktop).route(SHOP, running.port);
  }

  it('lead back to where the login began, and home', async () => {
    stage.wechat.inject(EXCHANGE, { errcode: 45011 });
    const running = await stage.start({ controllers, options: { returnTo: { default: '/welcome' } } });

    const page = (await browserFor(running).follow(`${SHOP}/orders?page=2`)).at(-1)!;

    expect(page.status).toBe(502);
    expect(page.body).toContain(`href="${SHOP}/orders?page=2">Try again</a>`);
    expect(page.body).toContain(`href="${SHOP}/welcome">Home</a>`);
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(page.body).not.toContain('<script');
    expect(page.headers).toMatchObject({
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-frame-options': 'DENY',
    });
  });

  it('can be the application’s own', async () => {
    const seen: WechatProblem[] = [];
    const browser = await desktopWith(async (problem) => {
      seen.push(problem);
      return { status: 418, html: '<h1>茶</h1>' };
    });

    const answer = await browser.visit(`${SHOP}/orders`);

    expect([answer.status, answer.body]).toEqual([418, '<h1>茶</h1>']);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    // The rest of the module's policy would forbid the application's own styles and scripts.
    expect(answer.headers).toMatchObject({
      'content-security-policy': "frame-ancestors 'none'",
      'x-frame-options': 'DENY',
    });
    expect(seen).toEqual([
      {
        statusCode: 403,
        code: 'OPEN_IN_WECHAT',
        client: 'desktop-browser',
        message: expect.any(String),
        ref: expect.stringMatching(/^[0-9A-F]{10}$/),
        pageUrl: `${SHOP}/orders`,
        homeUrl: `${SHOP}/`,
      },
    ]);
  });

  it.each([
    ['/orders?page=2&q=%E8%8C%B6#top', '/orders?page=2&q=%E8%8C%B6'],
    ['/orders?code=SPRING', '/orders?code=SPRING'],
    ['/orders?code=0123456789&state=abc&page=2', '/orders?page=2'],
    ['/wechat/login?returnTo=/tea', '/wechat/login?returnTo=/tea'],
    [`/orders?q=${'a'.repeat(3_100)}`, undefined],
  ])('give the address of %s to take along to WeChat', async (path, expected) => {
    const seen: (string | undefined)[] = [];
    const renderProblem = ({ pageUrl }: WechatProblem) => void seen.push(pageUrl);
    const running = await stage.start({
      controllers: [...controllers, WechatAuthController],
      options: { publicUrl: `${SHOP}/shop`, hooks: { renderProblem } },
    });
    const { body } = await new Browser(AGENTS.desktop).route(SHOP, running.port).visit(`${SHOP}${path}`);
    expect(seen).toEqual([expected && `${SHOP}/shop${expected}`]);
    const shown = /<input readonly [^>]*value="([^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');
    expect(shown).toBe(seen[0]);
  });

  it.each([
    ['/logo.png', `${SHOP}/shop/logo.png`],
    ['https://cdn.example.com/l.png?v=1', 'https://cdn.example.com/l.png'],
  ])('say whose they are, with the logo %s', async (logoUrl, source) => {
    const brand = { name: '一盏茶', logoUrl, color: '#8C3B2A' };
    const running = await stage.start({ controllers, options: { publicUrl: `${SHOP}/shop`, brand } });
    const page = await new Browser(AGENTS.desktop).route(SHOP, running.port).visit(`${SHOP}/orders`);
    expect(page.body).toMatch(/<header><img src="[^"]*" alt=""><span>一盏茶<\/span><\/header>/);
    expect(page.body).toContain('background:#8c3b2a;color:#fff;');
    expect(page.headers['content-security-policy']).toContain(`; img-src ${source}; `);
  });

  it('stay the module’s where the application has none for a problem', async () => {
    const browser = await desktopWith(() => undefined);
    expect((await browser.visit(`${SHOP}/orders`)).body).toContain('OPEN_IN_WECHAT');
  });

  it.each([
    ['a path', '/help?why=wechat', SHOP, `${SHOP}/help?why=wechat#`],
    ['a path behind a proxy that strips one', '/help', `${SHOP}/shop`, `${SHOP}/shop/help#`],
    ['an address', 'https://help.example.com/茶', SHOP, 'https://help.example.com/%E8%8C%B6#'],
    ['another host without a scheme', '//help.example.com/x', SHOP, '//help.example.com/x#'],
  ])('can be a redirect to %s', async (_what, redirect, publicUrl, location) => {
    const browser = await desktopWith(() => ({ redirect }), publicUrl);

    const answer = await browser.visit(`${SHOP}/orders`);

    expect([answer.status, answer.headers.location]).toEqual([302, location]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('tell somebody who granted less than the page needs so, instead of asking for ever', async () => {
    stage.wechat.inject(EXCHANGE, { answer: { scope: 'snsapi_base' }, times: Infinity });
    const running = await stage.start({ controllers });
    const browser = browserFor(running);

    const page = (await browser.follow(`${SHOP}/orders/profile`)).at(-1)!;

    expect(page.status).toBe(403);
    expect(page.body).toContain('WECHAT_SCOPE_REQUIRED');
    expect(stage.wechat.callsTo(EXCHANGE)).toHaveLength(1);
    // What was granted is worth a session all the same.
    expect((await browser.fetch(`${SHOP}/orders`)).status).toBe(200);
  });

  it('speak of a login that failed when a state is spent and nothing is left of it', async () => {
    let now = Date.now();
    const running = await stage.start({ controllers, options: { now: () => now } });
    const browser = browserFor(running);
    const start = await browser.visit(`${SHOP}/orders`);
    const { redirectTo } = await stage.wechat.authorize(start.headers.location!, { user: 'ming' });
    // The answer is lost, so the browser keeps the cookie of an unfinished flow.
    await browser.visit(redirectTo!, { dropCookies: true });
    now += 61_000;

    const answers = await browser.follow(redirectTo!);

    expect(answers.at(-1)!.url).toBe(`${SHOP}/orders`);
    expect(answers.at(-1)!.status).toBe(200);
    expect(stage.wechat.callsTo(EXCHANGE)).toHaveLength(2);
  });

  it('are not needed by a service without a sessionSecret, whose login() says what is missing', async () => {
    const [, , { appId, secret }] = MOCK_APPS;
    const running = await stage.start({
      options: { appId, secret, type: 'mini-program', sessionSecret: undefined, publicUrl: undefined },
    });

    await expect(running.app.get(WechatOAuthService).login('some-code')).rejects.toThrow(WechatConfigError);
  });
});
