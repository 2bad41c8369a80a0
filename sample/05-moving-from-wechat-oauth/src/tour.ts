// Shows on one old row what moving means: it is read, refreshed, written back in its old shape, and
// the old application can go on with it.
import type { Pool } from 'mysql2';
import type { WechatOAuthService } from 'nestjs-wechat-oauth';
import { oldFunctions, type OldToken } from './after/old-functions.js';

export async function tour(db: Pool, wechat: WechatOAuthService, openid: string): Promise<string> {
  const before = await readRow(db, openid);
  const { nickname } = await wechat.getUser(openid);
  const after = await readRow(db, openid);
  return [
    '',
    `  1  旧行 · the old row         ${show(before)}`,
    `  2  getUser("${openid}")  ${nickname}`,
    `  3  已刷新 · refreshed         ${show(after)}`,
    `  4  旧程序的 isValid · isValid of the old program   ${isValid(before)} → ${isValid(after)}`,
    `  5  按本意计算 · and as it was meant               ${isValid(numbers(before))} → ${isValid(numbers(after))}`,
    '',
  ].join('\n');
}

/**
 * As wechat-oauth judges what `getToken` gave it. The columns are text, so `+` joins where it
 * should add, and no token is ever over; ours are.
 */
function isValid(data: OldToken): boolean {
  const createdAt = data.create_at as number;
  return !!data.access_token && Date.now() < createdAt + (data.expires_in as number) * 1000;
}

function numbers(data: OldToken): OldToken {
  return { ...data, create_at: Number(data.create_at), expires_in: Number(data.expires_in) };
}

function readRow(db: Pool, openid: string): Promise<OldToken> {
  return new Promise((resolve, reject) => {
    oldFunctions(db).getToken(openid, (error, row) => (error ? reject(error) : resolve(row!)));
  });
}

function show({ access_token, expires_in, create_at }: OldToken): string {
  const age = Math.round((Date.now() - Number(create_at)) / 60_000);
  return `access_token ${access_token.slice(0, 8)}…  expires_in "${expires_in}"  create_at "${create_at}" (${age} min)`;
}
