// The whole path: a page, WeChat, and back.
import type { WechatMockServer } from '../../lib/testing/index.js';
import { PLATFORMS, type Running, SHOP, startApplication, startWechat } from '../support/application.js';
import { Browser } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';

describe.each(PLATFORMS)('A login on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let browser: Browser;

  beforeEach(async () => {
    wechat = await startWechat();
    running = await startApplication({ wechat, adapter, controllers: [OrdersController] });
    browser = new Browser().route(SHOP, running.port);
  });

  afterEach(async () => {
    await running.app.close();
    await wechat.close();
  });

  it('goes to WeChat and comes back to the page that was asked for, query included', async () => {
    const answers = await browser.follow(`${SHOP}/orders?page=2&q=%E8%8C%B6`);

    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
    expect(answers.at(-1)!.url).toBe(`${SHOP}/orders?page=2&q=%E8%8C%B6`);
    expect(answers.at(-1)!.json()).toEqual({
      user: {
        app: 'default',
        appId: 'wx00000000official',
        openid: wechat.openidOf('wx00000000official', 'ming'),
        scope: ['snsapi_base'],
        isSnapshotUser: false,
      },
    });
  });

  it('stays signed in without asking WeChat again', async () => {
    await browser.follow(`${SHOP}/orders`);
    wechat.clearCalls();

    const answer = await browser.fetch(`${SHOP}/orders/mine`);

    expect(answer.json()).toEqual({ openid: wechat.openidOf('wx00000000official', 'ming') });
    expect(wechat.calls).toHaveLength(0);
  });

  it('asks for name and picture only on the route that needs them', async () => {
    await browser.follow(`${SHOP}/orders`);
    const answers = await browser.follow(`${SHOP}/orders/profile`);

    expect(answers.at(-1)!.json()).toMatchObject({ user: { nickname: '小明', scope: ['snsapi_userinfo'] } });
  });

  it('answers a fetch with 401 instead of a redirect', async () => {
    const answer = await browser.fetch(`${SHOP}/orders`);

    expect(answer.status).toBe(401);
    expect(answer.headers.location).toBeUndefined();
    expect(answer.json()).toEqual({
      statusCode: 401,
      code: 'WECHAT_LOGIN_REQUIRED',
      message: 'Sign in with WeChat first.',
      app: 'default',
      ref: expect.stringMatching(/^[0-9A-F]{10}$/),
    });
  });
});
