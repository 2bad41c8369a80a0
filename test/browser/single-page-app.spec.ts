// sample/02-single-page-app from its start to Ctrl+C: a page on one origin, the API on another.
// Leaves screenshots beside this file.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser as Chromium } from 'playwright-core';
import { AGENTS } from '../support/browser.js';
import { freePorts, occupy, Sample } from './sample.js';
import { launchChromium, Visitor } from './visitor.js';

/** Where API and page are in one run of the sample. */
interface Place {
  sample: Sample;
  api: string;
  web: string;
  ports: number[];
}

/** @param hosts the same host twice: the ports make the origins differ */
async function startAt(hosts: { api: string; web: string }, built: boolean): Promise<Place> {
  const [one, other] = [await freePorts(), await freePorts()];
  const api = `http://${hosts.api}:${one.PORT}`;
  const web = `http://${hosts.web}:${other.PORT}`;
  const sample = Sample.start({
    folder: 'sample/02-single-page-app',
    env: { API_URL: api, WEB_URL: web, MOCK_PORT: one.MOCK_PORT },
    built,
  });
  await sample.printed(/Ctrl\+C/);
  return { sample, api, web, ports: [one.PORT, one.MOCK_PORT, other.PORT].map(Number) };
}

describe('The single-page application', () => {
  let browser: Chromium;
  let place: Place;
  let visitor: Visitor;

  afterEach(async () => {
    await visitor?.context.close();
  });

  /** Waits for the page to show this route, and somebody or nobody signed in. */
  async function expectRoute(route: string, name?: string): Promise<void> {
    const { page } = visitor;
    await page
      .getByTestId('route')
      .and(page.getByText(route, { exact: true }))
      .waitFor();
    expect(await visitor.text(name === undefined ? 'sign-in' : 'who')).toContain(name ?? '微信登录');
  }

  async function open(address: string, screen: 'phone' | 'desktop' = 'desktop'): Promise<void> {
    visitor = await Visitor.open(browser, screen);
    await visitor.page.goto(address);
  }

  /** The website app's QR code, as the mock shows it. */
  async function scan(person: 'ming' | 'hong'): Promise<void> {
    await visitor.press(`scan-as-${person}`);
    await visitor.press('allow');
  }

  const sessionCookies = async () =>
    (await visitor.context.cookies(place.api)).filter(({ name }) => name.startsWith('wechat_session_'));

  beforeAll(async () => {
    browser = await launchChromium();
    // The first start builds the library and the sample.
    place = await startAt({ api: '127.0.0.1', web: '127.0.0.1' }, false);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await place?.sample.kill();
  });

  /** Where each router keeps its routes, and what of an address is the route. */
  describe.each([
    ['history', (route: string) => route],
    ['hash', (route: string) => `/hash#${route}`],
  ])('with a %s router', (router, addressOf) => {
    const at = (route: string) => place.web + addressOf(route);

    it('signs in by its button and comes back to the route, query and hash it began at', async () => {
      const route = '/teas/longjing?cups=3&q=%E8%8C%B6+%26%23#notes';
      await open(at(route));
      await expectRoute(route);
      await visitor.photograph(`spa-${router}-1-stranger`);

      await visitor.press('sign-in');
      expect(await visitor.page.getByTestId('qr-code').isVisible()).toBe(true);
      await scan('ming');

      await expectRoute(route, '小明');
      expect(visitor.page.url()).toBe(at(route));
      await visitor.photograph(`spa-${router}-2-signed-in`);
      expect(visitor.errors).toEqual([]);
    });

    it('goes to sign in by itself on a route that needs it, reached by a link', async () => {
      await open(at('/'));
      await expectRoute('/');

      await visitor.press('cellar');
      await visitor.page.getByTestId('qr-code').waitFor();
      await visitor.photograph(`spa-${router}-3-qr-code`);
      await scan('hong');

      await expectRoute('/cellar?sort=name', '小红');
      expect(visitor.page.url()).toBe(at('/cellar?sort=name') + (router === 'history' ? '#' : ''));
      expect(await visitor.text('empty')).toContain('Empty');
      expect(visitor.to('/cellar').map((response) => response.status())).toContain(401);
      const start = new URL(visitor.to('/wechat/login')[0]!.url());
      expect(start.searchParams.get('returnTo')).toBe(at('/cellar?sort=name'));
    });

    it('writes to the API on the other origin, keeps the login over a reload, and signs out', async () => {
      await open(at('/teas/tieguanyin?cups=1'));
      await visitor.press('sign-in');
      await scan('ming');
      await expectRoute('/teas/tieguanyin?cups=1', '小明');

      await visitor.press('keep');
      await expectRoute('/cellar?sort=name', '小明');
      expect(await visitor.text('kept')).toContain('铁观音');
      const write = visitor.to('/cellar').find((response) => response.request().method() === 'POST')!;
      expect(write.status()).toBe(201);
      expect(await write.request().headerValue('origin')).toBe(place.web);
      expect(await write.headerValue('access-control-allow-origin')).toBe(place.web);
      expect(await write.headerValue('access-control-allow-credentials')).toBe('true');

      await visitor.page.reload();
      await expectRoute('/cellar?sort=name', '小明');
      expect(await visitor.text('kept')).toContain('铁观音');
      await visitor.photograph(`spa-${router}-4-cellar`);

      await visitor.press('home');
      await expectRoute('/', '小明');
      await visitor.press('sign-out');
      await expectRoute('/');
      expect(await sessionCookies()).toEqual([]);
      expect(visitor.errors).toEqual([]);
    });
  });

  it('is sent back from WeChat to one address, and answers for its domain by a file', async () => {
    await open(`${place.web}/teas/longjing?cups=3`);
    await visitor.press('sign-in');
    await scan('ming');
    await expectRoute('/teas/longjing?cups=3', '小明');
    const callbacks = visitor.responses
      .map((one) => new URL(one.url()))
      .filter((url) => url.searchParams.has('code'));
    expect(callbacks.map(({ origin, pathname }) => origin + pathname)).toEqual([
      `${place.api}/wechat/callback`,
    ]);
    const file = await fetch(`${place.api}/MP_verify_A1b2C3d4E5f6G7h8.txt`);
    expect([file.status, await file.text()]).toEqual([200, 'A1b2C3d4E5f6G7h8']);
  });

  it('goes back and forth between routes without losing the login', async () => {
    await open(`${place.web}/teas/longjing`);
    await visitor.press('sign-in');
    await scan('ming');
    await expectRoute('/teas/longjing', '小明');
    await visitor.press('home');
    await expectRoute('/', '小明');

    await visitor.page.goBack();
    await expectRoute('/teas/longjing', '小明');
    await visitor.page.goForward();
    await expectRoute('/', '小明');
  });

  it('shows the page to somebody who turns back at WeChat, and waits for the button', async () => {
    await open(`${place.web}/`);
    await visitor.press('cellar');
    await visitor.page.getByTestId('qr-code').waitFor();

    await visitor.page.goBack();
    await expectRoute('/cellar?sort=name');
    expect(await visitor.text('problem')).toBe('请先使用微信登录。');
    await visitor.photograph('spa-turned-back');

    await visitor.press('sign-in');
    await scan('ming');
    await expectRoute('/cellar?sort=name', '小明');
  });

  it('is as it was left, and its button works, where the browser keeps pages whole', async () => {
    const keeping = await launchChromium([], true);
    try {
      visitor = await Visitor.open(keeping, 'desktop');
      const { page } = visitor;
      await page.goto(`${place.web}/teas/longjing`);
      await expectRoute('/teas/longjing');
      await page.evaluate('globalThis.life = "first"');
      await visitor.press('sign-in');
      await page.getByTestId('qr-code').waitFor();

      // A page out of the cache does not load.
      await page.goBack({ waitUntil: 'commit' });
      await page.locator('[data-testid=sign-in]:enabled').waitFor();
      await expectRoute('/teas/longjing');
      expect(await page.evaluate('globalThis.life')).toBe('first');
      expect(await page.getByTestId('problem').count()).toBe(0);

      await visitor.press('sign-in');
      await scan('ming');
      await expectRoute('/teas/longjing', '小明');
    } finally {
      await keeping.close();
    }
  });

  it('signs in silently inside WeChat', async () => {
    visitor = await Visitor.open(browser, 'phone');
    const session = await visitor.context.newCDPSession(visitor.page);
    await session.send('Network.setUserAgentOverride', { userAgent: AGENTS.wechat });
    await visitor.page.goto(`${place.web}/cellar?sort=name#top`);
    await visitor.press('user-ming');

    await expectRoute('/cellar?sort=name#top', '茶客');
    await visitor.photograph('spa-wechat');
  });

  it('leaves nothing of the login in addresses, in the storage or to scripts', async () => {
    await open(`${place.web}/teas/longjing?cups=2#notes`);
    await visitor.press('sign-in');
    await scan('ming');
    await expectRoute('/teas/longjing?cups=2#notes', '小明');

    const [cookie, ...others] = await sessionCookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    const seen = await visitor.page.evaluate(
      '[document.cookie, document.referrer, localStorage.length, sessionStorage.length]',
    );
    expect(seen).toEqual(['', '', 0, 0]);
    const pages = visitor.responses.filter((response) => response.url().startsWith(place.web));
    expect(pages.filter((response) => /[?&](code|state)=/.test(response.url()))).toEqual([]);
  });

  it('sends nobody to an origin that is not allowed', async () => {
    const evil = 'https://evil.example.com/';
    await open(`${place.api}/wechat/login?${new URLSearchParams({ returnTo: evil })}`);
    await scan('ming');

    await expectRoute('/', '小明');
    expect(new URL(visitor.page.url()).origin).toBe(place.web);
  });

  it('lets no page of another origin write or read, though the browser sends the cookie', async () => {
    await open(`${place.web}/`);
    await visitor.press('sign-in');
    await scan('ming');
    await expectRoute('/', '小明');
    // A third origin of the same site, which is all that SameSite asks for.
    const sibling = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(sibling, 'listening');
    await visitor.page.goto(`http://127.0.0.1:${(sibling.address() as AddressInfo).port}/`);

    const read = await visitor.page.evaluate(async (cellar) => {
      const send = (init: RequestInit) => fetch(cellar, { credentials: 'include', ...init });
      await send({ mode: 'no-cors' });
      await send({ mode: 'no-cors', method: 'POST', body: new URLSearchParams({ tea: 'stolen' }) });
      return send({}).then(String, String);
    }, `${place.api}/cellar`);
    sibling.close();

    // The first answer shows that the cookie went along; the script did not get to see it.
    const [seen, written] = visitor.to('/cellar');
    expect([seen!.request().method(), seen!.status()]).toEqual(['GET', 200]);
    expect([written!.request().method(), written!.status()]).toEqual(['POST', 401]);
    expect(read).toContain('TypeError');
  });

  it('stops on Ctrl+C and frees its ports', async () => {
    place.sample.interrupt();
    await place.sample.end();

    expect(place.sample.output).toContain('Stopped');
    for (const port of place.ports) await (await occupy(port)).release();
  });

  describe('on two subdomains of one site', () => {
    beforeAll(async () => {
      place = await startAt({ api: 'api.tea.localhost', web: 'www.tea.localhost' }, true);
    }, 60_000);

    it('works the same, and its page has no cookie at all', async () => {
      await open(`${place.web}/cellar?sort=name#top`);
      await visitor.page.getByTestId('qr-code').waitFor();
      await scan('ming');

      await expectRoute('/cellar?sort=name#top', '小明');
      expect(await visitor.context.cookies(place.web)).toEqual([]);
      expect(await sessionCookies()).toHaveLength(1);
    });

    afterAll(() => place.sample.kill());
  });

  describe('on two sites', () => {
    beforeAll(async () => {
      place = await startAt({ api: 'api.tea.localhost', web: 'www.coffee.localhost' }, true);
    }, 60_000);

    it('cannot keep a login, and says why instead of going round in circles', async () => {
      await open(`${place.web}/cellar?sort=name`);
      await visitor.page.getByTestId('qr-code').waitFor();
      await scan('ming');

      await expectRoute('/cellar?sort=name');
      expect(await visitor.page.getByRole('main').innerText()).toContain('must be of one site');
      expect(visitor.to('/wechat/login').length).toBeLessThan(4);
      await visitor.photograph('spa-two-sites');
    });

    afterAll(() => place.sample.kill());
  });
});
