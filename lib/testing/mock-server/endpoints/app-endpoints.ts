// The calls a server makes in the name of an app: its own token, session_key checks, a person's
// phone number.
import { createHmac } from 'node:crypto';
import type { MockApp } from '../mock-apps.js';
import type { MockRequest } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import { openidOf } from '../mock-users.js';
import type { MockWorld } from '../mock-world.js';
import { callingApp, jsonBody } from './app-calls.js';
import { type ApiFields, requireParam } from './sns-endpoints.js';
import { WechatFailure } from './wechat-failure.js';

const OK = { errcode: 0, errmsg: 'ok' };

/** `POST /cgi-bin/stable_token` with JSON. For official accounts and mini programs. */
export function stableToken(request: MockRequest, world: MockWorld): ApiFields {
  const body = jsonBody(request);
  if (!body['appid']) throw new WechatFailure(41002);
  const app = world.apps.find(String(body['appid']));
  if (!app || (app.type !== 'official-account' && app.type !== 'mini-program'))
    throw new WechatFailure(40013);
  if (!body['secret']) throw new WechatFailure(41004);
  if (!app.secrets.includes(String(body['secret']))) throw new WechatFailure(40125);
  if (body['grant_type'] !== 'client_credential') throw new WechatFailure(40002);
  const { token, expiresAt } = world.appTokens.stable(app.appId, body['force_refresh'] === true);
  return { access_token: token, expires_in: Math.floor((expiresAt - world.clock.now()) / 1000) };
}

/** `GET /wxa/checksession`: is the session_key that signed the current one? */
export function checkSession(request: MockRequest, world: MockWorld): ApiFields {
  signedUser(request, world);
  return OK;
}

/** `GET /wxa/resetusersessionkey`: a new session_key; the one that signed dies. */
export function resetSessionKey(request: MockRequest, world: MockWorld): ApiFields {
  const { app, user } = signedUser(request, world);
  const session_key = world.sessionKeys.mint(app.appId, user.id);
  return { ...OK, openid: openidOf(app, user.id), session_key };
}

/**
 * `POST /wxa/business/getuserphonenumber`. The code comes from the phone button, in the body; one
 * in the query is 40029.
 */
export function phoneNumber(request: MockRequest, world: MockWorld): ApiFields {
  const app = callingApp(request, world, 'mini-program');
  if (request.body === '' && request.query.has('code')) throw new WechatFailure(40029);
  const body = jsonBody(request);
  if (typeof body['code'] !== 'string') throw new WechatFailure(40029);
  const { userId } = world.phoneCodes.redeem(body['code'], app.appId);
  // openid is "checked against code"; what a mismatch answers is not documented.
  if (body['openid'] !== undefined && body['openid'] !== openidOf(app, userId))
    throw new WechatFailure(40003);
  const { phoneNumber: number } = world.users.get(userId, 'getuserphonenumber');
  const watermark = { timestamp: Math.floor(world.clock.now() / 1000), appid: app.appId };
  const countryCode = world.unsure.countryCodeAsNumber ? 86 : '86';
  const phone_info = { phoneNumber: number, purePhoneNumber: number, countryCode, watermark };
  return { ...OK, phone_info };
}

/**
 * `signature` is HMAC-SHA256 of nothing (GET has no body) under the session_key as text, in hex.
 * @throws WechatFailure 40003 nobody's openid; 87008 another method; 87009 not signed with the
 * current key
 */
function signedUser(request: MockRequest, world: MockWorld): { app: MockApp; user: MockUser } {
  const app = callingApp(request, world, 'mini-program');
  const openid = requireParam(request, 'openid', 41009);
  const user = world.users.list().find((candidate) => openidOf(app, candidate.id) === openid);
  if (!user) throw new WechatFailure(40003);
  if (request.query.get('sig_method') !== 'hmac_sha256') throw new WechatFailure(87008);
  const key = world.sessionKeys.of(app.appId, user.id)?.current;
  const signature = key === undefined ? undefined : createHmac('sha256', key).update('').digest('hex');
  if (signature === undefined || request.query.get('signature') !== signature) throw new WechatFailure(87009);
  return { app, user };
}
