// Scan to follow and sign in by digits, from the page of a stranger to the session.
import { WechatEvents } from '../../lib/index.js';
import { PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { PUSH_APP_ID } from '../support/push-kit.js';
import {
  connect,
  digitsFor,
  openScan,
  ORDERS,
  otherThan,
  scanPage,
  scanSetup,
  statusAt,
  typeDigits,
} from '../support/scan-kit.js';
import { browserFor, setStage } from '../support/stage.js';

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setStage(adapter);

  const start = async (...given: Parameters<typeof scanSetup>) => {
    const running = await stage.start(scanSetup(...given));
    await connect(stage.wechat, running);
    return { ...running, browser: browserFor(running, AGENTS.desktop) };
  };

  it('signs a follower in who types the digits', async () => {
    const { browser } = await start();
    const page = await openScan(browser, `${ORDERS}?a=1`);
    expect(await statusAt(browser, page)).toBe('waiting');
    await scanPage(stage.wechat, page);
    expect(await statusAt(browser, page)).toBe('scanned');
    const done = await typeDigits(browser, page, digitsFor(stage.wechat));
    expect([done.status, done.headers.location]).toEqual([303, `${ORDERS}?a=1`]);
    const orders = await browser.visit(`${ORDERS}?a=1`);
    expect(orders.json()).toMatchObject({
      user: {
        app: 'default',
        appId: PUSH_APP_ID,
        openid: stage.wechat.openidOf(PUSH_APP_ID, 'ming'),
        scope: [],
      },
    });
  });
});
void [WechatEvents, SHOP, otherThan];
