// Instead of WeChat: delete this file, write your own apps into the options, and leave `endpoints`
// and `dev` out.
import type { WechatAppOptions, WechatOAuthModuleOptions } from 'nestjs-wechat-oauth';
import { DEFAULT_MOCK_APPS, WechatMockServer } from 'nestjs-wechat-oauth/testing';
import { MOCK_PORT } from './settings.js';

const MOCK_URL = `http://127.0.0.1:${MOCK_PORT}`;

export const mockOptions = {
  apps: {
    // A silent login has no unionid, so nothing would link it to the website's: ask for the profile
    // from the start.
    official: { ...mockApp('official-account'), scope: 'snsapi_userinfo' },
    website: mockApp('website'),
  },
  endpoints: { open: MOCK_URL, api: MOCK_URL },
  dev: { client: ({ raw }) => (isOfficial((raw as { url: string }).url) ? 'wechat' : undefined) },
} satisfies WechatOAuthModuleOptions;

export function startMockWechat(): Promise<WechatMockServer> {
  return WechatMockServer.start({ port: MOCK_PORT });
}

/** A browser that asks for this app passes for the one inside WeChat. */
function isOfficial(url: string): boolean {
  return url.startsWith('/wechat/login?app=official');
}

function mockApp(type: WechatAppOptions['type']): WechatAppOptions {
  const { appId, secret } = DEFAULT_MOCK_APPS.find((app) => app.type === type)!;
  return { type, appId, secret };
}
