// What Chromium shows in its address bar after a login.
import { SHOP } from '../support/application.js';
import { Shop } from './shop.js';
import type { Visitor } from './visitor.js';

describe('The address bar of Chromium after a login', () => {
  let shop: Shop;
  let visitor: Visitor;

  beforeAll(async () => {
    shop = await Shop.open();
  }, 60_000);

  afterAll(() => shop?.close());

  afterEach(() => visitor?.context.close());

  it.each([
    ['a page', '/orders', '/orders#', ''],
    ['a page with a query', '/orders?page=2', '/orders?page=2#', ''],
    ['a page with a fragment, which never came to us', '/orders#top', '/orders#', ''],
    ['a fragment to return to', '/wechat/login?returnTo=/orders%23top', '/orders#top', '#top'],
    ['a hash router', '/wechat/login?returnTo=/orders%23/cellar', '/orders#/cellar', '#/cellar'],
  ])('keeps nothing of WeChat: %s', async (_, start, end, hash) => {
    visitor = await shop.visitor();
    await visitor.page.goto(SHOP + start);

    expect(visitor.responses.some((one) => one.url().includes('code='))).toBe(true);
    expect(await visitor.page.evaluate('[location.href, location.hash]')).toEqual([SHOP + end, hash]);
  });

  it('says nothing of it either when somebody is signed in already', async () => {
    visitor = await shop.visitor();
    await visitor.page.goto(`${SHOP}/orders`);
    await visitor.page.goto(`${SHOP}/wechat/login?returnTo=/orders/mine`);

    expect(await visitor.page.evaluate('[location.href, location.hash]')).toEqual([
      `${SHOP}/orders/mine#`,
      '',
    ]);
  });
});
