// The application's own say: which app a login starts with, who is asking, and what a person reads when it does not go on.
import { WechatAuthController, type WechatHooks, type WechatOAuthOptions } from '../../lib/index.js';
import type { Runtime } from '../../lib/runtime.js';
import { WECHAT_RUNTIME } from '../../lib/wechat-oauth.constants.js';
import type { MockAppOptions } from '../../lib/testing/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, type Answer } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, expectLogin, redirectUriOf, setStage } from '../support/stage.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

const CLUB = 'https://club.example.com';
const CLUB_APP: MockAppOptions = {
  type: 'official-account',
  appId: 'wx00000000000club0',
  secret: 'secretcanaryclub0000000000000000',
  domains: ['club.example.com'],
};
const { type, appId, secret } = MOCK_APPS[0];

/** Two official accounts, each on a host of its own. */
const TWO_HOSTS: WechatOAuthOptions['apps'] = {
  shop: { type, appId, secret },
  club: { type: CLUB_APP.type, appId: CLUB_APP.appId, secret: CLUB_APP.secret, publicUrl: CLUB },
};

describe.each(PLATFORMS)('Hooks on %s', (_platform, adapter) => {
  const stage = setStage(adapter, { apps: [...MOCK_APPS, CLUB_APP] });
  const appIdOf = ({ headers }: Answer) => new URL(headers.location!).searchParams.get('appid');

  const start = async (hooks: WechatHooks, options: Partial<WechatOAuthOptions> = {}) => {
    const running = await stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { hooks, ...options },
    });
    return { running, browser: (agent?: string) => browserFor(running, agent, SHOP, CLUB) };
  };

  describe('selectApp', () => {
    it('is not needed where each host has its own app', async () => {
      const { browser } = await start({}, { apps: TWO_HOSTS });
      await expectLogin(browser(), `${CLUB}/orders`);
      await expectLogin(browser(), `${SHOP}/orders`);
    });

    it('decides among the apps that can serve the client, best first', async () => {
      const asked: unknown[] = [];
      const { browser } = await start(
        {
          selectApp: ({ raw, client, candidates }) => {
            asked.push([typeof raw, client, candidates]);
            return 'club';
          },
        },
        { apps: TWO_HOSTS },
      );
      const answer = await browser().visit(`${SHOP}/orders`);
      expect([appIdOf(answer), redirectUriOf(answer)]).toEqual([CLUB_APP.appId, `${CLUB}/orders`]);
      expect(asked[0]).toEqual(['object', 'wechat', ['shop', 'club']]);
    });

    it('leaves it to the module with undefined, and with a name that is none, which is said once', async () => {
      for (const [chosen, warnings] of [
        [undefined, 0],
        ['oficial', 1],
      ] as const) {
        const { browser, running } = await start({ selectApp: () => chosen }, { apps: TWO_HOSTS });
        for (const path of ['/orders', '/orders/mine']) {
          expect(appIdOf(await browser().visit(`${SHOP}${path}`))).toBe(appId);
        }
        const said = running.logs.lines.filter(({ text }) => text.includes('hooks.selectApp'));
        expect(said).toHaveLength(warnings);
        if (said[0]) expect(said[0].text).toContain('"oficial", which is none of its candidates: shop, club');
      }
    });

    it('does not find an app for a client that none can serve', async () => {
      const { browser } = await start({ selectApp: () => 'shop' }, { apps: TWO_HOSTS });
      const page = await browser(AGENTS.desktop).visit(`${SHOP}/orders`);
      expect([page.status, page.body]).toEqual([403, expect.stringContaining('OPEN_IN_WECHAT')]);
    });
  });

  it('detectClient corrects what the user agent says', async () => {
    const seen: string[] = [];
    const { browser } = await start(
      {
        detectClient: ({ client }) => {
          seen.push(client);
          return client === 'mobile-browser' ? 'wechat' : undefined;
        },
      },
      { apps: ALL_APPS },
    );
    const { pathname: inWechat } = new URL(
      (await browser(AGENTS.phone).visit(`${SHOP}/orders`)).headers.location!,
    );
    const { pathname: onDesktop } = new URL(
      (await browser(AGENTS.desktop).visit(`${SHOP}/orders`)).headers.location!,
    );
    expect([inWechat, onDesktop]).toEqual(['/connect/oauth2/authorize', '/connect/qrconnect']);
    expect(seen).toEqual(['mobile-browser', 'desktop-browser']);
  });

  describe('renderProblem', () => {
    it('is given what the page would say, and may answer with a page of its own', async () => {
      const problems: unknown[] = [];
      const { browser } = await start({
        renderProblem: async (problem) => {
          problems.push(problem);
          return { status: 418, html: '<h1>自己的页面</h1>' };
        },
      });
      const page = await browser(AGENTS.desktop).visit(`${SHOP}/orders`);
      expect([page.status, page.body]).toEqual([418, '<h1>自己的页面</h1>']);
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
      expect(page.headers['content-security-policy']).toBe("frame-ancestors 'none'");
      expect(problems).toEqual([
        {
          statusCode: 403,
          code: 'OPEN_IN_WECHAT',
          message: expect.any(String),
          homeUrl: `${SHOP}/`,
          ref: expect.stringMatching(/^[0-9A-F]{10}$/),
        },
      ]);
    });

    it('leaves a problem to the module with undefined', async () => {
      const { browser } = await start({ renderProblem: () => undefined });
      const page = await browser(AGENTS.desktop).visit(`${SHOP}/orders`);
      expect([page.status, page.body]).toEqual([403, expect.stringContaining('OPEN_IN_WECHAT')]);
    });

    it('may send people to an address, or to a path of the host and app that they came to', async () => {
      const { browser } = await start(
        {
          renderProblem: ({ code }) => ({
            redirect: code === 'LOGIN_REFUSED' ? 'https://help.example.com/' : `/sorry?code=${code}`,
          }),
        },
        { apps: TWO_HOSTS, publicUrl: `${SHOP}/front` },
      );
      const desktop = browser(AGENTS.desktop);
      expect((await desktop.visit(`${CLUB}/orders`)).headers.location).toBe(
        `${CLUB}/sorry?code=OPEN_IN_WECHAT`,
      );
      expect((await desktop.visit(`${SHOP}/orders`)).headers.location).toBe(
        `${SHOP}/front/sorry?code=OPEN_IN_WECHAT`,
      );

      const phone = browser();
      const { headers } = await phone.visit(`${CLUB}/orders`);
      const state = new URL(headers.location!).searchParams.get('state')!;
      const refused = await phone.visit(`${CLUB}/orders?state=${state}`);
      expect([refused.status, refused.headers.location]).toEqual([302, 'https://help.example.com/']);
      // The flow is over, so its cookie goes.
      expect(refused.setCookies).toEqual([expect.stringMatching(/^__Host-wechat_flow_\w+=; Max-Age=0/)]);
    });

    it.each<[string, () => unknown]>([
      ['never returns', () => new Promise(() => {})],
      ['fails after its time', async () => { await tick(); await tick(); throw new Error('hunter2'); }], // prettier-ignore
    ])('does not take the page away when it %s', async (_what, renderProblem) => {
      const running = await stage.start({
        controllers: [OrdersController],
        options: { hooks: { renderProblem } as WechatHooks },
      });
      const waited: number[] = [];
      running.app.get<Runtime>(WECHAT_RUNTIME).sleep = async (ms) => void waited.push(ms);
      const page = await browserFor(running, AGENTS.desktop).visit(`${SHOP}/orders`);
      expect([page.status, page.body]).toEqual([403, expect.stringContaining('OPEN_IN_WECHAT')]);
      expect(waited).toEqual([5_000]);
      const line = running.logs.lines.find(({ level }) => level === 'error')!;
      expect(line.text).toContain('hooks.renderProblem took longer than 5 s');
      await tick();
      expect(running.logs.text).not.toContain('hunter2');
    });

    it.each<[string, unknown, RegExp]>([
      ['throws', () => Promise.reject(new TypeError('password of the database: hunter2')), /threw TypeError/],
      ['throws at once', () => { throw 'hunter2'; }, /threw string/], // prettier-ignore
      ['answers with text', () => '<h1>hunter2</h1>', /returned neither/],
      ['answers with half a page', () => ({ html: 'hunter2' }), /returned neither/],
      ['answers with null', () => null, /returned neither/],
    ])('does not take the page away when it %s', async (_what, renderProblem, why) => {
      const { browser, running } = await start({ renderProblem } as WechatHooks);
      const page = await browser(AGENTS.desktop).visit(`${SHOP}/orders`);
      expect([page.status, page.body]).toEqual([403, expect.stringContaining('OPEN_IN_WECHAT')]);
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
      const line = running.logs.lines.find(({ level }) => level === 'error')!;
      expect(line.text).toMatch(why);
      expect(page.body).toContain(/ref ([0-9A-F]{10})/.exec(line.text)![1]);
      expect(page.body + running.logs.text).not.toContain('hunter2');
    });
  });
});
