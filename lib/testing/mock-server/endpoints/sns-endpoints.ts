// The calls a server makes for a person who came by a browser or a native app: code for tokens,
// refresh, check, profile.
import type { MockApp } from '../mock-apps.js';
import type { MockRequest } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { openidOf, unionidOf } from '../mock-users.js';
import { ACCESS_TOKEN_SECONDS, type TokenGrant } from '../grants/tokens.js';
import { WechatFailure } from './wechat-failure.js';

/** Whose picture a snapshot user has. The dot keeps it apart from every user id. */
const VIRTUAL_USER = 'virtual.user';

/** The fields of a good answer. */
export type ApiFields = Record<string, unknown>;

/**
 * The first value of a parameter; missing and empty are the same to WeChat. @throws WechatFailure
 * with `errcode`
 */
export function requireParam(request: MockRequest, name: string, errcode: number): string {
  const value = request.query.get(name);
  if (!value) throw new WechatFailure(errcode);
  return value;
}

/**
 * @throws WechatFailure 41002 no appid; 40013 unknown, or of another kind of app (inferred: no page
 * says what that answers)
 */
export function requireApp(
  request: MockRequest,
  world: MockWorld,
  accepts: (app: MockApp) => boolean,
): MockApp {
  const app = world.apps.find(requireParam(request, 'appid', 41002));
  if (!app || !accepts(app)) throw new WechatFailure(40013);
  return app;
}

/** @throws WechatFailure 41004 no secret; 40125 a wrong one */
export function requireSecret(request: MockRequest, app: MockApp): void {
  if (!app.secrets.includes(requireParam(request, 'secret', 41004))) throw new WechatFailure(40125);
}

/** @throws WechatFailure 40002 */
export function requireGrantType(request: MockRequest, grantType: string): void {
  if (request.query.get('grant_type') !== grantType) throw new WechatFailure(40002);
}

const signsInByToken = (app: MockApp): boolean => app.type !== 'mini-program';

/** `GET /sns/oauth2/access_token`. A failed call does not spend the code. */
export function accessToken(request: MockRequest, world: MockWorld): ApiFields {
  const app = requireApp(request, world, signsInByToken);
  requireSecret(request, app);
  requireGrantType(request, 'authorization_code');
  const code = world.codes.redeem(requireParam(request, 'code', 41008), app.appId);
  const { unsure } = world;
  const virtual = code.snapshot && unsure.snapshotVirtualOpenid;
  const grant = world.tokens.issue(code, openidOf(app, code.userId, virtual));
  // 网页授权: unionid only with snsapi_userinfo. Websites and native apps have one scope each, and it
  // gives the unionid.
  const givesUnionid = !isBaseOnly(grant.scope) || unsure.unionidOnBase;
  return {
    ...tokenFields(grant, unsure.scopeInTokenAnswer),
    is_snapshotuser: code.snapshot && unsure.snapshotFlag ? 1 : undefined,
    unionid: givesUnionid ? unionidOf(app, code.userId, virtual) : undefined,
  };
}

/** `GET /sns/oauth2/refresh_token`. Takes no secret: whoever has the refresh_token may use it. */
export function refreshToken(request: MockRequest, world: MockWorld): ApiFields {
  const app = requireApp(request, world, signsInByToken);
  requireGrantType(request, 'refresh_token');
  return tokenFields(world.tokens.refresh(app.appId, requireParam(request, 'refresh_token', 41003)), true);
}

/** `GET /sns/auth`. */
export function auth(request: MockRequest, world: MockWorld): ApiFields {
  checkedGrant(request, world);
  return { errcode: 0, errmsg: 'ok' };
}

/**
 * `GET /sns/userinfo`. Sex and region have carried no real value since October 2021; `lang` only
 * ever concerned the region.
 */
export function userinfo(request: MockRequest, world: MockWorld): ApiFields {
  const grant = checkedGrant(request, world);
  if (isBaseOnly(grant.scope)) throw new WechatFailure(48001);
  if (grant.snapshot && !world.unsure.snapshotUserinfo) throw new WechatFailure(48001);
  const user = world.users.get(grant.userId, 'sns/userinfo');
  const app = world.apps.get(grant.appId, 'sns/userinfo');
  return {
    openid: grant.openid,
    nickname: grant.snapshot ? '微信用户' : user.nickname,
    sex: 0,
    province: '',
    city: '',
    country: '',
    headimgurl: grant.snapshot
      ? avatarUrl(world, VIRTUAL_USER)
      : (user.avatarUrl ?? avatarUrl(world, user.id)),
    privilege: [],
    unionid: unionidOf(app, user.id, grant.snapshot && world.unsure.snapshotVirtualOpenid),
  };
}

/** The address of the picture the server draws; the last segment is a size, as in WeChat's. */
export function avatarUrl(world: MockWorld, userId: string): string {
  return `${world.origin}/avatar/${userId}.svg/132`;
}

function checkedGrant(request: MockRequest, world: MockWorld): TokenGrant {
  const token = requireParam(request, 'access_token', 41001);
  const openid = requireParam(request, 'openid', 41009);
  const grant = world.tokens.check(token);
  if (grant.openid !== openid) throw new WechatFailure(40003);
  return grant;
}

function tokenFields(grant: TokenGrant, withScope: boolean): ApiFields {
  return {
    access_token: grant.accessToken,
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: grant.refreshToken,
    openid: grant.openid,
    scope: withScope ? grant.scope : undefined,
  };
}

function isBaseOnly(scope: string): boolean {
  return scope === 'snsapi_base';
}
