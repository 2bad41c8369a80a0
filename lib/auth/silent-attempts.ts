// Remembers in the browser that a silent login was tried, so that a route of mode `silent` asks WeChat once and then leaves people alone.
import type { WechatApp } from '../config/wechat-config.js';
import { cookieName, type ReceivedCookie, writeCookie } from './cookies.js';

/** How long an attempt that came to nothing counts, in seconds. */
const REMEMBER_S = 86_400;

export function wasTried(app: WechatApp, cookies: readonly ReceivedCookie[]): boolean {
  return cookies.some(({ name }) => name === silentCookieName(app));
}

/**
 * The value says nothing and is not sealed: whoever forges it spares themselves a login.
 * @param seconds after a logout it is as long as the session would have lasted, so that nobody is signed in again behind their back
 */
export function rememberAttempt(app: WechatApp, seconds = REMEMBER_S): string {
  return writeCookie(app, silentCookieName(app), '1', seconds);
}

export function forgetAttempt(app: WechatApp): string {
  return writeCookie(app, silentCookieName(app), '', 0);
}

export function silentCookieName(app: WechatApp): string {
  return cookieName(app, 'wechat_silent');
}
