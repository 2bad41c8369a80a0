// The length of what we add to headers: nginx answers 502 to more than 4 KiB from behind it,
// servers 400 or 431 to too long a Cookie field.
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatLoginHandler,
  type WechatOAuthModuleOptions,
} from '../../lib/index.js';
import { signInAs } from '../../lib/testing/index.js';
import { MOCK_APPS, PLATFORMS, SHOP } from '../support/application.js';
import type { Answer, Browser } from '../support/browser.js';
import { browserFor, expectLogin, redirectUriOf, setStage } from '../support/stage.js';

const { type, appId, secret } = MOCK_APPS[0];
const SISTERS = ['b', 'c', 'd', 'e'].map((letter) => ({
  type: 'official-account' as const,
  appId: `wx0000000000000${letter}`,
  secret: `secretcanary${letter}0000000000000000000`,
}));
const FIVE_APPS: WechatOAuthModuleOptions['apps'] = Object.fromEntries(
  [{ type, appId, secret }, ...SISTERS].map((app, index) => [`app${index}`, app]),
);

@Controller()
@UseGuards(WechatAuthGuard)
class ShopController {
  @Get(['me', 'me/:name', 'deep/:a/:b', 'deep/:a/:b/:c/:d'])
  me() {
    return {};
  }

  @WechatAuth({ mode: 'silent' })
  @Get('products')
  products() {
    return {};
  }
}

describe.each(PLATFORMS)('Headers on %s', (_platform, adapter) => {
  const stage = setStage(adapter, {
    apps: [...MOCK_APPS, ...SISTERS.map((app) => ({ ...app, domains: ['shop.example.com'] }))],
  });
  let claims: object | undefined;

  class ShopLogin extends WechatLoginHandler {
    async onLogin() {
      return claims === undefined ? {} : { claims };
    }
  }

  beforeEach(() => {
    claims = undefined;
  });

  const start = (options: Partial<WechatOAuthModuleOptions> = {}) =>
    stage.start({
      controllers: [ShopController, WechatAuthController],
      options,
      extras: { loginHandler: { useClass: ShopLogin } },
    });

  /** What nginx would read of an answer of ours. */
  function expectShort({ headers, setCookies, url }: Answer): void {
    const lines = [...setCookies.map((line) => `Set-Cookie: ${line}`), `Location: ${headers.location ?? ''}`];
    const length = lines.reduce((sum, line) => sum + line.length + 2, 0);
    expect([url.slice(0, 60), length < 4_000]).toEqual([url.slice(0, 60), true]);
  }

  async function expectShortAll(browser: Browser, url: string): Promise<Answer> {
    const answers = await browser.follow(url);
    for (const answer of answers.filter((one) => one.url.startsWith(SHOP))) expectShort(answer);
    expect((await browser.jar.getCookieString(SHOP)).length).toBeLessThan(6_000);
    return answers.at(-1)!;
  }

  it.each([
    ['an address of 1,100 characters', `/me?utm=${'x'.repeat(1_100)}`],
    ['one of 2,000', `/me?utm=${'x'.repeat(2_000)}`],
    ['a Chinese query', `/me?q=${'茶'.repeat(200)}`],
    ['a Chinese path', `/deep/${'茶'.repeat(60)}/${'茶'.repeat(60)}?x=1`],
    ['a login route with 1,100 characters', `/wechat/login?returnTo=/me?utm=${'x'.repeat(1_100)}`],
    ['a login route with Chinese', `/wechat/login?returnTo=/me/${encodeURIComponent('茶'.repeat(11))}?q=${encodeURIComponent('茶'.repeat(110))}`], // prettier-ignore
  ])('are short and lose nothing with %s, also at a repeat of the callback', async (_what, path) => {
    const running = await start();
    const browser = browserFor(running);
    const wanted = new URL(SHOP + path);
    const clean = path.startsWith('/wechat/login')
      ? new URL(wanted.searchParams.get('returnTo')!, SHOP).href
      : wanted.href;
    const end = clean.includes('#') ? clean : `${clean}#`;
    const begun = await browser.visit(wanted.href);
    expectShort(begun);
    const sent = await browser.visit(begun.headers.location!);
    const done = await browser.visit(sent.headers.location!);
    expectShort(done);
    const repeat = await browser.visit(sent.headers.location!);
    expectShort(repeat);
    expect([done.headers.location, repeat.headers.location]).toEqual([end, end]);
    expect(running.logs.text).not.toContain('whole address');
  });

  it.each([
    ['a query', `/me?utm=${'x'.repeat(2_900)}&secret=hunter2`, `${SHOP}/me`],
    ['a longer one', `/me?utm=${'x'.repeat(5_000)}`, `${SHOP}/me`],
    ['a login route', `/wechat/login?returnTo=/me?utm=${'x'.repeat(2_900)}`, `${SHOP}/`],
  ])('say in the log what they have no room for: %s', async (_what, path, end) => {
    const running = await start();
    const browser = browserFor(running);
    for (let time = 0; time < 2; time++) {
      const begun = await browser.visit(SHOP + path);
      expectShort(begun);
      expect(begun.status).toBe(302);
    }
    expect((await browser.follow(SHOP + path)).at(-1)!.url).toBe(end);
    const said = running.logs.lines.filter(({ text }) => text.includes('whole address'));
    expect(said.map(({ level }) => level)).toEqual(['warn']);
    expect(running.logs.text).not.toMatch(/hunter2|xxxx/);
  });

  it('refuse a path that no redirect to WeChat has room for', async () => {
    const running = await start();
    for (const path of [
      `/deep${`/${'茶'.repeat(80)}`.repeat(4)}`,
      `/deep${`/${'é'.repeat(95)}`.repeat(4)}`,
    ]) {
      const page = await browserFor(running).visit(SHOP + path);
      expectShort(page);
      expect([page.status, page.body]).toEqual([400, expect.stringContaining('BAD_LOGIN_REQUEST')]);
    }
  });

  it('leave the query out where the claims leave it no room, and say so', async () => {
    claims = { text: 'c'.repeat(1_700) };
    const running = await start();
    const end = await expectShortAll(browserFor(running), `${SHOP}/me?utm=${'x'.repeat(1_900)}`);
    expect([end.status, end.url]).toEqual([200, `${SHOP}/me`]);
    expect(running.logs.text).toContain('whole address');
  });

  it('keep an address of 1,024 characters beside claims of 1,200', async () => {
    claims = { text: 'c'.repeat(1_200) };
    const address = `${SHOP}/me?utm=${'x'.repeat(1_024)}`;
    const end = await expectShortAll(browserFor(await start()), address);
    expect([end.status, end.url]).toEqual([200, address]);
  });

  it('stay short with five apps on one host, each with flows and a session', async () => {
    claims = { text: 'c'.repeat(700) };
    const running = await start({ apps: FIVE_APPS });
    const browser = browserFor(running);
    for (let round = 0; round < 2; round++) {
      for (const name of Object.keys(FIVE_APPS!)) {
        for (const tab of ['x', 'y']) {
          const login = `${SHOP}/wechat/login?app=${name}&returnTo=/me?${tab.repeat(1_000)}`;
          expectShort(await browser.visit(login));
        }
        const end = await expectShortAll(browser, `${SHOP}/wechat/login?app=${name}&returnTo=/me?${name}`);
        expect([end.status, end.url]).toEqual([200, `${SHOP}/me?${name}`]);
      }
    }
    const out = await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST', headers: { origin: SHOP } });
    expect(out.status).toBe(204);
    expectShort(out);
    expect((await browser.fetch(`${SHOP}/me`)).status).toBe(401);
  });

  it('of a logout remove only what was shown, and every session first', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `app${index}`,
        { type, appId: `wx00000000000000${String(index).padStart(2, '0')}`, secret: 's' },
      ]),
    );
    const running = await start({ apps: many });
    const cookies = ['app0', 'app58', 'app59'].map(
      (app) => signInAs(running.app, { app, openid: 'o' }).cookie,
    );
    for (const shown of [[], cookies]) {
      const cookie = shown.length > 0 ? { cookie: shown.join('; ') } : {};
      for (const navigates of [
        {},
        { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      ]) {
        const out = await browserFor(running).fetch(
          `${SHOP}/wechat/logout?returnTo=/me?${'x'.repeat(1_500)}`,
          {
            method: 'POST',
            headers: { origin: SHOP, ...cookie, ...navigates },
          },
        );
        expectShort(out);
        const removed = out.setCookies.filter((line) => line.includes('=; Max-Age=0'));
        expect(removed.map((line) => line.split('=')[0])).toEqual(shown.map((one) => one.split('=')[0]));
      }
    }
  });

  it('send the address of a login route along to WeChat where there is room for it', async () => {
    const browser = browserFor(await start());
    const short = await browser.visit(`${SHOP}/wechat/login?returnTo=/me`);
    expect(redirectUriOf(short)).toBe(`${SHOP}/wechat/login?returnTo=${encodeURIComponent(`${SHOP}/me`)}`);
    const long = await browser.visit(`${SHOP}/wechat/login?returnTo=/me?${'x'.repeat(1_800)}`);
    expect(redirectUriOf(long)).toBe(`${SHOP}/wechat/login`);
  });

  it('of a silent attempt hold its mark too', async () => {
    const running = await start({ apps: FIVE_APPS });
    const browser = browserFor(running);
    await expectLogin(browser, `${SHOP}/products?q=${'x'.repeat(1_500)}`);
    const other = browserFor(running);
    const begun = await other.visit(`${SHOP}/products?q=${'x'.repeat(1_900)}`);
    expectShort(begun);
    expect(begun.setCookies.join()).toMatch(/wechat_silent_\w+=1/);
  });
});
