// Routes of mode `silent`: WeChat is asked once, unseen, and nobody is kept out.
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatIdentity,
  WechatUser,
} from '../../lib/index.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  PLATFORMS,
  type Running,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';

const AUTHORIZE = '/connect/oauth2/authorize';

@Controller('products')
@UseGuards(WechatAuthGuard)
class ProductsController {
  @WechatAuth({ mode: 'silent' })
  @Get()
  list(@WechatUser() user?: WechatIdentity) {
    return { user: user?.openid ?? null };
  }

  @Get('mine')
  mine(@WechatUser('openid') openid: string) {
    return { user: openid };
  }
}

describe.each(PLATFORMS)('A silent route on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let browser: Browser;
  const asked = () => wechat.callsTo(AUTHORIZE).length + wechat.callsTo('/connect/qrconnect').length;
  const userOf = (answers: Answer[]) => answers.at(-1)!.json<{ user: string | null }>().user;

  beforeEach(async () => {
    wechat = await startWechat();
    running = await startApplication({
      wechat,
      adapter,
      controllers: [ProductsController, WechatAuthController],
      options: { apps: ALL_APPS, defaultApp: 'official' },
    });
    browser = new Browser().route(SHOP, running.port);
  });

  afterEach(async () => {
    await running.app.close();
    await wechat.close();
  });

  it('signs somebody in WeChat in without a question, and stays clean', async () => {
    const answers = await browser.follow(`${SHOP}/products?q=tea`);

    expect(userOf(answers)).toBe(wechat.openidOf('wx00000000official', 'ming'));
    expect(answers.at(-1)!.url).toBe(`${SHOP}/products?q=tea`);
    expect(wechat.callsTo(AUTHORIZE)[0]!.query['scope']).toBe('snsapi_base');
  });

  it('asks once, and remembers when nothing came of it', async () => {
    wechat.inject('/sns/oauth2/access_token', { errcode: -1, times: Infinity });
    const first = await browser.follow(`${SHOP}/products`);
    const second = await browser.follow(`${SHOP}/products`);

    expect(userOf(first)).toBeNull();
    expect(first.at(-1)!.url).toBe(`${SHOP}/products`);
    expect(userOf(second)).toBeNull();
    expect(second).toHaveLength(1);
    expect(asked()).toBe(1);
  });

  it('lets somebody whose flow got lost on the way in all the same', async () => {
    const start = await browser.visit(`${SHOP}/products`);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user: 'ming' });
    for (const name of await browser.cookieNames(SHOP)) {
      if (!name.includes('wechat_flow')) continue;
      await browser.jar.setCookie(`${name}=; Max-Age=0; Path=/; Secure`, SHOP);
    }

    const answers = await browser.follow(redirectTo!);

    expect(userOf(answers)).toBeNull();
    expect(answers.at(-1)!.url).toBe(`${SHOP}/products`);
    expect(wechat.callsTo('/sns/oauth2/access_token')).toHaveLength(0);
  });

  it('does not send a browser that refuses cookies round and round', async () => {
    const refusing = new Browser(AGENTS.wechat, true).route(SHOP, running.port);

    const answers = await refusing.follow(`${SHOP}/products`);

    expect(userOf(answers)).toBeNull();
    expect(answers.map(({ status }) => status)).toEqual([302, 302, 200]);
    expect(wechat.callsTo('/sns/oauth2/access_token')).toHaveLength(0);
  });

  it('shows nobody a page when the login is refused by WeChat or the handler of a snapshot', async () => {
    wechat.unsure.refusalRedirects = true;
    const start = await browser.visit(`${SHOP}/products`);
    const state = new URL(start.headers.location!).searchParams.get('state')!;

    const answers = await browser.follow(`${SHOP}/products?state=${state}`);

    expect(userOf(answers)).toBeNull();
    expect(answers.at(-1)!.url).toBe(`${SHOP}/products`);
  });

  it('does not sign somebody in again who has just signed out', async () => {
    await browser.follow(`${SHOP}/products`);
    wechat.clearCalls();
    const out = await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });

    const answers = await browser.follow(`${SHOP}/products`);

    expect(out.status).toBe(204);
    expect(userOf(answers)).toBeNull();
    expect(asked()).toBe(0);
  });

  it('asks again after a login on a route that requires one', async () => {
    wechat.inject('/sns/oauth2/access_token', { errcode: -1, times: 1 });
    await browser.follow(`${SHOP}/products`);
    await browser.follow(`${SHOP}/products/mine`);

    expect((await browser.cookieNames(SHOP)).filter((name) => name.includes('wechat_silent'))).toEqual([]);
    expect(userOf(await browser.follow(`${SHOP}/products`))).toBe(
      wechat.openidOf('wx00000000official', 'ming'),
    );
  });

  it('knows somebody whose session is already there', async () => {
    await browser.follow(`${SHOP}/products/mine`);
    wechat.clearCalls();

    expect(userOf(await browser.follow(`${SHOP}/products`))).toBe(
      wechat.openidOf('wx00000000official', 'ming'),
    );
    expect(asked()).toBe(0);
  });
});
