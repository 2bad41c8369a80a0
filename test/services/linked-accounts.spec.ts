// sample/04-typeorm-mysql in a browser: the same person on a phone and at a desk is one user, and
// is banned once and out on both. Needs MariaDB, as the sample does.
import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { Browser as Chromium } from 'playwright-core';
import { type RunningSample, SampleCheckout } from './sample-checkout.js';
import { requireServer } from './servers.js';
import { launchChromium, Visitor } from '../browser/visitor.js';

const { host, port } = await requireServer('mariadb');

const SAMPLE = '04-typeorm-mysql';

describe('One person at two apps', () => {
  const database = `wechat_sample_${randomBytes(6).toString('hex')}`;
  let browser: Chromium;
  let checkout: SampleCheckout;
  let sample: RunningSample;
  let home: string;

  beforeAll(async () => {
    browser = await launchChromium();
    checkout = new SampleCheckout([SAMPLE]);
    const env = { MYSQL_URL: `mysql://root@${host}:${port}/${database}` };
    sample = await checkout.start(SAMPLE, { env });
    home = sample.home;
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await sample?.running.kill();
    checkout?.remove();
    const direct = await createConnection(`mysql://root@${host}:${port}/`);
    await direct.query(`DROP DATABASE IF EXISTS ${database}`);
    await direct.end();
  });

  const json = async ({ page }: Visitor) => JSON.parse(await page.locator('body').innerText());
  /** By the page of the mock: whose phone it is, and what is pressed on it. */
  async function signIn(visitor: Visitor, link: RegExp, presses: string[]): Promise<void> {
    await visitor.page.goto(home);
    await visitor.page.getByRole('link', { name: link }).click();
    for (const press of presses) await visitor.press(press);
    await visitor.page.waitForURL(`${home}/**`);
  }
  const insideWechat = (visitor: Visitor, person: string) =>
    signIn(visitor, /Sign in inside WeChat/, [`user-${person}`, 'allow']);
  const byQrCode = (visitor: Visitor, person: string) =>
    signIn(visitor, /Sign in by QR code/, [`scan-as-${person}`, 'allow']);

  it('is one user on the phone and at the desk, banned once and out on both', async () => {
    const phone = await Visitor.open(browser, 'phone');
    const desk = await Visitor.open(browser, 'desktop');
    const other = await Visitor.open(browser, 'desktop');
    await insideWechat(phone, 'ming');
    await byQrCode(desk, 'ming');
    await byQrCode(other, 'hong');
    const [onPhone, atDesk, somebody] = [await json(phone), await json(desk), await json(other)];
    expect(onPhone).toMatchObject({ signedInAt: 'official', user: { nickname: '小明' } });
    expect(atDesk).toMatchObject({ signedInAt: 'website', user: { id: onPhone.user.id } });
    expect(atDesk.accounts).toHaveLength(2);
    expect(somebody.user.id).not.toBe(onPhone.user.id);

    await desk.page.goto(home);
    await desk.page.getByRole('button', { name: /Ban me/ }).click();
    await desk.page.waitForURL(`${home}/`);
    for (const visitor of [phone, desk]) {
      const status = await visitor.page.evaluate(async () => (await fetch('/me')).status);
      expect(status).toBe(401);
    }
    // The phone is known by now.
    await signIn(phone, /Sign in inside WeChat/, ['allow']);
    expect(await phone.page.locator('body').innerText()).toContain('账号已停用');
    await other.page.goto(`${home}/me`);
    expect(await json(other)).toMatchObject({ user: { id: somebody.user.id, banned: false } });
  });
});
