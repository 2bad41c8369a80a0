// `cgi-bin/ticket/getticket`: what signatures for the JS-SDK are made with.
import type { MockRequest } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { callingApp } from './app-calls.js';
import type { ApiFields } from './sns-endpoints.js';
import { WechatFailure } from './wechat-failure.js';

/**
 * `GET /cgi-bin/ticket/getticket?type=jsapi`, with the token of an official account. `wx_card` is
 * another ticket, which is not played. Which code a wrong type gets is inferred: a parameter that
 * is not valid.
 */
export function getTicket(request: MockRequest, world: MockWorld): ApiFields {
  const app = callingApp(request, world, 'official-account');
  if (request.query.get('type') !== 'jsapi') throw new WechatFailure(40097);
  const { ticket, expiresAt } = world.jsTickets.ask(app.appId);
  // Rounded up, so that what lives is never said to be over.
  const expires_in = Math.ceil((expiresAt - world.clock.now()) / 1000);
  return { errcode: 0, errmsg: 'ok', ticket, expires_in };
}
