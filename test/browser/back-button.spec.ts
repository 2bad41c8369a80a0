// The Back button after a login at the mock: Chromium shows a page, not ERR_CACHE_MISS.
import { ALL_APPS, SHOP } from '../support/application.js';
import { Shop } from './shop.js';
import type { Visitor } from './visitor.js';

describe('Back and forward around a login', () => {
  let shop: Shop;
  let visitor: Visitor;

  beforeAll(async () => {
    shop = await Shop.openWith({ options: { apps: ALL_APPS } });
    shop.wechat.autoConsent = undefined;
  }, 60_000);

  afterAll(() => shop?.close());

  afterEach(() => visitor?.context.close());

  const shows = (testId: string) => visitor.page.getByTestId(testId).waitFor();
  const body = () => visitor.page.locator('body').innerText();

  it('shows the phone again after a login by QR code, and the page of before by Forward', async () => {
    visitor = await shop.atDesk();
    const { page } = visitor;
    await page.goto(`${SHOP}/orders`);
    await visitor.press('scan-as-hong');
    await visitor.press('allow');
    expect(await body()).toContain(shop.wechat.openidOf(ALL_APPS!['website']!.appId, 'hong'));

    await page.goBack();
    await shows('confirm-page');
    await page.goBack();
    await shows('qr-page');
    await page.goForward();
    await shows('confirm-page');
    await page.goForward();
    expect(page.url()).toBe(`${SHOP}/orders#`);
    expect(await body()).toContain('snsapi_login');
  });

  it('lets another person scan after going back', async () => {
    visitor = await shop.atDesk();
    const { page } = visitor;
    await page.goto(`${SHOP}/orders`);
    await visitor.press('scan-as-hong');
    await visitor.press('refuse');
    await shows('refused-page');
    await page.goBack();
    await shows('confirm-page');
    await page.goBack();
    await visitor.press('scan-as-ming');
    await visitor.press('allow');
    expect(await body()).toContain(shop.wechat.openidOf(ALL_APPS!['website']!.appId, 'ming'));
  });

  it('ends on the page that was asked for after a silent login: WeChat is silent again', async () => {
    visitor = await shop.visitor();
    const { page } = visitor;
    await page.goto(`${SHOP}/orders`);
    await visitor.press('user-ming');
    const openid = shop.wechat.openidOf(ALL_APPS!['official']!.appId, 'ming');
    expect(await body()).toContain(openid);
    await page.goBack();
    expect(page.url()).toBe(`${SHOP}/orders#`);
    expect(await body()).toContain(openid);
  });

  it.each(['ming', 'visitor'])('shows the consent page again inside WeChat: %s', async (person) => {
    visitor = await shop.visitor();
    const { page } = visitor;
    await page.goto(`${SHOP}/orders/profile`);
    await visitor.press(`user-${person}`);
    if (person === 'visitor') await visitor.press('full');
    await visitor.press('allow');
    expect(page.url()).toBe(`${SHOP}/orders/profile#`);

    await page.goBack();
    await shows('consent-page');
    await page.goForward();
    expect(page.url()).toBe(`${SHOP}/orders/profile#`);
    expect(await body()).toContain(shop.wechat.user(person).nickname);
    await page.goBack();
    await visitor.press('allow');
    expect(await body()).toContain(shop.wechat.user(person).nickname);
  });
});
