// Instead of WeChat: delete this file, write your own app into the options, and leave `endpoints`
// and `dev` out.
import type { WechatOAuthModuleOptions } from 'nestjs-wechat-oauth';
import { DEFAULT_MOCK_APPS, WechatMockServer } from 'nestjs-wechat-oauth/testing';
import { MOCK_PORT } from './settings.js';

const MOCK_URL = `http://127.0.0.1:${MOCK_PORT}`;
const { appId, secret } = DEFAULT_MOCK_APPS.find(({ type }) => type === 'official-account')!;

export const mockOptions = {
  appId,
  secret: secret as string,
  endpoints: { open: MOCK_URL, api: MOCK_URL },
  // Every browser passes for the one inside WeChat.
  dev: { client: 'wechat' },
} satisfies WechatOAuthModuleOptions;

export function startMockWechat(): Promise<WechatMockServer> {
  return WechatMockServer.start({ port: MOCK_PORT });
}
