// The page of the mock itself, as a developer uses it: on a phone, without a script.
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Browser as Chromium } from 'playwright-core';
import { WechatMockServer } from '../../lib/testing/index.js';
import { launchChromium, Visitor } from './visitor.js';

describe('The desk of the mock', () => {
  let browser: Chromium;
  let wechat: WechatMockServer;
  let foreign: Server;
  let visitor: Visitor;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  beforeEach(async () => {
    wechat = await WechatMockServer.start();
  });

  afterEach(async () => {
    await visitor?.context.close();
    await wechat.close();
  });

  afterAll(async () => {
    await browser?.close();
    foreign?.close();
  });

  const ask = async (path = '/sns/auth') => {
    const answer = await fetch(`${wechat.endpoints.api}${path}?access_token=61_${'t'.repeat(40)}&openid=o`);
    return ((await answer.json()) as { errcode: number }).errcode;
  };

  const open = async (...options: [screen: 'phone' | 'desktop', options?: { javaScript?: boolean }]) => {
    visitor = await Visitor.open(browser, ...options);
    await visitor.page.goto(wechat.endpoints.open);
    return visitor;
  };

  it.each(['phone', 'desktop'] as const)(
    'lets an address fail, and takes it back, on a %s',
    async (screen) => {
      expect(await ask()).toBe(40001);
      const { page } = await open(screen, { javaScript: false });
      expect(await visitor.text('calls')).toContain('access_token=61_ttt…');
      const form = page.getByTestId('fault-/sns/auth');
      await form.locator('summary').click();
      await form.locator('select').selectOption('45009');
      await form.locator('[name=times]').fill('2');
      await visitor.photograph(`desk-${screen}`);
      await form.locator('button').click();

      expect(page.url()).toBe(`${wechat.endpoints.open}/#faults`);
      expect(await visitor.text('waiting')).toMatch(/\/sns\/auth · errcode: 45009 · 还有 2 次/);
      expect(await ask()).toBe(45009);
      await page.reload();
      expect(await visitor.text('waiting')).toContain('还有 1 次');
      await visitor.press('clear-faults');
      expect(await page.getByTestId('waiting').count()).toBe(0);
      expect(await ask()).toBe(40001);
      await page.goBack();
      await page.getByTestId('desk-page').waitFor();
      expect(visitor.errors).toEqual([]);
    },
  );

  it('fits a phone, in both languages', async () => {
    const { page } = await open('phone');
    for (const lang of ['cn', 'en']) {
      await page.goto(`${wechat.endpoints.open}/?lang=${lang}`);
      for (const summary of await page.locator('summary').all()) await summary.click();
      const [wide, screen] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      );
      expect([wide, screen]).toEqual([390, 390]);
    }
    await visitor.photograph('desk-phone-en');
  });

  it('gives a code of wx.login by a link', async () => {
    const { page } = await open('desktop');
    await visitor.press('code-wx00000000000000d4-hong');
    expect(await page.locator('body').innerText()).toMatch(/"code":"\w{32}"/);
  });

  it('does nothing for a form on the page of another site', async () => {
    foreign = createServer((_, response) => {
      response
        .setHeader('Content-Type', 'text/html')
        .end(
          `<form method="post" action="${wechat.endpoints.open}/"><input name="path" value="*"><input name="fault" value="hang"><button name="do" value="inject">go</button></form>`,
        );
    }).listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    visitor = await Visitor.open(browser, 'desktop');
    const { port } = foreign.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost']) {
      await visitor.page.goto(`http://${host}:${port}/`);
      await visitor.page.getByRole('button').click();
      expect(await visitor.text('why')).toContain('表单来自别的网站');
    }
    expect(await ask()).toBe(40001);
  });
});
