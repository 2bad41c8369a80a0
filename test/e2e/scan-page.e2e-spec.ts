// The page of a scan: who is sent there, what it asks WeChat for and when, and what stands in it.
import { WechatAuthController } from '../../lib/index.js';
import { MOCK_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { expectFreeOf } from '../support/canary.js';
import { PUSH, settingsFor } from '../support/push-kit.js';
import { digitsFor, openScan, Orders, ORDERS, statusAt, typeDigits, urlOf } from '../support/scan-kit.js';
import { setScanStage, shownIn } from '../support/scan-stage.js';
import { browserFor } from '../support/stage.js';

const [official, website] = MOCK_APPS;
describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter);
  const apps = (scan: unknown = true) => ({
    official: { type: official.type, appId: official.appId, secret: official.secret, push: PUSH, scan },
    website: { type: website.type, appId: website.appId, secret: website.secret },
  });
  const startBoth = (options: object = {}) =>
    stage.startScan({
      options: { push: undefined, scan: undefined as never, apps: apps() as never, ...options },
    });

  describe('Who is sent there', () => {
    it('is a desktop alone', async () => {
      const { browser } = await stage.startScan();
      const [sent] = await browser.follow(ORDERS);
      expect([sent!.status, new URL(sent!.headers.location!).pathname]).toEqual([302, '/wechat/scan']);
      expect(sent!.headers['cache-control']).toBe('no-store');
      const inside = await browser.another(AGENTS.wechat).visit(ORDERS);
      expect(inside.headers.location).toContain('/connect/oauth2/authorize');
      const phone = await browser.another(AGENTS.phone).visit(ORDERS);
      expect([phone.status, phone.setCookies]).toEqual([403, []]);
      expect((await browser.fetch(ORDERS)).status).toBe(401);
      expect(stage.created()).toBe(1);
    });

    it('is nobody who wants a page with name and picture', async () => {
      const { browser } = await stage.startScan();
      const refused = await browser.visit(`${ORDERS}/profile`);
      expect([refused.status, refused.headers.location]).toEqual([403, undefined]);
      // Nor after a login by a scan.
      const page = await openScan(browser);
      await stage.scan();
      await typeDigits(browser, page, digitsFor(stage.wechat));
      expect((await browser.visit(ORDERS)).status).toBe(200);
      expect((await browser.visit(`${ORDERS}/profile`)).status).toBe(403);
    });

    it('is nobody whom a website app serves, unless hooks.selectApp prefers it', async () => {
      const plain = await startBoth();
      expect((await plain.browser.visit(ORDERS)).headers.location).toContain('/connect/qrconnect');
      const candidates: (readonly string[])[] = [];
      const selectApp = (context: { candidates: readonly string[] }) => {
        candidates.push(context.candidates);
        return 'official';
      };
      const chosen = await startBoth({ hooks: { selectApp } });
      const page = await openScan(chosen.browser);
      expect(candidates[0]).toEqual(['website', 'official']);
      await stage.wechat.setPush(
        settingsFor(chosen.port, { url: `http://127.0.0.1:${chosen.port}/wechat/push` }),
      );
      await stage.scan();
      expect((await typeDigits(chosen.browser, page, digitsFor(stage.wechat))).status).toBe(303);
      expect(stage.logins.at(-1)!.identity.app).toBe('official');
    });

    it('is nobody where the page is not mounted, which the start says', async () => {
      const { browser, logs } = await stage.startScan({ controllers: [WechatAuthController, Orders] });
      expect((await browser.visit(ORDERS)).status).toBe(403);
      const warnings = logs.lines.filter(({ level, text }) => level === 'warn' && /scan/i.test(text));
      expect(warnings).toHaveLength(1);
      expect(warnings[0]!.text).toContain('WechatScanController');
    });
  });

  describe('A code', () => {
    it('is asked for by who shows the cookie: without, once more and then the end', async () => {
      const { browser, port } = await stage.startScan();
      const [sent] = await browser.follow(ORDERS);
      const before = stage.created();
      const address = sent!.headers.location!;
      const stranger = browserFor({ port }, AGENTS.desktop);
      const answers = await stranger.follow(address);
      expect(answers.map(({ status }) => status)).toEqual([302, 400]);
      expect(answers.at(-1)!.body).toContain('COOKIES_REQUIRED');
      const blocking = new Browser(AGENTS.desktop, true).route(SHOP, port);
      expect((await blocking.follow(ORDERS)).map(({ status }) => status)).toEqual([302, 302, 400]);
      expect(stage.created()).toBe(before);
    });

    it('is asked for by nobody who fetches ahead, by HEAD, by a script, in a frame', async () => {
      const { browser } = await stage.startScan();
      const sent = await browser.visit(ORDERS);
      const address = sent.headers.location!;
      const no = [
        await browser.visit(address, { headers: { 'sec-purpose': 'prefetch' } }),
        await browser.visit(address, { headers: { purpose: 'prefetch' } }),
        await browser.visit(address, { method: 'HEAD' }),
        await browser.fetch(address),
        await browser.visit(address, {
          headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
        }),
        await browser.visit(address, { headers: { 'x-requested-with': 'XMLHttpRequest' } }),
      ];
      expect(no.map(({ status }) => status)).toEqual([503, 503, 401, 401, 401, 401]);
      expect(no.flatMap(({ setCookies }) => setCookies)).toEqual([]);
      expect(stage.created()).toBe(0);
      expect((await browser.visit(address)).status).toBe(200);
    });

    it('is the same on a reload and in a second tab, and two tabs at once', async () => {
      const { browser } = await stage.startScan();
      const sent = await browser.visit(ORDERS);
      const address = sent.headers.location!;
      const tabs = await Promise.all([browser.visit(address), browser.visit(address)]);
      tabs.push(await browser.visit(address), await browser.visit(`${address}&new=1`));
      expect(new Set(tabs.map((tab) => /<path d="([^"]+)"/.exec(tab.body)![1])).size).toBe(1);
      expect(stage.created()).toBe(1);
      await stage.scan();
      expect([shownIn(await browser.visit(address)), stage.created()]).toEqual(['scanned', 1]);
    });

    it('is over after its time, and there is a new one for a click', async () => {
      const { browser } = await stage.startScan({}, { lifetime: 60 });
      const page = await openScan(browser);
      stage.later(59_000);
      expect(await statusAt(browser, page)).toBe('waiting');
      stage.later(2_000);
      expect(await statusAt(browser, page)).toBe('expired');
      const over = await browser.visit(page.url);
      expect([over.status, shownIn(over), stage.created()]).toEqual([410, 'expired', 1]);
      const late = await stage.scan();
      expect(late.reply!['Content']).toContain('This code is over');
      expect((await typeDigits(browser, page, '123456')).status).toBe(410);
      const link = /<section data-on="expired"[^>]*>.*?href="([^"]+)"/.exec(over.body)![1]!;
      const fresh = (await browser.follow(new URL(link.replaceAll('&amp;', '&'), SHOP).href)).at(-1)!;
      expect([fresh.status, shownIn(fresh), stage.created()]).toEqual([200, 'waiting', 2]);
      await stage.scan();
      expect((await typeDigits(browser, fresh, digitsFor(stage.wechat))).status).toBe(303);
    });

    it('gives who has scanned it three minutes more, and no more', async () => {
      const { browser } = await stage.startScan({}, { lifetime: 60 });
      const page = await openScan(browser);
      stage.later(59_000);
      await stage.scan();
      stage.later(179_000);
      expect(await statusAt(browser, page)).toBe('scanned');
      stage.later(2_000);
      expect(await statusAt(browser, page)).toBe('expired');
      const late = await typeDigits(browser, page, digitsFor(stage.wechat));
      expect([late.status, shownIn(late)]).toEqual([410, 'expired']);
    });
  });

  describe('What stands in it', () => {
    it('is nothing that anybody could redraw the code by, under a strict policy', async () => {
      const { browser } = await stage.startScan({
        options: { returnTo: { origins: ['https://m.example.com'] } },
      });
      const page = await openScan(browser);
      const { headers, body } = page;
      expect(urlOf(page)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/q\//);
      expectFreeOf(body + JSON.stringify(headers), [stage.scene(), urlOf(page)]);
      expect(/ticket|showqrcode|127\.0\.0\.1|\/q\//.exec(body)).toBeNull();
      // Nothing is loaded from anywhere, and links lead to the application alone.
      const links = [...body.matchAll(/ (?:src|href)="([^"]*)"/g)].map(
        ([, link]) => new URL(link!, SHOP).origin,
      );
      expect(new Set(links)).toEqual(new Set([SHOP]));
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-type': 'text/html; charset=utf-8',
      });
      const policy = headers['content-security-policy'] as string;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toMatch(/form-action 'self' [^;]*https:\/\/m\.example\.com/);
      expect(policy).not.toContain('unsafe');
      const hash = async (text: string) =>
        `'sha256-${Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('base64')}'`;
      for (const [, tag, text] of body.matchAll(/<(script|style)>(.*?)<\/\1>/gs))
        expect(policy).toContain(`${tag}-src ${await hash(text!)}`);
      expect(body).not.toMatch(/ style="| on\w+="/);
    });

    it('works without a script: it asks again by itself, but not while digits are typed', async () => {
      const { browser } = await stage.startScan();
      const page = await openScan(browser);
      expect(page.body).toMatch(/<noscript><meta http-equiv="refresh" content="\d+;url=[^"]+"><\/noscript>/);
      await stage.scan();
      const scanned = await browser.visit(page.url);
      expect(scanned.body).not.toContain('http-equiv="refresh"');
      expect(scanned.body).toMatch(
        /<input id="digits"[^>]*inputmode="numeric"[^>]*autocomplete="one-time-code"/,
      );
      expect([shownIn(scanned), scanned.body.includes('<svg class="code"')]).toEqual(['scanned', false]);
    });

    it('is in the language of the browser, in the brand’s colours', async () => {
      const brand = { name: 'Tea & Co', color: '#1d6f42', logoUrl: '/logo.svg' };
      const { browser } = await stage.startScan({ options: { brand } });
      const page = await openScan(browser);
      expect(page.body).toContain('<html lang="en">');
      expect(page.body).toContain('Tea &amp; Co');
      expect(page.body).toContain(`${SHOP}/logo.svg`);
      expect(page.headers['content-security-policy']).toContain(`img-src ${SHOP}`);
      const zh = await browser.visit(page.url, { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } });
      expect(zh.body).toContain('<html lang="zh-CN">');
      expect(zh.body).toContain('微信扫码登录');
    });
  });
});
