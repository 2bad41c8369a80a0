// Logins while the connections to WeChat break, do not come to be, or are too few. Without nock,
// which knows no kept connections.
import http from 'node:http';
import net from 'node:net';
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatOAuthModuleOptions,
  WechatUser,
} from '../../lib/index.js';
import type { MockFault } from '../../lib/testing/index.js';
import { ALL_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { browserFor, expectLogin, setStage } from '../support/stage.js';

const EXCHANGE = '/sns/oauth2/access_token';

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile(@WechatUser('nickname') nickname: string) {
    return { nickname };
  }
}

/** Refuses its first connections, and counts the others. */
class RefusingAgent extends http.Agent {
  opened = 0;

  constructor(public left: number) {
    super({ keepAlive: true });
  }

  override createConnection(...args: Parameters<http.Agent['createConnection']>) {
    if (this.left-- <= 0) {
      this.opened++;
      return super.createConnection(...args);
    }
    const socket = new net.Socket();
    const facts = { code: 'ECONNREFUSED', syscall: 'connect' };
    process.nextTick(() => socket.destroy(Object.assign(new Error('connect ECONNREFUSED'), facts)));
    return socket;
  }
}

describe.each(PLATFORMS)('Connections to WeChat on %s', (_name, adapter) => {
  const stage = setStage(adapter);
  const start = (more: WechatOAuthModuleOptions['http'] = {}) =>
    stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { apps: ALL_APPS, http: more },
    });

  it('are kept', async () => {
    const httpAgent = new RefusingAgent(0);
    const running = await start({ httpAgent });
    for (let i = 0; i < 3; i++) await expectLogin(browserFor(running), `${SHOP}/orders`);
    expect(stage.wechat.callsTo(EXCHANGE)).toHaveLength(3);
    expect(httpAgent.opened).toBe(1);
  });

  it.each<[string, string, string, MockFault]>([
    ['code', '/orders', EXCHANGE, { reset: true }],
    ['profile', '/orders/profile', '/sns/userinfo', { reset: true }],
  ])('that break as the next %s is sent cost nobody a login', async (_what, path, endpoint, fault) => {
    const running = await start();
    await expectLogin(browserFor(running), SHOP + path);
    const strike = stage.wechat.inject(endpoint, fault);

    await expectLogin(browserFor(running), SHOP + path);

    expect(strike.hits).toBe(1);
  });

  it('that break after WeChat has taken the code cost a silent round, not a click', async () => {
    const running = await start();
    await expectLogin(browserFor(running), `${SHOP}/orders`);
    stage.wechat.inject(EXCHANGE, { reset: true, afterEffect: true });

    const answers = await browserFor(running).follow(`${SHOP}/orders`);

    expect(answers.at(-1)).toMatchObject({ status: 200, url: `${SHOP}/orders` });
    expect(answers.every(({ status }) => status === 302 || status === 200)).toBe(true);
  });

  it('that are refused for a moment cost nobody a login', async () => {
    const running = await start({ httpAgent: new RefusingAgent(2) });
    await expectLogin(browserFor(running), `${SHOP}/orders`);
    expect(stage.wechat.callsTo(EXCHANGE)).toHaveLength(1);
  });

  it('are no more than allowed; who finds no place is answered 503, and the code is kept', async () => {
    const running = await start({ maxSockets: 1, timeout: 800 });
    stage.wechat.inject(EXCHANGE, { hang: true, times: Infinity });
    const callbacks = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = browserFor(running);
        const first = await browser.visit(`${SHOP}/orders`);
        const { redirectTo } = await stage.wechat.authorize(first.headers.location!, { user: 'ming' });
        return { browser, url: redirectTo! };
      }),
    );

    const answers = await Promise.all(callbacks.map(({ browser, url }) => browser.visit(url)));

    expect(answers.map(({ status }) => status).sort()).toEqual([502, 503, 503, 503, 503]);
    expect(answers.every(({ body }) => body.includes('LOGIN_FAILED'))).toBe(true);
    expect(stage.wechat.callsTo(EXCHANGE)).toHaveLength(1);
  });

  it('are as few for programs: 503 in the words of the contract', async () => {
    const running = await start({ maxSockets: 1, timeout: 800 });
    stage.wechat.inject('/sns/jscode2session', { hang: true, times: Infinity });
    const login = (code: string) =>
      fetch(`http://127.0.0.1:${running.port}/wechat/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ app: 'mini', code }),
      });

    const answers = await Promise.all(['a1', 'b2', 'c3', 'd4', 'e5'].map(login));

    expect(answers.map(({ status }) => status).sort()).toEqual([502, 503, 503, 503, 503]);
    const busy = answers.find(({ status }) => status === 503)!;
    expect(await busy.json()).toMatchObject({ statusCode: 503, code: 'LOGIN_FAILED', app: 'mini' });
  });
});
