// Instead of WeChat: delete this file, write your own account into the options, and leave
// `endpoints` out.
import type { WechatOAuthModuleOptions } from 'nestjs-wechat-oauth';
import { DEFAULT_MOCK_APPS, WechatMockServer } from 'nestjs-wechat-oauth/testing';
import { MOCK_PORT, PUBLIC_URL, PUSH } from './settings.js';

const MOCK_URL = `http://127.0.0.1:${MOCK_PORT}`;
const { appId, secret } = DEFAULT_MOCK_APPS.find(({ type }) => type === 'official-account')!;

/** A service account, and no website app. */
export const mockOptions = {
  appId,
  secret,
  endpoints: { open: MOCK_URL, api: MOCK_URL },
} satisfies WechatOAuthModuleOptions;

export function startMockWechat(): Promise<WechatMockServer> {
  return WechatMockServer.start({
    port: MOCK_PORT,
    apps: DEFAULT_MOCK_APPS.filter((app) => app.appId === appId).map((app) => ({ ...app, name: '一叶茶铺' })),
  });
}

/**
 * The page 消息推送 of the console. It asks the application before it saves, so the application has
 * to listen already.
 */
export function setUpPush(mock: WechatMockServer): Promise<void> {
  return mock.setPush({ appId, url: `${PUBLIC_URL}/wechat/push`, ...PUSH });
}
