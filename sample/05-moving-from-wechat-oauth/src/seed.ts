// Leaves a row in the table as the old application wrote it three hours ago: same request to
// WeChat, same fields, same function.
import type { Pool } from 'mysql2';
import type { WechatMockServer } from 'nestjs-wechat-oauth/testing';
import { oldFunctions, type OldToken } from './after/old-functions.js';
import { mockOptions } from './mock-wechat.js';
import { PUBLIC_URL } from './settings.js';

const THREE_HOURS = 3 * 3_600_000;

/** Returns the openid. */
export async function seedOldRow(db: Pool, mock: WechatMockServer): Promise<string> {
  const { appId, secret, endpoints } = mockOptions;
  const link = new URL('/connect/oauth2/authorize', endpoints.open);
  link.search = new URLSearchParams({
    appid: appId,
    redirect_uri: `${PUBLIC_URL}/callback`,
    response_type: 'code',
    scope: 'snsapi_userinfo',
    state: 'state',
  }).toString();
  const { redirectTo } = await mock.authorize(link.href, { user: 'ming' });
  const code = new URL(redirectTo!).searchParams.get('code')!;

  const request = new URL('/sns/oauth2/access_token', endpoints.api);
  request.search = new URLSearchParams({
    appid: appId,
    secret,
    code,
    grant_type: 'authorization_code',
  }).toString();
  const answer = (await (await fetch(request)).json()) as Omit<OldToken, 'create_at'>;
  const token: OldToken = { ...answer, create_at: Date.now() - THREE_HOURS };
  // An access token lives for two hours.
  mock.expireTokens('ming');

  await new Promise<void>((resolve, reject) => {
    oldFunctions(db).saveToken(token.openid, token, (error) => (error ? reject(error) : resolve()));
  });
  return token.openid;
}
