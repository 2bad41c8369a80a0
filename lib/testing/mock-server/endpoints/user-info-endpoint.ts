// `cgi-bin/user/info`: what an account knows of a person by the openid.
import type { MockRequest } from '../http/mock-http.js';
import { openidOf, unionidOf } from '../mock-users.js';
import type { MockWorld } from '../mock-world.js';
import { callingApp } from './app-calls.js';
import { type ApiFields, requireParam } from './sns-endpoints.js';
import { WechatFailure } from './wechat-failure.js';

/**
 * `GET /cgi-bin/user/info`, with the token of an official account. Of who does not follow it says
 * nothing more. Nickname and picture have not been in it since 2021; `lang` concerned the region,
 * which is gone too.
 */
export function followerInfo(request: MockRequest, world: MockWorld): ApiFields {
  const app = callingApp(request, world, 'official-account');
  const openid = requireParam(request, 'openid', 41009);
  const user = world.users.list().find(({ id }) => openidOf(app, id) === openid);
  if (!user) throw new WechatFailure(40003);
  if (!user.follower) return { subscribe: 0, openid };
  const { at, scene } = world.follows.of(app.appId, user.id);
  return {
    subscribe: 1,
    openid,
    language: 'zh_CN',
    subscribe_time: Math.floor(at / 1000),
    unionid: unionidOf(app, user.id),
    remark: '',
    groupid: 0,
    tagid_list: [],
    subscribe_scene: scene === undefined ? 'ADD_SCENE_SEARCH' : 'ADD_SCENE_QR_CODE',
    qr_scene: 0,
    qr_scene_str: scene ?? '',
  };
}
