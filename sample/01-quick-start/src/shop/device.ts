// Which device this browser plays. A cookie remembers what was chosen on the page, so that nobody
// has to change a user agent.
import type { IncomingMessage } from 'node:http';
import type { WechatClientKind } from 'nestjs-wechat-oauth';

export const DEVICES = ['wechat', 'desktop', 'mini'] as const;
export type Device = (typeof DEVICES)[number];

export const DEVICE_COOKIE = 'teahouse_device';

export function deviceOf(request: unknown): Device {
  const cookies = (request as IncomingMessage).headers.cookie ?? '';
  const chosen = new RegExp(`(?:^|; )${DEVICE_COOKIE}=(\\w+)`).exec(cookies)?.[1];
  return DEVICES.find((device) => device === chosen) ?? 'wechat';
}

/** For the module's option `dev.client`. */
export function clientOf(request: unknown): WechatClientKind {
  return deviceOf(request) === 'desktop' ? 'desktop-browser' : 'wechat';
}
