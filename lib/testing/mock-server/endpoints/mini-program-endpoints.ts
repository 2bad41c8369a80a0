// The call a server makes with the code of wx.login.
import type { MockRequest } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { openidOf, unionidOf } from '../mock-users.js';
import {
  type ApiFields,
  requireApp,
  requireGrantType,
  requireParam,
  requireSecret,
} from './sns-endpoints.js';
import { WechatFailure } from './wechat-failure.js';

/**
 * `GET /sns/jscode2session`. The session_key is the one that came into being with this code: where
 * two wx.login crossed each other, the answer to the older code is a key that is dead already
 * (inferred from reports of data that cannot be opened; no page describes the race).
 */
export function jscode2session(request: MockRequest, world: MockWorld): ApiFields {
  const app = requireApp(request, world, (candidate) => candidate.type === 'mini-program');
  requireSecret(request, app);
  requireGrantType(request, 'authorization_code');
  const code = world.codes.redeem(requireParam(request, 'js_code', 41008), app.appId);
  if (world.users.get(code.userId, 'sns/jscode2session').blocked) throw new WechatFailure(40226);
  return {
    session_key: code.sessionKey,
    openid: openidOf(app, code.userId),
    unionid: unionidOf(app, code.userId),
  };
}
