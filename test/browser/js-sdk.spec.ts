// The JS-SDK client in Chromium: the mock's script, which looks at the address that WeChat on this
// phone looks at, and the application's endpoint.
import { Controller, Get, Header, Query, UseFilters } from '@nestjs/common';
import { WechatExceptionFilter, WechatOAuthService } from '../../lib/index.js';
import { SHOP } from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { clientCode } from './client-code.js';
import { Shop } from './shop.js';
import { Visitor } from './visitor.js';

const CLIENT = clientCode('js-sdk');

/** Loads the client with the page, or with the first use on a page called `late`. */
const APP = `
  const isLate = location.pathname.endsWith('/late');
  let client = isLate ? undefined : await import('/pages/client.js');
  const say = (text) => {
    document.body.dataset.said = (document.body.dataset.said ?? '') + text + ' ';
    document.getElementById('said').textContent = document.body.dataset.said;
  };
  const press = (id, act) => document.getElementById(id).addEventListener('click', act);
  press('route', () => history.pushState(null, '', '/pages/cart?tea=%E8%8C%B6&n=' + history.length));
  press('hash', () => (location.hash = '/cart'));
  press('share', async () => {
    client ??= await import('/pages/client.js');
    try {
      await client.configureJsSdk(wx, { url: '/js-sdk', jsApiList: ['updateAppMessageShareData'], timeout: 9000 });
      say('ready');
    } catch (error) {
      return say(error.name + ':' + error.reason + ':' + (error.errMsg ?? error.statusCode));
    }
    const result = ({ errMsg }) => say(errMsg);
    wx.updateAppMessageShareData({ title: 'tea', link: location.href, success: result, fail: result });
    wx.scanQRCode({ success: result, fail: result });
  });
  document.body.dataset.loaded = 'yes';
`;

let mock = '';

@Controller()
@UseFilters(WechatExceptionFilter)
class PagesController {
  constructor(private readonly wechat: WechatOAuthService) {}

  @Get('js-sdk')
  @Header('Cache-Control', 'no-store')
  config(@Query('url') url: string) {
    return this.wechat.getJsSdkConfig(url);
  }

  @Get('pages/client.js')
  @Header('Content-Type', 'text/javascript')
  client() {
    return CLIENT;
  }

  @Get('pages/app.js')
  @Header('Content-Type', 'text/javascript')
  app() {
    return APP;
  }

  @Get('pages/:name')
  @Header('Content-Type', 'text/html')
  page() {
    return `<!doctype html><meta charset="utf-8"><title>tea</title><link rel="icon" href="data:,">
      <p id="said" data-testid="said"></p>
      ${['route', 'hash', 'share'].map((id) => `<button id="${id}" data-testid="${id}">${id}</button>`).join('')}
      <script src="${mock}/mock/jweixin.js"></script><script type="module" src="/pages/app.js"></script>`;
  }
}

describe('The JS-SDK client in Chromium', () => {
  let shop: Shop;
  let visitor: Visitor;

  beforeAll(async () => {
    shop = await Shop.open(PagesController);
    mock = shop.wechat.endpoints.open;
  }, 60_000);

  afterAll(() => shop?.close());
  afterEach(() => visitor?.context.close());

  const TEAS = `${SHOP}/pages/teas?cup=2`;
  const ALLOWED = 'ready updateAppMessageShareData:ok scanQRCode:the permission value is offline verifying';

  async function open(userAgent: string, address = TEAS): Promise<void> {
    visitor = await Visitor.open(shop.browser, 'phone', { userAgent });
    shop.seen.length = 0;
    await visitor.page.goto(address);
    await visitor.page.locator('body[data-loaded]').waitFor();
  }

  const press = (id: string) => visitor.page.getByTestId(id).click();
  const expectSaid = (text: string) =>
    visitor.page.getByTestId('said').getByText(text, { exact: true }).waitFor();
  /** The addresses that the application was asked to sign. */
  const signed = () => shop.to('/js-sdk').map(({ path }) => new URL(path, SHOP).searchParams.get('url'));

  it.each([
    ['an iPhone', AGENTS.wechat],
    ['Android', AGENTS.wechatAndroid],
  ])('makes a page ready on %s, for what it listed and nothing else', async (_, agent) => {
    await open(agent);
    await press('share');
    await expectSaid(ALLOWED);

    expect(signed()).toEqual([TEAS]);
    expect(visitor.errors).toEqual([]);
  });

  it('signs the entry address on an iPhone after a change of route', async () => {
    await open(AGENTS.wechat);
    await press('route');
    await press('share');
    await expectSaid(ALLOWED);

    expect(signed()).toEqual([TEAS]);
  });

  it('signs the current address on Android after each change of route', async () => {
    await open(AGENTS.wechatAndroid);
    await press('route');
    const first = visitor.page.url();
    await press('share');
    await expectSaid(ALLOWED);
    await press('route');
    const second = visitor.page.url();
    await press('share');
    await expectSaid(`${ALLOWED} ${ALLOWED}`);

    expect(second).not.toBe(first);
    expect(signed()).toEqual([first, second]);
  });

  it('signs what WeChat names where it was loaded too late to know', async () => {
    const late = `${SHOP}/pages/late`;
    await open(AGENTS.wechat, late);
    await press('route');
    await press('share');
    await expectSaid(ALLOWED);

    expect(signed()).toEqual([visitor.page.url(), late]);
  });

  it.each([
    ['an iPhone', AGENTS.wechat],
    ['Android', AGENTS.wechatAndroid],
  ])('signs one address behind a hash router on %s', async (_, agent) => {
    await open(agent, `${TEAS}#/home`);
    await press('hash');
    await press('share');
    await expectSaid(ALLOWED);

    expect(visitor.page.url()).toBe(`${TEAS}#/cart`);
    expect(signed()).toEqual([TEAS]);
  });

  it('says what the application answered where it gives no signature', async () => {
    await open(AGENTS.wechat);
    await visitor.page.route('**/js-sdk?*', (route) => route.fulfill({ status: 429, json: {} }));
    await press('share');
    await expectSaid('WechatJsSdkError:endpoint:429');
  });

  it('says what WeChat answered where it takes none', async () => {
    await open(AGENTS.wechat);
    const config = { appId: 'wx00000000official', timestamp: 1, nonceStr: 'a', signature: 'b' };
    await visitor.page.route('**/js-sdk?*', (route) => route.fulfill({ json: config }));
    await press('share');
    await expectSaid('WechatJsSdkError:signature:config:invalid signature');
  });
});
