// Instead of WeChat: delete this file, write your own apps into the options, and leave `endpoints`
// out.
import type { WechatAppOptions } from 'nestjs-wechat-oauth';
import { DEFAULT_MOCK_APPS, WechatMockServer } from 'nestjs-wechat-oauth/testing';
import { API_URL, MOCK_PORT } from './settings.js';

const MOCK_URL = `http://127.0.0.1:${MOCK_PORT}`;

export const endpoints = { open: MOCK_URL, api: MOCK_URL };

/** A service account for pages inside WeChat, a website app for every other browser. */
export const apps: Record<string, WechatAppOptions> = {
  official: mockApp('official-account'),
  website: mockApp('website'),
};

export function startMockWechat(): Promise<WechatMockServer> {
  const domains = [new URL(API_URL).hostname];
  return WechatMockServer.start({
    port: MOCK_PORT,
    apps: DEFAULT_MOCK_APPS.map((app) => ({ ...app, domains })),
  });
}

function mockApp(type: WechatAppOptions['type']): WechatAppOptions {
  const { appId, secret } = DEFAULT_MOCK_APPS.find((app) => app.type === type)!;
  return { type, appId, secret };
}
