// The browser client in Chromium: a page on one origin, the application on another, WeChat between.
import { clientCode } from './client-code.js';
import { Shop, WEB, WEB_ELSEWHERE } from './shop.js';
import type { Visitor } from './visitor.js';

const CLIENT = clientCode('browser');

/** Asks for what its route says, on a path or behind the #, and says what came of it. */
const APP = `
  import { createBrowserClient } from '/browser.js';
  const client = createBrowserClient({ baseUrl: 'https://shop.example.com' });
  const say = (text) => {
    document.body.dataset.said = (document.body.dataset.said ?? '') + text + ' ';
    document.getElementById('said').textContent = document.body.dataset.said;
  };
  const ask = async (path, init) => {
    try {
      const answer = await client.fetch(path, init);
      const { openid, user, code } = await answer.json();
      say(answer.status + ':' + (openid ?? user?.openid ?? code));
    } catch (error) {
      say(error.name + ':' + error.code);
    }
  };
  const press = (id, act) => document.getElementById(id).addEventListener('click', act);
  press('ask', () => ask('/orders'));
  press('profile', () => ask('/orders/profile'));
  press('order', () =>
    ask('/orders', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }));
  press('login', () => client.login().catch((error) => say(error.name)));
  press('logout', () => client.logout().then(() => say('out')));
  const route = location.pathname === '/hash' ? location.hash.slice(1) : location.pathname;
  const asked = { '/orders': 1, '/many': 6 }[route.split('?')[0]] ?? 0;
  for (let at = 0; at < asked; at++) ask(at % 2 ? '/orders' : '/orders/mine');
  client.me().then(({ user }) => (document.getElementById('who').textContent = user?.openid ?? 'nobody'));
`;

const PAGE = `<!doctype html><meta charset="utf-8"><title>tea</title><link rel="icon" href="data:,">
  <p id="who" data-testid="who">…</p><p id="said" data-testid="said"></p>
  ${['ask', 'profile', 'order', 'login', 'logout'].map((id) => `<button id="${id}" data-testid="${id}">${id}</button>`).join('')}
  <script type="module" src="/app.js"></script>`;

describe('The browser client in Chromium', () => {
  let shop: Shop;
  let visitor: Visitor;
  let openid: string;

  beforeAll(async () => {
    shop = await Shop.openWith({
      keepsPages: true,
      options: { returnTo: { origins: [WEB, WEB_ELSEWHERE] } },
      configure: (app) => app.enableCors({ origin: [WEB, WEB_ELSEWHERE], credentials: true }),
    });
    openid = shop.wechat.openidOf('wx00000000official', 'ming');
    shop.web = ({ url = '/' }, response) => {
      const path = url.split('?', 1)[0]!;
      const script = { '/app.js': APP, '/browser.js': CLIENT }[path];
      const frame = path === '/framed' ? `<iframe src="/orders" width="600" height="400"></iframe>` : PAGE;
      response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
      response.end(script ?? frame);
    };
  }, 60_000);

  afterAll(() => shop?.close());

  beforeEach(async () => {
    shop.seen.length = 0;
    shop.wechat.autoConsent = { user: 'ming', allow: true };
    visitor = await shop.visitor();
  });

  afterEach(() => visitor?.context.close());

  const trips = () => shop.to('/wechat/login');

  /** Waits until the page has said this and nothing else. */
  async function expectSaid(text: string): Promise<void> {
    await visitor.page.getByTestId('said').getByText(text, { exact: true }).waitFor();
  }

  /** WeChat shows its page instead of answering at once. */
  async function expectWechat(): Promise<void> {
    await visitor.page.waitForURL((url) => url.origin === shop.wechat.endpoints.open);
  }

  it.each([`${WEB}/orders?cups=2&q=%E8%8C%B6+%26#notes`, `${WEB}/hash?a=1#/orders?sort=name&q=%E8%8C%B6`])(
    'signs in on the way and comes back to %s',
    async (address) => {
      await visitor.page.goto(address);
      await expectSaid(`200:${openid}`);
      expect(visitor.page.url()).toBe(address);
      expect(trips().map(({ status }) => status)).toEqual([302, 302]);
      expect(shop.to('/orders/mine').map(({ status }) => status)).toEqual([401, 200]);
    },
  );

  it('makes one trip for six requests at once', async () => {
    await visitor.page.goto(`${WEB}/many#a`);
    await expectSaid(Array(6).fill(`200:${openid}`).join(' '));
    // The start and WeChat's answer to it.
    expect(trips()).toHaveLength(2);
    expect(visitor.errors.filter((error) => !error.includes('401'))).toEqual([]);
  });

  it('makes one trip for a POST, which is the person’s to send again', async () => {
    await visitor.page.goto(`${WEB}/teas#a`);
    await visitor.page.getByTestId('who').getByText('nobody').waitFor();
    await visitor.page.getByTestId('order').click();
    await visitor.page.getByTestId('who').getByText(openid).waitFor();
    expect(visitor.page.url()).toBe(`${WEB}/teas#a`);
    await visitor.page.getByTestId('order').click();
    await expectSaid(`201:${openid}`);
    const posts = visitor.to('/orders').filter((one) => one.request().method() === 'POST');
    expect(posts.map((one) => one.status())).toEqual([401, 201]);
  });

  it('makes one trip for more permission', async () => {
    await visitor.page.goto(`${WEB}/orders#a`);
    await expectSaid(`200:${openid}`);
    await visitor.page.getByTestId('profile').click();
    // The page that comes back asks for its orders once more.
    await shop.until(() => shop.to('/orders/mine').length === 3);
    await expectSaid(`200:${openid}`);
    await visitor.page.getByTestId('profile').click();
    await expectSaid(`200:${openid} 200:${openid}`);
    const answers = shop.to('/orders/profile').map(({ status }) => status);
    expect(answers).toEqual([403, 200]);
    const asked = trips().map(({ path }) => new URL(path, WEB).searchParams.get('scope'));
    expect(asked).toContain('snsapi_userinfo');
  });

  it('does not go round where the login is not kept: pages of another site', async () => {
    await visitor.page.goto(`${WEB_ELSEWHERE}/orders#a`);
    await expectSaid('401:WECHAT_LOGIN_REQUIRED');
    expect(visitor.page.url()).toBe(`${WEB_ELSEWHERE}/orders#a`);
    expect(trips()).toHaveLength(2);
    await visitor.page.reload();
    await expectSaid('401:WECHAT_LOGIN_REQUIRED');
    await visitor.page.goto(`${WEB_ELSEWHERE}/many#a`);
    await expectSaid(Array(6).fill('401:WECHAT_LOGIN_REQUIRED').join(' '));
    expect(trips()).toHaveLength(2);
    const documents = visitor.responses.filter((one) => one.request().isNavigationRequest());
    expect(documents.filter((one) => one.url().startsWith(WEB_ELSEWHERE))).toHaveLength(4);
  });

  it('is told that its requests are over where somebody goes back from WeChat', async () => {
    shop.wechat.autoConsent = undefined;
    await visitor.page.goto(`${WEB}/teas#a`);
    await visitor.page.evaluate('globalThis.life = "first"');
    await visitor.page.getByTestId('ask').click();
    await expectWechat();
    // A page out of the cache does not load.
    await visitor.page.goBack({ waitUntil: 'commit' });
    // The very page that left, out of the back/forward cache: what waited is told.
    await expectSaid('WechatLoginAbandoned:WECHAT_LOGIN_REQUIRED');
    expect(await visitor.page.evaluate('globalThis.life')).toBe('first');
    await visitor.page.getByTestId('ask').click();
    await expectSaid('WechatLoginAbandoned:WECHAT_LOGIN_REQUIRED 401:WECHAT_LOGIN_REQUIRED');
    expect(trips()).toHaveLength(1);

    shop.wechat.autoConsent = { user: 'ming', allow: true };
    await visitor.page.getByTestId('login').click();
    await visitor.page.getByTestId('who').getByText(openid).waitFor();
    expect(visitor.page.url()).toBe(`${WEB}/teas#a`);
  });

  it('goes nowhere by itself where the page is loaded anew instead', async () => {
    shop.wechat.autoConsent = undefined;
    await visitor.page.goto(`${WEB}/teas#a`);
    await visitor.page.getByTestId('ask').click();
    await expectWechat();
    await visitor.page.goto(`${WEB}/orders#a`);
    await expectSaid('401:WECHAT_LOGIN_REQUIRED');
    expect(trips()).toHaveLength(1);
  });

  it('does not sign in again by itself who has signed out', async () => {
    await visitor.page.goto(`${WEB}/orders#a`);
    await expectSaid(`200:${openid}`);
    const before = trips().length;
    await visitor.page.getByTestId('logout').click();
    await expectSaid(`200:${openid} out`);
    await visitor.page.reload();
    await expectSaid('401:WECHAT_LOGIN_REQUIRED');
    expect(trips()).toHaveLength(before);
  });

  it('hands the answer over in a frame, where WeChat shows nothing', async () => {
    await visitor.page.goto(`${WEB}/framed`);
    const said = visitor.page.frameLocator('iframe').getByTestId('said');
    await said.getByText('401:WECHAT_LOGIN_REQUIRED', { exact: true }).waitFor();
    expect(trips()).toEqual([]);
  });

  it('leaves nothing of a login behind that says who or with what', async () => {
    await visitor.page.goto(`${WEB}/orders#a`);
    await expectSaid(`200:${openid}`);
    const kept = await visitor.page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])');
    expect(kept).toMatch(
      /^\[\{"wechat-login:https:\/\/shop\.example\.com":"\{\\"trips\\":\[\d+\]\}"\},\{\}\]$/,
    );
  });
});
