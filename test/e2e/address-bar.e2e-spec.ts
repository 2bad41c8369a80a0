// What a login leaves in the address bar: WeChat ends its own address with `#wechat_redirect`, and
// a browser carries it over redirects.
import { Controller, Get, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthController, WechatAuthGuard, WechatLoginHandler } from '../../lib/index.js';
import { ALL_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { browserFor, setStage } from '../support/stage.js';

@Controller()
@UseGuards(WechatAuthGuard)
class Pages {
  @Get('orders')
  orders() {
    return 'orders';
  }

  @Get('teas/:name')
  tea() {
    return 'tea';
  }

  @WechatAuth({ mode: 'silent' })
  @Get()
  home() {
    return 'home';
  }
}

class LeadsOn extends WechatLoginHandler {
  static to = '/';
  onLogin() {
    return Promise.resolve({ redirectTo: LeadsOn.to });
  }
}

describe.each(PLATFORMS)('The address bar after a login on %s', (_, adapter) => {
  const stage = setStage(adapter);
  const controllers = [Pages, WechatAuthController];

  it.each([
    ['a page', '/orders', '/orders#'],
    ['a page with a query', '/orders?page=2&q=%E8%8C%B6', '/orders?page=2&q=%E8%8C%B6#'],
    ['a page of Chinese path', '/teas/%E9%BE%99%E4%BA%95', '/teas/%E9%BE%99%E4%BA%95#'],
    ['a silent page', '/', '/#'],
    ['the login route', '/wechat/login?returnTo=/orders', '/orders#'],
    ['an address to return to with a fragment', '/wechat/login?returnTo=/orders%23top', '/orders#top'],
    ['a route of a hash router', '/wechat/login?returnTo=/%23/cellar?by=name', '/#/cellar?by=name'],
    ['an address to return to with an empty fragment', '/wechat/login?returnTo=/orders%23', '/orders#'],
    [
      'a whole address to return to',
      `/wechat/login?returnTo=${encodeURIComponent(`${SHOP}/orders?a=1`)}`,
      '/orders?a=1#',
    ],
  ])('keeps nothing of WeChat: %s', async (_name, start, end) => {
    const browser = browserFor(await stage.start({ controllers }));
    const answers = await browser.follow(SHOP + start);

    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
    expect(answers.at(-1)!.addressBar).toBe(SHOP + end);
  });

  it.each([
    ['official-account', AGENTS.wechat],
    ['website', AGENTS.desktop],
  ])('leaves the fragment that WeChat asks for alone: %s', async (_name, agent) => {
    const browser = browserFor(await stage.start({ controllers, options: { apps: ALL_APPS } }), agent);

    expect((await browser.visit(`${SHOP}/orders`)).headers.location).toMatch(/&state=\w+#wechat_redirect$/);
  });

  it.each([
    ['/orders', '/orders#'],
    ['/orders#top', '/orders#top'],
    [`${SHOP}/orders?a=1`, '/orders?a=1#'],
  ])('ends where the login handler says: %s', async (to, end) => {
    LeadsOn.to = to;
    const browser = browserFor(
      await stage.start({ controllers, extras: { loginHandler: { useClass: LeadsOn } } }),
    );

    expect((await browser.follow(`${SHOP}/teas/a`)).at(-1)!.addressBar).toBe(SHOP + end);
  });

  it('keeps nothing of WeChat when the callback is loaded again, and when somebody is signed in already', async () => {
    const browser = browserFor(await stage.start({ controllers }));
    const callback = (await browser.follow(`${SHOP}/orders`))[2]!.url;

    expect((await browser.visit(callback)).headers.location).toBe(`${SHOP}/orders#`);
    const direct = await browser.visit(`${SHOP}/wechat/login?returnTo=/orders`);
    expect(direct.headers.location).toBe(`${SHOP}/orders#`);
  });

  it.each([
    ['/sorry', '/sorry#'],
    ['/sorry?why=1#what', '/sorry?why=1#what'],
    ['https://help.example.com/', 'https://help.example.com/#'],
  ])('keeps nothing of WeChat on a page for problems: %s', async (redirect, end) => {
    const options = { hooks: { renderProblem: () => ({ redirect }) } };
    const browser = browserFor(await stage.start({ controllers, options }));
    const start = await browser.visit(`${SHOP}/orders`);
    const back = await browser.visit(start.headers.location!);
    const refused = new URL(back.headers.location!);
    refused.searchParams.delete('code');

    const answer = await browser.visit(refused.href);
    expect([answer.status, answer.headers.location]).toEqual([302, new URL(end, SHOP).href]);
  });
});
