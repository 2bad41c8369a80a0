// WeChat's QR code in a page, in Chromium: beside a password form of the shop's own host, of a
// sibling host, and of another site, ending in the frame and in the window.
import type { RequestListener } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { FrameLocator } from 'playwright-core';
import { ALL_APPS, SHOP } from '../support/application.js';
import { clientCode } from './client-code.js';
import { EVIL, Shop, WEB, WEB_ELSEWHERE } from './shop.js';
import type { Visitor } from './visitor.js';

const CLIENT = clientCode('qr-login');

let shop: Shop;

/** A page with a password form and the code beside it. */
const page = (options: string) => `<!doctype html><title>sign in</title>
<form><input type="password"></form><div id="code"></div><p id="said"></p>
<script src="${shop.wechat.wxLoginScript}"></script>
<script type="module">${CLIENT}
const said = document.querySelector('#said');
showQrLogin({ element: document.querySelector('#code'), baseUrl: '${SHOP}', ${options},
  wx: { onReady: (is) => said.append('ready ' + is) },
  onProblem: ({ code, reason, statusCode, message }) => said.append(' problem ' + (reason ?? code ?? message)) })
  .signedIn.then(() => said.append(' signed in'));
</script>`;

/** What the page shows, by its address. */
const pages: Record<string, () => string> = {
  '/frame': () => page("selfRedirect: true, returnTo: '/after'"),
  '/stay': () => page('selfRedirect: true, stay: true'),
  '/window': () => page("returnTo: '/after'"),
  // Nobody listens: an integration by hand.
  '/deaf': () => `<!doctype html><div id="code"></div>
<script src="${shop.wechat.wxLoginScript}"></script>
<script type="module">
const query = new URLSearchParams({ returnTo: location.origin + '/after', self_redirect: 'true' });
const answer = await fetch('${SHOP}/wechat/login/qr?' + query, { credentials: 'include' });
new WxLogin({ id: 'code', ...(await answer.json()) });
</script>`,
  '/after': () => '<!doctype html><title>after</title>after',
};

const html: RequestListener = (request, response) => {
  response.setHeader('Content-Type', 'text/html');
  response.end((pages[request.url!] ?? (() => ''))());
};

describe('A QR code in a page, in Chromium', () => {
  let visitor: Visitor;

  beforeAll(async () => {
    shop = await Shop.openWith({
      options: { apps: ALL_APPS!, returnTo: { origins: [WEB, WEB_ELSEWHERE] } },
      configure: (app: INestApplication) => {
        // As many an application has it, and as helmet does.
        app.enableCors({ origin: true, credentials: true });
        app.use((request: { url: string }, response: Parameters<RequestListener>[1], next: () => void) => {
          response.setHeader('X-Frame-Options', 'SAMEORIGIN');
          const body = pages[request.url];
          if (!body) return next();
          response.setHeader('Content-Type', 'text/html');
          response.end(body());
        });
      },
    });
    shop.wechat.autoConsent = undefined;
    shop.web = html;
  }, 60_000);

  afterAll(() => shop?.close());

  beforeEach(async () => {
    visitor = await shop.atDesk();
    shop.seen.length = 0;
  });

  afterEach(() => visitor?.context.close());

  const frame = (): FrameLocator => visitor.page.frameLocator('iframe');

  async function scan(origin: string, path: string): Promise<void> {
    await visitor.page.goto(origin + path);
    await frame().getByTestId('scan-as-ming').click();
    await frame().getByTestId('allow').click();
  }

  const said = () => visitor.page.locator('#said').innerText();

  async function whoIsThere(): Promise<unknown> {
    await visitor.page.goto(`${SHOP}/wechat/me`);
    const { user } = JSON.parse(await visitor.page.locator('body').innerText()) as { user: object | null };
    return user;
  }

  const MING = () => expect.objectContaining({ openid: shop.wechat.openidOf('wx000000000website', 'ming') });

  describe.each([
    ['the shop’s own host', SHOP],
    ['a sibling host', WEB],
  ])('of %s', (_host, origin) => {
    it('ends in the frame, and the page stays', async () => {
      await scan(origin, '/stay');
      await visitor.page.getByText('signed in').waitFor();
      expect(visitor.page.url()).toBe(`${origin}/stay`);
      expect(await said()).toBe('ready true signed in');
      const [first, second, ...more] = shop.to('/wechat/login');
      expect(more).toEqual([]);
      expect(first!.headers).toMatchObject({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' });
      expect([first!.headers.cookie, first!.setCookies]).toEqual([undefined, []]);
      expect(second!.headers).toMatchObject({ 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'iframe' });
      expect(second!.headers.cookie).toContain('__Host-wechat_flow_');
      expect(await whoIsThere()).toEqual(MING());
    });

    it('ends in the frame, and the page goes to returnTo by itself', async () => {
      await scan(origin, '/frame');
      await visitor.page.waitForURL(`${origin}/after`);
      expect(await whoIsThere()).toEqual(MING());
    });

    it('leaves the window for returnTo where the page does not answer', async () => {
      await scan(origin, '/deaf');
      await visitor.page.waitForURL(`${origin}/after`);
      expect(await whoIsThere()).toEqual(MING());
    });

    it('ends in the window', async () => {
      await scan(origin, '/window');
      await visitor.page.waitForURL(`${origin}/after#`);
      expect(
        shop.to('/wechat/login').map(({ status, headers }) => [status, headers['sec-fetch-dest']]),
      ).toEqual([[302, 'document']]);
      expect(await whoIsThere()).toEqual(MING());
    });

    it('that is over leads back, and shows no second code', async () => {
      await visitor.page.goto(`${origin}/stay`);
      await frame().getByTestId('scan-as-ming').click();
      await visitor.context.clearCookies();
      await frame().getByTestId('allow').click();
      await visitor.page.getByText('problem LOGIN_OVER').waitFor();
      expect(await frame().locator('body').innerText()).toContain('请重新扫码登录');
      expect(await whoIsThere()).toBeNull();
    });
  });

  it('of another site leads back signed out: browsers keep no cookie of a fetch from there', async () => {
    await scan(WEB_ELSEWHERE, '/frame');
    await visitor.page.waitForURL(`${WEB_ELSEWHERE}/after#`);
    expect(await whoIsThere()).toBeNull();
    expect(shop.running.logs.text).toContain(`A QR code at "${WEB_ELSEWHERE}" signs nobody in`);
  });

  it('is not given to a sibling that is not listed, which cannot read a state of this browser', async () => {
    shop.evil = (_request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<p id="said"></p><script type="module">
        const said = document.querySelector('#said');
        for (const mode of ['cors', 'no-cors'])
          await fetch('${SHOP}/wechat/login/qr', { mode, credentials: 'include' }).then(
            async (answer) => said.append(' ' + answer.type + (await answer.text())),
            () => said.append(' refused'));
        said.append(' done');
      </script><iframe src="${SHOP}/wechat/login/qr"></iframe>`);
    };
    await visitor.page.goto(EVIL);
    await visitor.page.getByText('done').waitFor();
    expect((await said()).trim()).toBe('refused refused done');
    const asked = shop.to('/wechat/login/qr');
    expect(asked.map(({ status, setCookies }) => [status, setCookies.length])).toEqual(
      asked.map(() => [403, 0]),
    );
    expect(asked.length).toBeGreaterThanOrEqual(2);
  });

  it('does not end in the frame of a sibling that is not listed', async () => {
    await visitor.page.goto(`${SHOP}/stay`);
    const src = (await visitor.page.locator('iframe').getAttribute('src'))!;
    const { redirectTo } = await shop.wechat.authorize(src, { user: 'hong' });
    shop.evil = (_request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<iframe src="${redirectTo!.replaceAll('&', '&amp;')}"></iframe>`);
    };
    await visitor.page.goto(EVIL);
    await shop.until(() => shop.to('/wechat/login').length === 1);
    await visitor.page.waitForLoadState('networkidle');
    // The page that would ask again is not shown, so nothing is finished.
    expect(shop.to('/wechat/login').map(({ headers }) => headers['sec-fetch-site'])).toEqual(['same-site']);
    expect(await whoIsThere()).toBeNull();
  });
});
