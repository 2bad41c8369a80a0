// What the specs of the mock server share: a server that is closed after each test, four apps, and
// the links and calls one makes.
import { WechatMockServer, type WechatMockServerOptions } from '../../../../lib/testing/index.js';

export const OFFICIAL = {
  type: 'official-account',
  appId: 'wxofficial',
  secret: 'official-secret',
  openPlatform: 'g',
} as const;
export const WEBSITE = {
  type: 'website',
  appId: 'wxwebsite',
  secret: 'website-secret',
  openPlatform: 'g',
} as const;
export const MOBILE = {
  type: 'mobile',
  appId: 'wxmobile',
  secret: 'mobile-secret',
  openPlatform: 'g',
} as const;
export const MINI = {
  type: 'mini-program',
  appId: 'wxmini',
  secret: 'mini-secret',
  openPlatform: 'g',
} as const;
/** Bound to no open-platform account. */
export const LONE = { type: 'official-account', appId: 'wxlone', secret: 'lone-secret' } as const;

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** A moment to count from: 2026-01-02T03:04:05Z. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);
export const CALLBACK = 'http://127.0.0.1:3000/cb';

export type Json = Record<string, unknown> & { errcode?: number; errmsg?: string };

let running: WechatMockServer[] = [];

export async function start(options: WechatMockServerOptions = {}): Promise<WechatMockServer> {
  const server = await WechatMockServer.start({
    apps: [OFFICIAL, WEBSITE, MOBILE, MINI, LONE],
    now: () => START,
    ...options,
  });
  running.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(running.map((server) => server.close()));
  running = [];
});

export interface LinkParts {
  appid?: string;
  redirect_uri?: string;
  response_type?: string;
  scope?: string;
  state?: string;
}

/** A link to the page inside WeChat; a part that is '' is left out, `tail` follows the state. */
export function officialLink(parts: LinkParts = {}, tail = ''): string {
  return `https://open.weixin.qq.com/connect/oauth2/authorize?${query({ appid: OFFICIAL.appId, scope: 'snsapi_userinfo', ...parts })}${tail}#wechat_redirect`;
}

export function qrLink(parts: LinkParts = {}, tail = ''): string {
  return `https://open.weixin.qq.com/connect/qrconnect?${query({ appid: WEBSITE.appId, scope: 'snsapi_login', ...parts })}${tail}#wechat_redirect`;
}

function query(parts: LinkParts): string {
  const { appid, redirect_uri = CALLBACK, response_type = 'code', scope, state = 'abc123' } = parts;
  return Object.entries({ appid, redirect_uri, response_type, scope, state })
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`)
    .join('&');
}

export async function get(
  server: WechatMockServer,
  path: string,
  params: Record<string, string> = {},
  init: RequestInit = {},
) {
  const text = new URLSearchParams(params).toString();
  const response = await fetch(`${server.endpoints.api}${path}${text && `?${text}`}`, {
    redirect: 'manual',
    ...init,
  });
  const body = await response.text();
  return { status: response.status, headers: response.headers, body };
}

export async function json(
  server: WechatMockServer,
  path: string,
  params: Record<string, string> = {},
): Promise<Json> {
  return JSON.parse((await get(server, path, params)).body) as Json;
}

/** The code in the address WeChat sent the browser to. */
export function codeIn(redirectTo: string | undefined): string {
  return new URL(redirectTo!).searchParams.get('code')!;
}

export async function codeFor(
  server: WechatMockServer,
  user: string,
  link = officialLink(),
): Promise<string> {
  return codeIn((await server.authorize(link, { user })).redirectTo);
}

export function exchange(
  server: WechatMockServer,
  app: { appId: string; secret: string },
  code: string,
): Promise<Json> {
  const params = { appid: app.appId, secret: app.secret, code, grant_type: 'authorization_code' };
  return json(server, '/sns/oauth2/access_token', params);
}

/** A whole login of an official account: the token answer. */
export async function signIn(
  server: WechatMockServer,
  user = 'ming',
  scope = 'snsapi_userinfo',
): Promise<Record<string, string>> {
  const answer = await exchange(server, OFFICIAL, await codeFor(server, user, officialLink({ scope })));
  expect(answer.errcode).toBeUndefined();
  return answer as unknown as Record<string, string>;
}

/** What a promise is rejected with; a test fails when it is not. */
export function failureOf(promise: Promise<unknown>): Promise<Error & { cause?: { code?: string } }> {
  return promise.then(
    () => {
      throw new Error('was not rejected');
    },
    (error: unknown) => error as Error & { cause?: { code?: string } },
  );
}

export function refresh(
  server: WechatMockServer,
  token: string,
  appId: string = OFFICIAL.appId,
): Promise<Json> {
  return json(server, '/sns/oauth2/refresh_token', {
    appid: appId,
    grant_type: 'refresh_token',
    refresh_token: token,
  });
}

export function userinfo(
  server: WechatMockServer,
  tokens: Record<string, string>,
  openid = tokens['openid']!,
): Promise<Json> {
  return json(server, '/sns/userinfo', { access_token: tokens['access_token']!, openid, lang: 'zh_CN' });
}

/** The token of an app. */
export async function appToken(
  server: WechatMockServer,
  app: { appId: string; secret: string } = OFFICIAL,
): Promise<string> {
  const { appId: appid, secret } = app;
  const body = JSON.stringify({ grant_type: 'client_credential', appid, secret });
  const answer = await get(server, '/cgi-bin/stable_token', {}, { method: 'POST', body });
  return (JSON.parse(answer.body) as { access_token: string }).access_token;
}

/** What `qrcode/create` answers. */
export async function createQrCode(
  server: WechatMockServer,
  asked: unknown,
  app: { appId: string; secret: string } = OFFICIAL,
): Promise<Json> {
  const params = { access_token: await appToken(server, app) };
  const init = { method: 'POST', body: JSON.stringify(asked) };
  return JSON.parse((await get(server, '/cgi-bin/qrcode/create', params, init)).body) as Json;
}
