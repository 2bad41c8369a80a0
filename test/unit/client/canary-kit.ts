// What the canaries share: secrets that must be nowhere, every call that can fail, and where to look.
import { Logger } from '@nestjs/common';
import { WechatError } from '../../../lib/errors/errors.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeParts, type Parts } from '../../support/parts.js';

export const OPENID = 'oABCDEF-0123_456789';
// Some with characters that mean something in a URL, in JSON or in a regular expression.
export const SECRETS = {
  appSecret: 'canary+secret/0123',
  previousSecret: 'canary(previous)[secret]',
  sessionSecret: 'canary-session-secret-0123456789abcdef',
  code: '"canary&code=x#y"',
  accessToken: 'canary$1access%26token',
  refreshToken: 'canary\\refresh.token*',
  sessionKey: 'Y2FuYXJ5LXNlc3Npb24ta2V5',
};
export const ALL = Object.values(SECRETS);
export const EXCHANGE = '/sns/oauth2/access_token';
export const REFRESH = '/sns/oauth2/refresh_token';
export const SESSION = '/sns/jscode2session';
export const ENDPOINTS = [EXCHANGE, REFRESH, SESSION, '/sns/auth', '/sns/userinfo'];

export const apps = {
  official: {
    type: 'official-account',
    appId: 'wx1111',
    secret: [SECRETS.appSecret, SECRETS.previousSecret],
  },
  mini: { type: 'mini-program', appId: 'wx2222', secret: [SECRETS.appSecret, SECRETS.previousSecret] },
} as const;

export let logs: LogCapture;
beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
});
afterEach(() => Logger.overrideLogger(false));

export function partsAt(api = 'https://api.weixin.qq.com', timeout = 5_000, store = new FlakyStore()): Parts {
  return makeParts(
    {
      apps,
      defaultApp: 'official',
      sessionSecret: SECRETS.sessionSecret,
      endpoints: { api },
      http: { timeout },
    },
    { store },
  );
}

/** Every call that can fail because of what WeChat answers. */
export const CALLS: [name: string, call: (parts: Parts) => Promise<unknown>][] = [
  ['SnsApi.exchangeCode', ({ api, app }) => api.exchangeCode(app, SECRETS.code)],
  ['SnsApi.refresh', ({ api, app }) => api.refresh(app, SECRETS.refreshToken)],
  ['SnsApi.verify', ({ api }) => api.verify(OPENID, SECRETS.accessToken)],
  ['SnsApi.userInfo', ({ api }) => api.userInfo(OPENID, SECRETS.accessToken, 'en')],
  ['SnsApi.codeToSession', ({ api, app }) => api.codeToSession(app, SECRETS.code)],
  ['getAccessToken', ({ service }) => service.getAccessToken(SECRETS.code)],
  ['refreshAccessToken', ({ service }) => service.refreshAccessToken(SECRETS.refreshToken)],
  ['verifyToken', ({ service }) => service.verifyToken(OPENID, SECRETS.accessToken)],
  ['getUser', getUser],
  ['getUser of an expired token', (parts) => getUser(parts, -1)],
  ['getUserByCode', ({ service }) => service.getUserByCode(SECRETS.code)],
  ['getSessionKey', ({ service }) => service.app('mini').getSessionKey(SECRETS.code)],
  [
    'getUserByCode of a mini program',
    ({ service }) =>
      service.app('mini').getUserByCode({ code: SECRETS.code, encryptedData: 'eA==', iv: 'eQ==' }),
  ],
];

export async function getUser({ service, vault, runtime }: Parts, left = 3_600_000): Promise<unknown> {
  const now = runtime.now();
  await vault.write(
    vault.key('wx1111', 'token', OPENID),
    {
      accessToken: SECRETS.accessToken,
      refreshToken: SECRETS.refreshToken,
      expiresAt: now + left,
      issuedAt: now,
      openid: OPENID,
      scope: ['snsapi_userinfo'],
      isSnapshotUser: false,
    },
    3_600_000,
  );
  return service.getUser(OPENID);
}

export async function expectSilence(parts: Parts, call: (parts: Parts) => Promise<unknown>): Promise<Error> {
  const error = await failureOf(() => call(parts));
  expect(error).toBeInstanceOf(WechatError);
  expect('cause' in error).toBe(false);
  expectFreeOf(error, ALL);
  expectFreeOf(logs.text, ALL);
  return error;
}
