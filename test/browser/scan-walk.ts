// Both ends of a login by a scan: a desktop whose code a phone's camera reads off the screen, and the
// phone that opens what it has read.
import type { Response as ExpressResponse } from 'express';
import type { Page } from 'playwright-core';
import readCode from 'qr/decode.js';
import { WechatPushModule, WechatScanController } from '../../lib/push/index.js';
import { SHOP } from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { FlakyStore } from '../support/flaky-store.js';
import { PUSH, settingsFor } from '../support/push-kit.js';
import { Shop } from './shop.js';
import { Visitor } from './visitor.js';

export const ORDERS = `${SHOP}/orders`;
/** Terracotta, as the brand of the shop has it. */
export const COLOR = '#8c3b2a';
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 56 56"><rect width="56" height="56" rx="12" fill="#8c3b2a"/></svg>';

export interface ScanShop {
  readonly shop: Shop;
  readonly store: FlakyStore;
  /** How far the application's clock is ahead, in ms. */
  ahead: number;
  /** What the application does when somebody signs in. */
  onLogin: () => Promise<void>;
}

/** A shop whose desktops sign in by a scan. */
export async function openScanShop(confirm: 'code' | 'tap', hasBrand = true): Promise<ScanShop> {
  const store = new FlakyStore();
  const set = { store, ahead: 0, onLogin: async () => {} };
  const shop = await Shop.openWith({
    controllers: [WechatScanController],
    imports: [WechatPushModule.register()],
    keepsPages: true,
    extras: {
      tokenStore: { useValue: store },
      loginHandler: { useValue: { onLogin: () => set.onLogin() } },
    },
    options: {
      push: PUSH,
      scan: { confirm, lifetime: 60, perClient: 1_000 },
      session: { revocable: true },
      now: () => Date.now() + set.ahead,
      ...(hasBrand ? { brand: { name: '一盏茶', logoUrl: '/logo.svg', color: COLOR } } : {}),
    },
    configure: (app) =>
      app.use((request: { url: string }, response: ExpressResponse, next: () => void) => {
        if (request.url === '/logo.svg') response.type('image/svg+xml').send(LOGO);
        else if (request.url === '/favicon.ico') response.status(204).end();
        else if (request.url === '/home') response.type('html').send('<!doctype html><h1>home</h1>');
        else next();
      }),
  });
  shop.wechat.setPush(settingsFor(shop.running.port));
  return Object.assign(set, { shop });
}

export interface Desk {
  javaScript?: boolean;
  locale?: string;
}

export const atDesk = (shop: Shop, options: Desk = {}): Promise<Visitor> =>
  Visitor.open(shop.browser, 'desktop', { ...options, userAgent: AGENTS.desktop });

/** What a camera before this screen reads. */
export async function readScreen(page: Page): Promise<string> {
  await page.locator('svg.code').waitFor();
  const png = (await page.screenshot()).toString('base64');
  // A page of its own: that of the login lets nothing in.
  const camera = await page.context().newPage();
  const shot = await camera.evaluate<{ width: number; height: number; data: string }>(`(async () => {
    const picture = new Image();
    picture.src = 'data:image/png;base64,${png}';
    await picture.decode();
    const { width, height } = picture;
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.drawImage(picture, 0, 0);
    const { data } = canvas.getImageData(0, 0, width, height);
    let text = '';
    for (let at = 0; at < data.length; at += 30000) text += String.fromCharCode(...data.subarray(at, at + 30000));
    return { width, height, data: btoa(text) };
  })()`);
  await camera.close();
  return readCode({ ...shot, data: new Uint8ClampedArray(Buffer.from(shot.data, 'base64')) });
}

/** Somebody opens what the code holds, and is in the chat with the account. */
export async function scanAs(shop: Shop, url: string, person = 'ming'): Promise<Visitor> {
  const phone = await Visitor.open(shop.browser, 'phone', { userAgent: AGENTS.wechat });
  await phone.page.goto(url);
  await phone.press(`phone-of-${person}`);
  await phone.page.getByTestId('chat-page').waitFor();
  return phone;
}

/** What the account has written last. */
export const lastMessage = ({ page }: Visitor): Promise<string> =>
  page.getByTestId('from-account').last().locator('p').innerText();

export async function digitsOn(phone: Visitor): Promise<string> {
  return /^\d{6}$/m.exec(await lastMessage(phone))?.[0] ?? '';
}

export const heading = ({ page }: Visitor): Promise<string> => page.locator('main h1:visible').innerText();

export const showsHeading = ({ page }: Visitor, text: string): Promise<void> =>
  page.locator('main h1:visible').filter({ hasText: text }).waitFor();

/** The person the shop knows at the end, by the mock's name for them. */
export async function signedInAs(visitor: Visitor, url = ORDERS): Promise<string> {
  await visitor.page.waitForURL((at) => at.href.split('#')[0] === url);
  const { user } = JSON.parse(await visitor.page.locator('body').innerText()) as { user: { openid: string } };
  return user.openid;
}

/** The texts that stand out too little from what is behind them: WCAG asks for 4.5. */
export const faintTexts = ({ page }: Visitor): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
      .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgb(getComputedStyle(at).backgroundColor);
        if (color[3] !== 0) return color;
      }
      return [255, 255, 255];
    };
    const faint = [];
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || !element.checkVisibility() || element.matches('script')) continue;
      const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) faint.push(element.textContent + ' ' + contrast.toFixed(2));
    }
    return faint;
  })()`);

/** Whether something stands out at the right of a narrow screen. */
export const scrollsSideways = ({ page }: Visitor): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
