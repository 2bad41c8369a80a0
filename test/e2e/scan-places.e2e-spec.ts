// Where the page of a scan may stand: below prefixes and paths, for one of several accounts; and how
// many codes it shows there.
import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from '../../lib/index.js';
import { WechatScanController } from '../../lib/push/index.js';
import type { MockAppOptions } from '../../lib/testing/index.js';
import { MOCK_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';
import { FORMER_KEY, PUSH, settingsFor } from '../support/push-kit.js';
import { digitsFor, openScan, ORDERS, SCAN_CONTROLLERS, scanPage, typeDigits } from '../support/scan-kit.js';
import { setScanStage } from '../support/scan-stage.js';
import { startProxy } from '../support/stripping-proxy.js';

const [FIRST] = MOCK_APPS;
const SECOND = {
  type: 'official-account' as const,
  appId: 'wx000000000second0',
  secret: 'secretcanarysecond00000000000000',
  domains: ['shop.example.com'],
  openPlatform: 'shop',
} satisfies MockAppOptions;

@Controller('second')
@UseGuards(WechatAuthGuard)
@WechatAuth({ app: 'second' })
class Second {
  @Get()
  list(@WechatUser() user: WechatIdentity): unknown {
    return { user };
  }
}

@Controller('door')
class OwnScanController extends WechatScanController {}

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter, { apps: [...MOCK_APPS, SECOND] });

  describe('Too many', () => {
    it('are refused to one client, with an event and the other doors', async () => {
      const { browser } = await stage.startScan({}, { perClient: 2 });
      const one = await openScan(browser);
      await openScan(browser.another());
      const [, refused] = (await browser.another().follow(ORDERS)) as [Answer, Answer];
      expect([refused.status, stage.created()]).toEqual([429, 2]);
      expect(refused.body).toContain('WeChat');
      expect(refused.body).toContain('TOO_MANY_CODES');
      expect(stage.said('scan.limited')).toEqual([expect.objectContaining({ by: 'client', app: 'default' })]);
      // What is shown stays.
      expect((await browser.visit(one.url)).status).toBe(200);
      stage.later(10 * 60_000 + 1);
      expect((await browser.another().follow(ORDERS)).at(-1)!.status).toBe(200);
    });

    it('are counted by no proxy’s address, which is said once', async () => {
      const { browser, logs } = await stage.startScan({}, { perClient: 1 });
      const headers = { 'x-forwarded-for': '203.0.113.7' };
      for (let time = 0; time < 3; time++)
        expect((await browser.another().follow(ORDERS, { headers })).at(-1)!.status).toBe(200);
      const said = logs.lines.filter(({ text }) => text.includes('trust proxy'));
      expect(said.map(({ level }) => level)).toEqual(['warn']);
    });
  });

  describe('Where it is', () => {
    const whole = async (setup: Parameters<typeof stage.startScan>[0], path: string) => {
      const { browser } = await stage.startScan(setup);
      const page = await openScan(browser, path);
      await stage.scan();
      const action = /<form method="post" action="([^"]+)"/.exec((await browser.visit(page.url)).body)![1]!;
      const done = await browser.visit(new URL(action.replaceAll('&amp;', '&'), SHOP).href, {
        method: 'POST',
        headers: { origin: SHOP, 'content-type': 'application/x-www-form-urlencoded' },
        body: `digits=${digitsFor(stage.wechat)}`,
      });
      expect([done.status, done.headers.location]).toEqual([303, path]);
      expect((await browser.visit(path)).status).toBe(200);
      return new URL(page.url).pathname;
    };

    it('is below a global prefix', async () => {
      const configure = (app: INestApplication) => void app.setGlobalPrefix('api');
      expect(await whole({ configure }, `${SHOP}/api/orders`)).toBe('/api/wechat/scan');
    });

    it('is where the application extends it', async () => {
      const controllers = SCAN_CONTROLLERS.map((one) =>
        one === WechatScanController ? OwnScanController : one,
      );
      expect(await whole({ controllers }, ORDERS)).toBe('/door/scan');
    });

    it('is below the path of publicUrl, which a proxy takes away', async () => {
      const { port } = await stage.startScan({ options: { publicUrl: `${SHOP}/shop` } });
      const proxy = stage.keep(await startProxy(port, '/shop'));
      const browser = new Browser(AGENTS.desktop).route(SHOP, proxy.port);
      const page = await openScan(browser, `${SHOP}/shop/orders`);
      expect(new URL(page.url).pathname).toBe('/shop/wechat/scan');
      expect(page.body).toContain('data-events="/shop/wechat/scan/events?state=');
      await scanPage(stage.wechat, page);
      const done = await browser.visit(page.url.replace('/scan?', '/scan/finish?'), {
        method: 'POST',
        headers: { origin: SHOP, 'content-type': 'application/x-www-form-urlencoded' },
        body: `digits=${digitsFor(stage.wechat)}`,
      });
      expect([done.status, done.headers.location]).toEqual([303, `${SHOP}/shop/orders`]);
      expect((await browser.visit(`${SHOP}/shop/orders`)).status).toBe(200);
    });

    it('is one for several accounts, whose logins are kept apart', async () => {
      const app = ({ type, appId, secret }: typeof FIRST | typeof SECOND, push: typeof PUSH) => ({
        type,
        appId,
        secret,
        push,
        scan: true,
      });
      const push = { token: 'SecondToken1', encodingAesKey: FORMER_KEY };
      const { browser, port } = await stage.startScan({
        controllers: [...SCAN_CONTROLLERS, Second],
        options: {
          push: undefined,
          scan: undefined as never,
          apps: { first: app(FIRST, PUSH), second: app(SECOND, push) },
          defaultApp: 'first',
        },
      });
      const url = (name: string) => `http://127.0.0.1:${port}/wechat/push/${name}`;
      await stage.wechat.setPush(settingsFor(port, { url: url('first') }));
      await stage.wechat.setPush({ appId: SECOND.appId, url: url('second'), ...push });
      const page = await openScan(browser, `${SHOP}/second`);
      const scene = stage.scene();
      // Ours, pushed by the other account: nobody has scanned anything.
      const fields = { MsgType: 'event', Event: 'SCAN', EventKey: scene, Ticket: 't' };
      const wrong = await stage.wechat.push({ appId: FIRST.appId, user: 'ming', fields });
      expect(wrong.reply!['Content']).toContain('This code is over');
      expect((await typeDigits(browser, page, '123456')).status).toBe(422);
      await stage.wechat.scan({ appId: SECOND.appId, scene, user: 'ming' });
      const text = stage.wechat.chat(SECOND.appId, 'ming').at(-1)!.text;
      const done = await typeDigits(browser, page, /^\d{6}$/m.exec(text)![0]);
      expect([done.status, done.headers.location]).toEqual([303, `${SHOP}/second`]);
      expect(stage.logins.map(({ identity }) => identity.appId)).toEqual([SECOND.appId]);
      expect((await browser.visit(`${SHOP}/second`)).status).toBe(200);
    });

    it('is told of where a slash follows', async () => {
      const { browser } = await stage.startScan();
      const sent = await browser.visit(ORDERS);
      const page = await browser.visit(sent.headers.location!.replace('/scan?', '/scan/?'));
      expect([200, 404]).toContain(page.status);
      const typed = await browser.visit(`${SHOP}/wechat/scan`);
      expect(typed.headers.location).toMatch(/^https:\/\/shop\.example\.com\/wechat\/login/);
      const bad = await browser.visit(`${SHOP}/wechat/scan?state=${'d'.repeat(32)}`);
      expect([bad.status, bad.body.includes('BAD_LOGIN_REQUEST')]).toEqual([400, true]);
    });
  });
});
