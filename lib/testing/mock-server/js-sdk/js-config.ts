// What the app says to `wx.config` of a page: whether the page may use the JS-SDK.
import { createHash } from 'node:crypto';
import type { MockAnswer, MockRequest } from '../http/mock-http.js';
import type { MockJsConfig } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { domainAllows } from '../redirect-domains.js';

/** Where the script of the mock asks. */
export const JS_CONFIG = '/mock/js-config';

/**
 * `config:ok`, or why not. Everything is compared as it is, as WeChat does: an address that is
 * spelled in another way is another address.
 */
export function judgeJsConfig(world: MockWorld, config: MockJsConfig): string {
  const { appId, timestamp, nonceStr, signature, url } = config;
  const app = world.apps.find(appId);
  if (app?.type !== 'official-account') return 'config:invalid appid';
  if (!domainAllows(app, url)) return 'config:invalid url domain';
  const ticket = world.jsTickets.of(appId);
  if (ticket === undefined) return 'config:invalid signature';
  const signed = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
  const expected = createHash('sha1').update(signed).digest('hex');
  return signature === expected ? 'config:ok' : 'config:invalid signature';
}

/** `GET /mock/js-config`: the same for a script, on pages of any origin. */
export function jsConfig({ query }: MockRequest, world: MockWorld): MockAnswer {
  const [appId, timestamp, nonceStr, signature, url] = [
    'appId',
    'timestamp',
    'nonceStr',
    'signature',
    'url',
  ].map((name) => query.get(name) ?? '') as [string, string, string, string, string];
  const errMsg = judgeJsConfig(world, { appId, timestamp: Number(timestamp), nonceStr, signature, url });
  const body = errMsg === 'config:invalid signature' ? { errMsg, realAuthUrl: [url] } : { errMsg };
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Access-Control-Allow-Origin': '*',
    },
    body: JSON.stringify(body),
  };
}
