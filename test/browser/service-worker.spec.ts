// A service worker that passes on whatever it is asked for: the destination of a navigation is lost
// on the way.
import { Controller, Get, Header } from '@nestjs/common';
import { SHOP } from '../support/application.js';
import { Shop } from './shop.js';
import type { Visitor } from './visitor.js';

@Controller()
class Pages {
  @Get()
  @Header('Content-Type', 'text/html')
  home() {
    return '<h1>home</h1>';
  }

  @Get('worker.js')
  @Header('Content-Type', 'text/javascript')
  worker() {
    return `
      self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
      self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
    `;
  }
}

describe('Behind a service worker in Chromium', () => {
  let shop: Shop;
  let visitor: Visitor;

  beforeAll(async () => {
    shop = await Shop.open(Pages);
  }, 60_000);

  afterAll(() => shop?.close());

  beforeEach(async () => {
    visitor = await shop.visitor();
    await visitor.page.goto(SHOP);
    await visitor.page.evaluate(`
      navigator.serviceWorker.register('/worker.js').then(() => new Promise((ready) => {
        if (navigator.serviceWorker.controller) ready();
        else navigator.serviceWorker.addEventListener('controllerchange', () => ready());
      }))
    `);
    shop.seen.length = 0;
  });

  afterEach(() => visitor?.context.close());

  it('a guarded page signs people in', async () => {
    await visitor.page.goto(`${SHOP}/orders/mine`);

    const [first] = shop.to('/orders/mine');
    // As the worker sends it: a navigation whose destination nobody knows.
    expect(first!.headers).toMatchObject({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'empty' });
    expect(shop.to('/orders/mine').map(({ status }) => status)).toEqual([302, 302, 200]);
    expect(await visitor.page.locator('body').innerText()).toContain('openid');
  });

  it('a fetch is told what is missing, and starts nothing', async () => {
    const answer = await visitor.page.evaluate(
      `fetch('/orders/mine').then(async (answer) => [answer.status, (await answer.json()).code])`,
    );

    expect(answer).toEqual([401, 'WECHAT_LOGIN_REQUIRED']);
    expect(shop.to('/orders/mine').flatMap(({ setCookies }) => setCookies)).toEqual([]);
  });
});
