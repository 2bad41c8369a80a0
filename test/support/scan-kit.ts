// An application whose desktops sign in by a scan, and what one does at both ends of it: at the
// desktop with a browser, on the phone with the mock's.
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatIdentity,
  WechatUser,
} from '../../lib/index.js';
import { WechatPushModule, WechatScanController } from '../../lib/push/index.js';
import type { MockScanOptions, WechatMockServer } from '../../lib/testing/index.js';
import { decodeQR } from 'qr/decode.js';
import { type ApplicationOptions, type Running, SHOP } from './application.js';
import { AGENTS, type Answer, type Browser } from './browser.js';
import { PUSH, PUSH_APP_ID, settingsFor } from './push-kit.js';

@Controller('orders')
@UseGuards(WechatAuthGuard)
export class Orders {
  @Get()
  list(@WechatUser() user: WechatIdentity): unknown {
    return { user };
  }

  @Get('profile')
  @WechatAuth({ scope: 'snsapi_userinfo' })
  profile(@WechatUser() user: WechatIdentity): unknown {
    return { user };
  }
}

export const SCAN_CONTROLLERS = [WechatAuthController, WechatScanController, Orders];

/** What `stage.start` takes for such an application. */
export function scanSetup(
  { options = {}, imports = [], ...more }: Partial<ApplicationOptions> = {},
  scan: unknown = true,
): Omit<ApplicationOptions, 'wechat' | 'adapter'> {
  return {
    controllers: SCAN_CONTROLLERS,
    options: { push: PUSH, scan: scan as never, ...options },
    imports: [WechatPushModule.register(), ...imports],
    ...more,
  };
}

/** The console of WeChat leads pushes here. */
export const connect = (wechat: WechatMockServer, { port }: Pick<Running, 'port'>) =>
  wechat.setPush(settingsFor(port));

export const ORDERS = `${SHOP}/orders`;

/** Opens a page as a stranger at a desktop: sent to the page of a scan, which shows a code. */
export async function openScan(browser: Browser, url = ORDERS): Promise<Answer> {
  browser.userAgent = AGENTS.desktop;
  const [sent, page] = (await browser.follow(url)) as [Answer, Answer];
  if (sent.status !== 302 || page.status !== 200)
    throw new Error(`${sent.status} ${page.status}: ${page.body}`);
  return page;
}

/** What a phone reads in the code that a page shows. */
export function urlOf({ body }: Answer): string {
  const [, width, path] = /<svg class="code" viewBox="0 0 (\d+) \d+"[^>]*><path d="([^"]+)"/.exec(body)!;
  return readQr(Number(width), path!);
}

/** Draws the path with eight points a module, and reads that as a camera would. */
function readQr(width: number, path: string): string {
  const scale = 8;
  const size = width * scale;
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  let [x, y] = [0, 0];
  for (const [, command, rest] of path.matchAll(/([MmHhVvZz])([^MmHhVvZz]*)/g)) {
    const numbers = rest!
      .trim()
      .split(/[ ,]+|(?=-)/)
      .filter(Boolean)
      .map(Number);
    if (command === 'M') [x, y] = numbers as [number, number];
    else if (command === 'm') [x, y] = [x + numbers[0]!, y + numbers[1]!];
    else if (command === 'h' && numbers[0] === 1) {
      for (let row = y * scale; row < (y + 1) * scale; row++)
        for (let column = x * scale; column < (x + 1) * scale; column++)
          data.set([0, 0, 0, 255], (row * size + column) * 4);
    }
  }
  return decodeQR({ width: size, height: size, data });
}

/** Scans what the page shows. */
export const scanPage = (
  wechat: WechatMockServer,
  page: Answer,
  user = 'ming',
  more: Partial<MockScanOptions> = {},
) => wechat.scan({ appId: PUSH_APP_ID, url: urlOf(page), user, ...more });

/** The six digits that somebody was sent last. */
export function digitsFor(wechat: WechatMockServer, user = 'ming'): string {
  const text = wechat.chat(PUSH_APP_ID, user).at(-1)?.text ?? '';
  return /^\d{6}$/m.exec(text)?.[0] ?? '';
}

/** The link that somebody was sent last. */
export const linkFor = (wechat: WechatMockServer, user = 'ming'): string =>
  wechat.chat(PUSH_APP_ID, user).at(-1)?.links.at(-1) ?? '';

/** One that is wrong. */
export const otherThan = (digits: string): string =>
  String((Number(digits) + 1) % 1_000_000).padStart(6, '0');

const ownForm = { origin: SHOP, 'content-type': 'application/x-www-form-urlencoded' };

/** Types digits into the page, as a form without a script sends them. */
export function typeDigits(
  browser: Browser,
  page: Pick<Answer, 'url'>,
  digits: string,
  headers: Record<string, string> = ownForm,
): Promise<Answer> {
  const { search } = new URL(page.url);
  return browser.visit(`${SHOP}/wechat/scan/finish${search}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ digits }).toString(),
  });
}

export const statusAt = async (browser: Browser, page: Pick<Answer, 'url'>): Promise<string> => {
  const { search } = new URL(page.url);
  const answer = await browser.fetch(`${SHOP}/wechat/scan/status${search}`);
  return answer.json<{ status: string }>().status;
};
