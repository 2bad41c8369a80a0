// Remembers in the browser that a silent login was tried, so that a route of mode `silent` asks
// WeChat once and then leaves people alone.
import type { AppConfig } from '../../config/wechat-config.js';
import { cookieName, type ReceivedCookie, writeCookie } from '../http/cookies.js';
import { MAX_REMOVED } from '../http/header-budget.js';

/** How long an attempt that came to nothing counts, in seconds. */
const REMEMBER_S = 86_400;

/** Whether this browser has been asked at this app already. */
export function wasTried(app: AppConfig, cookies: readonly ReceivedCookie[]): boolean {
  return silentCookies(app, cookies).length > 0;
}

/** The value says nothing and is not sealed: whoever forges it spares themselves a login. */
export function rememberAttempt(app: AppConfig): string {
  return writeCookie(app, silentCookieName(app), '1', REMEMBER_S);
}

/**
 * After a logout it is as long as the session would have lasted, so that nobody is signed in again
 * behind their back. The mark of the logout is part of the name: an answer that was under way does
 * not know it, so it can neither end this silence nor shorten it.
 */
export function staySilent(app: AppConfig, mark: string, seconds: number): string {
  return writeCookie(app, `${silentCookieName(app)}_${mark}`, '1', seconds);
}

/** The Set-Cookie lines that end what the browser showed of it, ten at most. */
export function forgetAttempts(app: AppConfig, cookies: readonly ReceivedCookie[]): string[] {
  const names = new Set(silentCookies(app, cookies).map(({ name }) => name));
  return [...names].slice(0, MAX_REMOVED).map((name) => writeCookie(app, name, '', 0));
}

/** The cookies that remember silent attempts at this app. */
export function silentCookies(app: AppConfig, cookies: readonly ReceivedCookie[]): ReceivedCookie[] {
  const own = silentCookieName(app);
  return cookies.filter(({ name }) => name.startsWith(own) && /^(_[\w-]{11})?$/.test(name.slice(own.length)));
}

function silentCookieName(app: AppConfig): string {
  return cookieName(app, 'wechat_silent');
}
