// Codes that no page hands out: those of `wx.login` in a mini program and of the app SDK.
import { CODE_LIFE } from './grants/codes.js';
import type { MockApp } from './mock-apps.js';
import type { MockWorld } from './mock-world.js';

/** An app whose people sign in without a page. */
export type LoginCodeApp = MockApp & { readonly type: 'mini-program' | 'mobile' };

/** Whether the app's people sign in without a page. */
export function givesLoginCodes(app: MockApp): app is LoginCodeApp {
  return app.type === 'mini-program' || app.type === 'mobile';
}

/** What the phone button hands out: no code of a login, and no new session_key comes with it. */
export function issuePhoneCode(world: MockWorld, app: MockApp, userId: string): string {
  const grant = { appId: app.appId, userId, scope: '', snapshot: false };
  return world.phoneCodes.issue(grant, CODE_LIFE['mini-program']);
}

/** For a mini program a new session_key comes into being with it, and kills the old one. */
export function issueLoginCode(world: MockWorld, app: LoginCodeApp, userId: string): string {
  const sessionKey = app.type === 'mini-program' ? world.sessionKeys.mint(app.appId, userId) : undefined;
  const scope = app.type === 'mobile' ? 'snsapi_userinfo' : '';
  const grant = { appId: app.appId, userId, scope, snapshot: false, sessionKey };
  return world.codes.issue(grant, CODE_LIFE[app.type]);
}
