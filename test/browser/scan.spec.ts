// Scan to follow and sign in as people meet it, in Chromium: a code that a camera reads off the
// screen, a phone with a chat, and a desktop that goes on by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { SHOP } from '../support/application.js';
import { PUSH_APP_ID } from '../support/push-kit.js';
import { otherThan } from '../support/scan-kit.js';
import {
  atDesk,
  COLOR,
  type Desk,
  digitsOn,
  faintTexts,
  heading,
  lastMessage,
  openScanShop,
  ORDERS,
  readScreen,
  scanAs,
  type ScanShop,
  scrollsSideways,
  showsHeading,
  signedInAs,
} from './scan-walk.js';
import type { Shop } from './shop.js';
import type { Visitor } from './visitor.js';

let set: ScanShop;
let shop: Shop;
let open: Visitor[] = [];

const MING = () => shop.wechat.openidOf(PUSH_APP_ID, 'ming');
const keep = <T extends Visitor>(visitor: T): T => {
  open.push(visitor);
  return visitor;
};

/** Somebody at a desk who wanted a guarded page, before its code. */
async function atCode(options: Desk = {}, url = ORDERS): Promise<Visitor> {
  const visitor = keep(await atDesk(shop, options));
  await visitor.page.goto(url);
  await visitor.page.locator('svg.code').waitFor();
  return visitor;
}

const phoneOf = async (url: string, person?: string) => keep(await scanAs(shop, url, person));
const field = ({ page }: Visitor) => page.getByLabel('6 位数字');
const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.name || document.activeElement.textContent');
/** The console also names answers that are not 2xx, which is no fault of the page. */
const faults = ({ errors }: Visitor) => errors.filter((text) => !/status of (410|422|503)/.test(text));

function setUp(confirm: 'code' | 'tap'): void {
  beforeAll(async () => {
    set = await openScanShop(confirm);
    ({ shop } = set);
  }, 60_000);

  afterAll(() => shop?.close());

  beforeEach(() => {
    set.ahead = 0;
    set.store.mode = 'up';
    set.onLogin = async () => {};
    shop.seen.length = 0;
  });

  afterEach(async () => {
    for (const { context } of open) await context.close();
    open = [];
  });
}

describe('Scan to follow and sign in by digits, in Chromium', () => {
  setUp('code');

  it.each(['light', 'dark'] as const)('signs in who types the digits (%s)', async (colorScheme) => {
    const desk = keep(await atDesk(shop));
    await desk.page.emulateMedia({ colorScheme });
    await desk.page.goto(`${ORDERS}?a=1`);
    const url = await readScreen(desk.page);
    await desk.photograph(`scan-waiting-${colorScheme}`);
    expect(await faintTexts(desk)).toEqual([]);

    const phone = await phoneOf(url);
    expect(await lastMessage(phone)).toContain('有人想用你的微信登录 shop.example.com');
    await phone.photograph('scan-chat');
    await showsHeading(desk, '已扫码，请看手机');
    expect(await focused(desk.page)).toBe('digits');
    expect(await faintTexts(desk)).toEqual([]);
    await desk.photograph(`scan-scanned-${colorScheme}`);
    await field(desk).pressSequentially(await digitsOn(phone));
    await desk.page.keyboard.press('Enter');
    expect(await signedInAs(desk, `${ORDERS}?a=1`)).toBe(MING());
    expect(desk.page.url()).not.toContain('state=');
    expect(faults(desk)).toEqual([]);
    expect(desk.hosts()).toEqual(['shop.example.com']);
    expect(shop.to('/wechat/scan/status')).toEqual([]);
  });

  it('works without a script, and takes away nothing that is typed', async () => {
    const desk = await atCode({ javaScript: false });
    const phone = await phoneOf(await readScreen(desk.page));
    const digits = await digitsOn(phone);
    await field(desk).waitFor();
    expect(await heading(desk)).toBe('已扫码，请看手机');
    await field(desk).pressSequentially(digits.slice(0, 3));
    await desk.page.waitForTimeout(7_000);
    expect(await field(desk).inputValue()).toBe(digits.slice(0, 3));
    await desk.page.keyboard.press('End');
    await field(desk).pressSequentially(digits.slice(3));
    await desk.page.getByRole('button', { name: '登录' }).click();
    expect(await signedInAs(desk)).toBe(MING());
    expect(faults(desk)).toEqual([]);
  });

  it('says without a script that a code is void, or over, and gives a new one', async () => {
    const desk = await atCode({ javaScript: false });
    const url = await readScreen(desk.page);
    for (const user of ['ming', 'hong']) await shop.wechat.scan({ appId: PUSH_APP_ID, url, user });
    await showsHeading(desk, '二维码已作废');
    await desk.page.getByRole('link', { name: '刷新二维码' }).click();
    const second = await readScreen(desk.page);
    expect(second).not.toBe(url);

    set.ahead = 61_000;
    await showsHeading(desk, '二维码已过期');
    await desk.page.getByRole('link', { name: '刷新二维码' }).click();
    expect(await readScreen(desk.page)).not.toBe(second);
  });

  it('is walked by keyboard alone', async () => {
    const desk = await atCode();
    const { page } = desk;
    const url = await readScreen(page);
    await phoneOf(url);
    await showsHeading(desk, '已扫码，请看手机');
    const hong = await phoneOf(url, 'hong');
    expect(await lastMessage(hong)).toContain('这个二维码被两个微信扫过');
    await showsHeading(desk, '二维码已作废');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('刷新二维码');
    await page.keyboard.press('Enter');
    await page.locator('svg.code').waitFor();
    const phone = await phoneOf(await readScreen(page));
    await showsHeading(desk, '已扫码，请看手机');
    await page.keyboard.type(otherThan(await digitsOn(phone)));
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('登录');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.keyboard.type(await digitsOn(phone));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await signedInAs(desk)).toBe(MING());
    expect(faults(desk)).toEqual([]);
  });

  it('tells wrong digits, and ends with the third', async () => {
    const desk = await atCode();
    const phone = await phoneOf(await readScreen(desk.page));
    const wrong = otherThan(await digitsOn(phone));
    for (const left of [2, 1]) {
      await field(desk).fill(wrong);
      const [answer] = await Promise.all([
        desk.page.waitForResponse((response) => response.url().includes('/scan/finish')),
        desk.page.keyboard.press('Enter'),
      ]);
      expect(answer.status()).toBe(422);
      await desk.page
        .getByRole('alert')
        .filter({ hasText: `还可以再试 ${left} 次` })
        .waitFor();
      expect(await focused(desk.page)).toBe('digits');
      expect(await field(desk).getAttribute('aria-invalid')).toBe('true');
      const described = await field(desk).getAttribute('aria-describedby');
      expect(await desk.page.locator(`#${described}`).innerText()).toContain('数字不对');
      expect(await faintTexts(desk)).toEqual([]);
    }
    await desk.photograph('scan-wrong-light');
    await desk.page.emulateMedia({ colorScheme: 'dark' });
    expect(await faintTexts(desk)).toEqual([]);
    await desk.photograph('scan-wrong-dark');
    await field(desk).fill(wrong);
    await desk.page.keyboard.press('Enter');
    await showsHeading(desk, '二维码已作废');
    await desk.photograph('scan-void-dark');
    expect(faults(desk)).toEqual([]);
    await desk.page.goto(ORDERS);
    await desk.page.locator('svg.code').waitFor();
  });

  it('is followed by two tabs of one login, which do not fight over the stream', async () => {
    const first = await atCode();
    const url = await readScreen(first.page);
    await shop.until(() => shop.to('/wechat/scan/events').length === 1);
    const page = await first.context.newPage();
    await page.goto(first.page.url());
    await page.locator('svg.code').waitFor();
    expect(await readScreen(page)).toBe(url);
    shop.seen.length = 0;
    await first.page.waitForTimeout(10_000);
    expect(shop.to('/wechat/scan/events').length).toBe(0);
    const polls = shop.to('/wechat/scan/status').length;
    expect(polls).toBeGreaterThanOrEqual(2);
    expect(polls).toBeLessThanOrEqual(4);

    const phone = await phoneOf(url);
    for (const tab of [first.page, page]) await tab.getByLabel('6 位数字').waitFor();
    await page.getByLabel('6 位数字').fill(await digitsOn(phone));
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`^${ORDERS}#?$`));
    expect(await signedInAs(first)).toBe(MING());
    expect(faults(first)).toEqual([]);
  });

  it('is over after its time, and goes on with a new code', async () => {
    const desk = await atCode();
    const first = await readScreen(desk.page);
    set.ahead = 61_000;
    await showsHeading(desk, '二维码已过期');
    await desk.photograph('scan-expired-light');
    expect(await faintTexts(desk)).toEqual([]);
    await desk.page.getByRole('link', { name: '刷新二维码' }).click();
    await desk.page.locator('svg.code').waitFor();
    const second = await readScreen(desk.page);
    expect(second).not.toBe(first);
    const phone = await phoneOf(second);
    await field(desk).fill(await digitsOn(phone));
    await desk.page.keyboard.press('Enter');
    expect(await signedInAs(desk)).toBe(MING());
  });

  it('waits for an application that takes its time, in every tab', async () => {
    const desk = await atCode();
    const tab = await desk.context.newPage();
    await tab.goto(desk.page.url());
    const phone = await phoneOf(await readScreen(tab));
    await field(desk).fill(await digitsOn(phone));
    set.onLogin = () => sleep(4_500);
    shop.seen.length = 0;
    await desk.page.keyboard.press('Enter');
    await tab.waitForTimeout(1_000);
    // Somebody is impatient.
    await tab.reload({ waitUntil: 'commit' });
    await tab.waitForURL(`${ORDERS}#`);
    expect(await signedInAs(desk)).toBe(MING());
    expect(await tab.locator('body').innerText()).toContain(MING());
    expect(shop.to('/wechat/scan/finish').map(({ status }) => status)).toEqual([303]);
  });

  it('shows what the application says when it fails, and may be tried again', async () => {
    const desk = await atCode();
    const phone = await phoneOf(await readScreen(desk.page));
    const digits = await digitsOn(phone);
    await field(desk).fill(digits);
    set.onLogin = async () => {
      await sleep(500);
      throw new Error('the database is away');
    };
    await desk.page.keyboard.press('Enter');
    await desk.page.getByText('LOGIN_FAILED').waitFor();
    set.onLogin = async () => {};
    await desk.page.getByRole('link', { name: '重试' }).click();
    await field(desk).fill(digits);
    await desk.page.keyboard.press('Enter');
    expect(await signedInAs(desk)).toBe(MING());
  });

  it('leads forward again who goes back after the login', async () => {
    const desk = keep(await atDesk(shop));
    await desk.page.goto(`${SHOP}/home`);
    await desk.page.goto(ORDERS);
    const phone = await phoneOf(await readScreen(desk.page));
    await field(desk).fill(await digitsOn(phone));
    await desk.page.keyboard.press('Enter');
    expect(await signedInAs(desk)).toBe(MING());
    await desk.page.evaluate('history.back()');
    await desk.page.waitForTimeout(3_000);
    expect(await signedInAs(desk)).toBe(MING());
    expect(faults(desk)).toEqual([]);
  });

  it('shows how things stand to who comes back to the page', async () => {
    const desk = await atCode();
    const url = await readScreen(desk.page);
    await desk.page.goto(`${SHOP}/home`);
    const phone = await phoneOf(url);
    await desk.page.evaluate('history.back()');
    await showsHeading(desk, '已扫码，请看手机');
    await field(desk).fill(await digitsOn(phone));
    await desk.page.keyboard.press('Enter');
    expect(await signedInAs(desk)).toBe(MING());
  });

  it('goes on after the store was down', async () => {
    const desk = await atCode();
    const url = await readScreen(desk.page);
    set.store.mode = 'rejects';
    await desk.page.reload();
    await desk.page.getByText('STORE_UNAVAILABLE').waitFor();
    set.store.mode = 'up';
    await desk.page.getByRole('link', { name: '重试' }).click();
    expect(await readScreen(desk.page)).toBe(url);

    const phone = await phoneOf(url);
    await field(desk).fill(await digitsOn(phone));
    set.store.mode = 'rejects';
    await desk.page.keyboard.press('Enter');
    await desk.page.getByText('STORE_UNAVAILABLE').waitFor();
    set.store.mode = 'up';
    await desk.page.getByRole('link', { name: '重试' }).click();
    await field(desk).fill(await digitsOn(phone));
    await desk.page.keyboard.press('Enter');
    expect(await signedInAs(desk)).toBe(MING());
    expect(faults(desk)).toEqual([]);
  });

  it.each([
    [
      'zh-CN',
      '微信扫码登录 · 一盏茶',
      '登录二维码，请用手机微信扫描',
      '已扫码，请看手机',
      '6 位数字',
      '登录',
    ],
    [
      'en-GB',
      'Sign in with WeChat · 一盏茶',
      'QR code to sign in, scan it with WeChat on your phone',
      'Scanned. Look at your phone',
      'Six digits',
      'Sign in',
    ],
  ])('is read aloud, in %s', async (locale, title, picture, scanned, label, send) => {
    const desk = await atCode({ locale });
    const { page } = desk;
    expect(await page.title()).toBe(title);
    const before = await page.locator('body').ariaSnapshot();
    expect(before).toContain('- banner: 一盏茶');
    expect(before).toContain(
      `- main:\n  - heading "${title.split(' · ')[0]}" [level=1]\n  - img "${picture}"`,
    );
    expect(before).not.toContain('textbox');
    // Only what is put into it later is announced.
    const news = page.getByRole('status');
    expect(await news.textContent()).toBe('');
    expect(await news.getAttribute('aria-live')).toBe('polite');
    await phoneOf(await readScreen(page));
    await page.getByLabel(label).waitFor();
    expect(await news.textContent()).toBe(`${scanned} · 一盏茶`);
    expect(await page.title()).toBe(`${scanned} · 一盏茶`);
    const after = await page.locator('body').ariaSnapshot();
    expect(after).toContain(`- heading "${scanned}" [level=1]`);
    expect(after).toContain(`- textbox "${label}"`);
    expect(await focused(page)).toBe('digits');
    expect(after).toContain(`- button "${send}"`);
    expect(after).not.toContain('- img');
    await desk.photograph(`scan-scanned-${locale}`);
  });

  it('fits a window of 320 px, as zoom makes one', async () => {
    const desk = await atCode({ locale: 'en-GB' });
    const { page } = desk;
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await scrollsSideways(desk)).toBe(false);
    await desk.photograph('scan-waiting-320');
    const url = await readScreen(page);
    const phone = await phoneOf(url);
    await page.getByLabel('Six digits').waitFor();
    expect(await scrollsSideways(desk)).toBe(false);
    await page.getByLabel('Six digits').fill(otherThan(await digitsOn(phone)));
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await scrollsSideways(desk)).toBe(false);
    await desk.photograph('scan-wrong-320');
    await phoneOf(url, 'hong');
    await showsHeading(desk, 'This code is void');
    expect(await scrollsSideways(desk)).toBe(false);
  });

  it('shows the brand, and is one request of less than 20 KB on a slow line', async () => {
    const desk = keep(await atDesk(shop));
    const { page } = desk;
    const line = await desk.context.newCDPSession(page);
    await line.send('Network.enable');
    const kbit = (count: number) => (count * 1_000) / 8;
    const speed = { downloadThroughput: kbit(50), uploadThroughput: kbit(20) };
    await line.send('Network.emulateNetworkConditions', { offline: false, latency: 500, ...speed });
    const startedAt = Date.now();
    await page.goto(ORDERS, { waitUntil: 'commit' });
    await page.getByRole('heading').waitFor();
    await page.locator('svg.code').waitFor();
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    await page.waitForLoadState('load');
    expect((await desk.to('/wechat/scan')[0]!.body()).length).toBeLessThan(20_000);
    const asked = shop.seen.map(({ path }) => path.split('?')[0]).filter((path) => path !== '/orders');
    // The picture is the shop's own, and the page is there without it.
    expect(asked.filter((path) => path !== '/wechat/scan/events')).toEqual(['/wechat/scan', '/logo.svg']);
    expect(await page.evaluate('document.querySelector("header img").naturalWidth > 0')).toBe(true);
    expect(
      await page.evaluate('getComputedStyle(document.querySelector("form button")).backgroundColor'),
    ).toBe(`rgb(${[1, 3, 5].map((at) => Number.parseInt(COLOR.slice(at, at + 2), 16)).join(', ')})`);
    expect(faults(desk)).toEqual([]);
  });
});

describe('Scan to follow and sign in by a button, in Chromium', () => {
  setUp('tap');

  /** The phone before the question. */
  async function asked(desk: Visitor, person = 'ming'): Promise<Visitor> {
    const phone = await phoneOf(await readScreen(desk.page), person);
    await phone.page.getByRole('link', { name: '查看登录请求' }).last().click();
    await showsHeading(phone, '是你正在登录吗');
    return phone;
  }

  it.each(['light', 'dark'] as const)(
    'asks on the phone, and the desktop goes on by itself (%s)',
    async (colorScheme) => {
      const desk = await atCode();
      const phone = await asked(desk);
      await phone.page.emulateMedia({ colorScheme });
      await phone.photograph(`scan-question-${colorScheme}`);
      await desk.photograph('scan-look-at-phone');
      await showsHeading(desk, '已扫码，请看手机');
      expect(await phone.page.locator('main').innerText()).toContain('Chrome · Windows');
      expect(await phone.page.locator('script').count()).toBe(0);
      expect(await faintTexts(phone)).toEqual([]);
      const [no, yes] = [phone.page.getByRole('button').first(), phone.page.getByRole('button').last()];
      expect([await no.innerText(), await yes.innerText()]).toEqual(['不是我', '是我，登录']);
      const [noBox, yesBox] = [(await no.boundingBox())!, (await yes.boundingBox())!];
      expect([noBox.width, noBox.height]).toEqual([yesBox.width, yesBox.height]);
      expect(noBox.y).toBeLessThan(yesBox.y);
      expect(noBox.height).toBeGreaterThanOrEqual(44);
      expect(await scrollsSideways(phone)).toBe(false);

      await phone.page.keyboard.press('Tab');
      expect(await focused(phone.page)).toBe('answer');
      await phone.page.keyboard.press('Tab');
      await phone.page.keyboard.press('Enter');
      expect(await signedInAs(desk)).toBe(MING());
      await showsHeading(phone, '已登录');
      expect(await faintTexts(phone)).toEqual([]);
      await phone.photograph(`scan-done-${colorScheme}`);
      expect(await phone.page.locator('dl').innerText()).toMatch(/Chrome · Windows[^]*\d\d:\d\d（北京时间）/);

      await phone.page.getByRole('button', { name: '不是我' }).click();
      await showsHeading(phone, '已退出该登录');
      await desk.page.goto(ORDERS);
      await desk.page.locator('svg.code').waitFor();
      expect([...faults(desk), ...faults(phone)]).toEqual([]);
    },
  );

  it('signs nobody in who says no', async () => {
    const desk = await atCode();
    const phone = await asked(desk);
    await phone.page.getByRole('button', { name: '不是我' }).click();
    await showsHeading(phone, '已拒绝');
    await phone.photograph('scan-refused');
    await showsHeading(desk, '二维码已作废');
    await desk.page.goto(ORDERS);
    await desk.page.locator('svg.code').waitFor();
    expect([...faults(desk), ...faults(phone)]).toEqual([]);
  });

  it('asks nobody else who was sent the link', async () => {
    const desk = await atCode();
    const phone = await phoneOf(await readScreen(desk.page));
    const link = (await phone.page.getByRole('link', { name: '查看登录请求' }).last().getAttribute('href'))!;
    shop.wechat.autoConsent = 'hong';
    try {
      const other = keep(await shop.visitor());
      await other.page.goto(link);
      await showsHeading(other, '这不是发给你的请求');
      expect(await other.page.getByRole('button').count()).toBe(0);
    } finally {
      shop.wechat.autoConsent = 'ming';
    }
    await showsHeading(desk, '已扫码，请看手机');
  });

  it('goes on without a script at the desktop, by one button', async () => {
    const desk = await atCode({ javaScript: false });
    const phone = await asked(desk);
    await showsHeading(desk, '已扫码，请看手机');
    await phone.page.getByRole('button', { name: '是我，登录' }).click();
    await showsHeading(desk, '正在登录');
    await desk.page.getByRole('button', { name: '继续' }).click();
    expect(await signedInAs(desk)).toBe(MING());
  });
});
