// A site beside ours writes cookies for the whole domain. Chromium lets a name begin with byte A0,
// which is no `__Host-` to it and a blank to JavaScript's trim().
import { signInAs } from '../../lib/testing/index.js';
import { SHOP } from '../support/application.js';
import { Browser } from '../support/browser.js';
import { EVIL, Shop } from './shop.js';
import type { Visitor } from './visitor.js';

const A0 = '\u00a0';

describe('A cookie of a sibling host in Chromium', () => {
  let shop: Shop;
  let visitor: Visitor;

  beforeAll(async () => {
    shop = await Shop.open();
  }, 60_000);

  afterAll(() => shop?.close());

  beforeEach(async () => {
    shop.seen.length = 0;
    visitor = await shop.visitor();
  });

  afterEach(() => visitor?.context.close());

  /** Lets the sibling host set a cookie for `.example.com`. */
  async function plant(cookie: string): Promise<void> {
    shop.evil = (_, response) => {
      response.setHeader('Set-Cookie', `${A0}${cookie}; Domain=example.com; Path=/; Secure`);
      response.end('evil');
    };
    await visitor.page.goto(EVIL);
  }

  const openidOf = (user: string) => shop.wechat.openidOf('wx00000000official', user);

  const body = () => visitor.page.locator('body').innerText();

  it('with byte A0 before the name of a session signs nobody in', async () => {
    const { cookie } = signInAs(shop.running.app, { openid: 'o-attacker' });
    await plant(cookie);

    await visitor.page.goto(`${SHOP}/orders/mine`);
    expect(JSON.parse(await body())).toEqual({ openid: openidOf('ming') });
    // It did come along: Chromium passes the byte on.
    expect(shop.to('/orders/mine')[0]!.headers.cookie).toContain(`${A0}${cookie}`);
    await visitor.page.goto(`${SHOP}/wechat/me`);
    expect(await body()).toContain(openidOf('ming'));
  });

  it('with byte A0 before the name of a session keeps nobody out', async () => {
    await visitor.page.goto(`${SHOP}/orders/mine`);
    const session = (await visitor.context.cookies(SHOP)).find(({ name }) =>
      name.startsWith('__Host-wechat_session_'),
    );
    await plant(`${session!.name}=v1.nonsense`);
    shop.seen.length = 0;

    await visitor.page.goto(`${SHOP}/orders/mine`);
    expect(shop.to('/orders/mine').map(({ status }) => status)).toEqual([200]);
    expect(shop.to('/orders/mine')[0]!.headers.cookie).toContain(`${A0}${session!.name}=v1.nonsense`);
    expect(JSON.parse(await body())).toEqual({ openid: openidOf('ming') });
  });

  it('with byte A0 before the name of a flow finishes no login of somebody else', async () => {
    const attacker = new Browser().route(SHOP, shop.running.port);
    const start = await attacker.visit(`${SHOP}/orders/mine`);
    const { redirectTo } = await shop.wechat.authorize(start.headers.location!, { user: 'hong' });
    await plant(start.setCookies[0]!.split(';', 1)[0]!);

    await visitor.page.goto(redirectTo!);
    expect(JSON.parse(await body())).toEqual({ openid: openidOf('ming') });
    expect(shop.seen[0]!.headers.cookie).toContain(`${A0}__Host-wechat_flow_`);
  });
});
