// The application's own say: which app a login starts with, who is asking, and what a person reads
// when it does not go on.
import http from 'node:http';
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatHooks,
  type WechatOAuthModuleOptions,
} from '../../lib/index.js';
import type { Runtime } from '../../lib/common/runtime.js';
import { WECHAT_RUNTIME } from '../../lib/wechat-oauth.constants.js';
import type { MockAppOptions } from '../../lib/testing/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, type Answer } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, expectLogin, redirectUriOf, setStage, watchForCrashes } from '../support/stage.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const CLUB = 'https://club.example.com';
const CLUB_APP: MockAppOptions = {
  type: 'official-account',
  appId: 'wx00000000000club0',
  secret: 'secretcanaryclub0000000000000000',
  domains: ['club.example.com'],
};
const { type, appId, secret } = MOCK_APPS[0];

/** Two official accounts, each on a host of its own. */
const TWO_HOSTS: WechatOAuthModuleOptions['apps'] = {
  shop: { type, appId, secret },
  club: { type: CLUB_APP.type, appId: CLUB_APP.appId, secret: CLUB_APP.secret, publicUrl: CLUB },
};

@Controller('window')
@UseGuards(WechatAuthGuard)
@WechatAuth({ mode: 'silent' })
class WindowController {
  @Get()
  look() {
    return {};
  }
}

describe.each(PLATFORMS)('Hooks on %s', (_platform, adapter) => {
  const stage = setStage(adapter, { apps: [...MOCK_APPS, CLUB_APP] });
  const appIdOf = ({ headers }: Answer) => new URL(headers.location!).searchParams.get('appid');

  const start = async (hooks: WechatHooks, options: Partial<WechatOAuthModuleOptions> = {}) => {
    const running = await stage.start({
      controllers: [OrdersController, WindowController, WechatAuthController],
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

  describe('a phone’s own browser', () => {
    it.each([AGENTS.phone, IPHONE])(
      'is told to open WeChat, not shown a code that it cannot scan: %s',
      async (agent) => {
        const { browser } = await start({}, { apps: ALL_APPS });
        for (const path of ['/orders', '/wechat/login', '/wechat/login?app=official']) {
          const page = await browser(agent).visit(SHOP + path);
          expect([page.status, page.body]).toEqual([403, expect.stringContaining('OPEN_IN_WECHAT')]);
          expect(page.setCookies).toEqual([]);
        }
      },
    );

    it('is told to take a computer where WeChat itself has no sign-in either', async () => {
      const { browser } = await start({}, { apps: { site: ALL_APPS!['website']! } });
      for (const agent of [IPHONE, AGENTS.wechat]) {
        const page = await browser(agent).visit(`${SHOP}/orders`);
        expect([page.status, page.body]).toEqual([403, expect.stringContaining('OPEN_IN_BROWSER')]);
        expect(page.body).toContain('on a computer');
      }
      expect((await browser(AGENTS.desktop).visit(`${SHOP}/orders`)).status).toBe(302);
    });

    it('is shown the code all the same where selectApp says so, and nobody is where it says null', async () => {
      const clients: unknown[] = [];
      const { browser } = await start(
        {
          selectApp: ({ client, candidates }) => (client === 'mobile-browser' ? candidates[0] : null),
          renderProblem: ({ client }) => void clients.push(client),
        },
        { apps: ALL_APPS },
      );
      const answer = await browser(IPHONE).visit(`${SHOP}/orders`);
      expect(new URL(answer.headers.location!).pathname).toBe('/connect/qrconnect');
      const refused = [];
      for (const agent of [AGENTS.desktop, AGENTS.wechat]) {
        const { status, body } = await browser(agent).visit(`${SHOP}/orders`);
        refused.push([status, /OPEN_IN_\w+/.exec(body)?.[0]]);
      }
      expect(refused).toEqual([
        [403, 'OPEN_IN_WECHAT'],
        [403, 'OPEN_IN_BROWSER'],
      ]);
      expect(clients).toEqual(['desktop-browser', 'wechat']);
      // A program is not told what it is taken for.
      expect((await browser(IPHONE).fetch(`${SHOP}/orders`)).json()).not.toHaveProperty('client');
    });
  });

  describe('a hook with a mistake in it', () => {
    const broken: [string, () => never][] = [
      ['throws', () => { throw new TypeError('hunter2'); }],
      ['returns a promise', () => Promise.resolve('hunter2') as never],
      ['returns one that fails', () => Promise.reject(new Error('hunter2')) as never],
      ['returns something else', () => ({ client: 'hunter2' }) as never],
      ['returns a number', () => 7 as never],
    ]; // prettier-ignore
    const places: [string, (hook: () => never) => Partial<WechatOAuthModuleOptions>][] = [
      ['hooks.selectApp', (selectApp) => ({ hooks: { selectApp } })],
      ['hooks.detectClient', (detectClient) => ({ hooks: { detectClient } })],
      ['dev.client', (client) => ({ dev: { client } })],
    ];
    const cases = places.flatMap(([name, options]) => broken.map(([what, hook]) => [name, what, options(hook)] as const)); // prettier-ignore

    it.each(cases)('%s that %s is left out, and the log says so once', async (name, _what, options) => {
      const crashes = watchForCrashes();
      const { browser, running } = await start({}, { apps: ALL_APPS, ...options });
      for (const [agent, path] of [
        [AGENTS.wechat, '/connect/oauth2/authorize'],
        [AGENTS.desktop, '/connect/qrconnect'],
        ['', '/connect/qrconnect'],
      ] as const) {
        const answer = await browser(agent).visit(`${SHOP}/orders`);
        expect([answer.status, new URL(answer.headers.location!).pathname]).toEqual([302, path]);
      }
      await tick();
      crashes.stop();
      const said = running.logs.lines.filter(({ text }) => text.includes(name));
      expect(said.map(({ level }) => level)).toEqual(['warn']);
      expect([crashes.crashes, running.logs.text.includes('hunter2')]).toEqual([[], false]);
    });

    it('that wants a user agent does not fail where there is none', async () => {
      const detectClient: WechatHooks['detectClient'] = ({ raw }) => {
        const { headers } = raw as { headers: Record<string, string> };
        return headers['user-agent']!.includes('Shop') ? 'wechat' : undefined;
      };
      const { running } = await start({ detectClient }, { apps: ALL_APPS });
      const status = await new Promise((resolve, reject) => {
        const options = { port: running.port, path: '/orders', headers: { accept: 'text/html' } };
        http.get(options, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
      });
      expect(status).toBe(302);
    });
  });

  it('every hook is asked once for a request, whatever becomes of it', async () => {
    const asked: string[] = [];
    const { browser } = await start(
      {
        selectApp: ({ candidates }) => void asked.push(`select ${String(candidates)}`),
        detectClient: () => void asked.push('detect'),
      },
      { apps: TWO_HOSTS, dev: { client: () => void asked.push('dev') } },
    );
    const phone = browser();
    const once = ['dev', 'detect', 'select shop,club'];
    const visit = async (path: string, agent = phone) => {
      asked.length = 0;
      const answer = await agent.visit(SHOP + path);
      return [answer.status, ...asked.toSorted(), asked.length];
    };
    const expected = once.toSorted();
    expect(await visit('/orders')).toEqual([302, ...expected, 3]);
    expect(await visit('/window')).toEqual([302, ...expected, 3]);
    expect(await visit('/wechat/login?scope=snsapi_userinfo')).toEqual([302, ...expected, 3]);
    expect(await visit('/wechat/login?scope=nonsense')).toEqual([400, ...expected, 3]);
    // A callback whose flow is gone starts again.
    const state = new URL((await browser().visit(`${SHOP}/orders`)).headers.location!).searchParams.get(
      'state',
    );
    expect(await visit(`/orders?code=c&state=${state}`)).toEqual([302, ...expected, 3]);
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
          client: 'desktop-browser',
          pageUrl: expect.stringMatching(/^https:\/\/shop\.example\.com\//),
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
        `${CLUB}/sorry?code=OPEN_IN_WECHAT#`,
      );
      expect((await desktop.visit(`${SHOP}/orders`)).headers.location).toBe(
        `${SHOP}/front/sorry?code=OPEN_IN_WECHAT#`,
      );

      const phone = browser();
      const { headers } = await phone.visit(`${CLUB}/orders`);
      const state = new URL(headers.location!).searchParams.get('state')!;
      const refused = await phone.visit(`${CLUB}/orders?state=${state}`);
      expect([refused.status, refused.headers.location]).toEqual([302, 'https://help.example.com/#']);
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
