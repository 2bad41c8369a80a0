// What the specs of people's tokens share: a process with a store and a wire, somebody who signed in, and what WeChat answers.
import { Logger } from '@nestjs/common';
import type { TokenRecord } from '../../../lib/tokens/wechat-token.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { APP_ID, makeParts, type Parts } from '../../support/parts.js';
import { Wire, type WireRequest } from '../../support/wire.js';

export const OPENID = 'oABCDEF-0123_456789';
export const UNIONID = 'uABCDEF-0123_456789';
export const KEY = `wechat:${APP_ID}:token:${OPENID}`;
export const SESSION_SECRET = 'session-secret-canary-0123456789abcdef';
export const EXCHANGE = '/sns/oauth2/access_token';
export const REFRESH = '/sns/oauth2/refresh_token';
export const USERINFO = '/sns/userinfo';
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const LIFE = 7_200_000;

/** What the exchange answers; `n` tells tokens apart. */
export const token = (n: number, more: object = {}) => ({
  access_token: `AT${n}`,
  expires_in: 7200,
  refresh_token: `RT${n}`,
  openid: OPENID,
  scope: 'snsapi_userinfo',
  unionid: UNIONID,
  ...more,
});
/** What a refresh answers: without unionid. */
export const refreshed = (n: number, more: object = {}) => ({ ...token(n), unionid: undefined, ...more });
export const profile = { openid: OPENID, nickname: 'Ming' };
export const refusal = (errcode: number) => ({ errcode, errmsg: `no, rid: 61-${errcode}` });

export let wire: Wire;
export let logs: LogCapture;
export let store: FlakyStore;
export let parts: Parts;

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  wire = new Wire();
  start();
});
afterEach(() => {
  wire.close();
  Logger.overrideLogger(false);
});

/** A wire that knows nothing yet. */
export function rewire(): Wire {
  wire.close();
  return (wire = new Wire());
}

/** A process with a store of its own, or one that it shares. */
export function start(options: Parameters<typeof makeParts>[0] = {}, shared?: FlakyStore): Parts {
  store = shared ?? new FlakyStore({ now: () => parts.runtime.now() });
  parts = makeParts(options, { store });
  return parts;
}

export const stored = async (): Promise<TokenRecord | undefined> => {
  const raw = await store.get(KEY);
  return raw === undefined ? undefined : (JSON.parse(raw) as TokenRecord);
};
/** Somebody who signed in with the userinfo scope. */
export async function signIn(more: object = {}): Promise<void> {
  wire.on(EXCHANGE, token(1, more));
  await parts.service.getAccessToken('CODE');
}
export const sent = (endpoint: string, parameter: string) =>
  wire.requests
    .filter((request: WireRequest) => request.endpoint === endpoint)
    .map(({ query }) => query[parameter]);
