// What a logout leaves in the browser: a mark that every logout replaces. A login that was under
// way meanwhile knows the one of before, so it signs nobody in, whichever answer arrives last; no
// clock and no store is asked.
import { hostCookieName, onlyCookie, type ReceivedCookie, writeCookie } from '../http/cookies.js';
import type { AppConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';

/** As long as browsers keep a cookie. A mark that is lost signs out once. */
const KEPT_S = 400 * 86_400;

/** Of the host that the request came to; empty where nobody has signed out yet. */
export function logoutMark(app: AppConfig, cookies: readonly ReceivedCookie[]): string {
  const mark = onlyCookie(cookies, logoutMarkName(app));
  return mark !== undefined && /^[\w-]{11}$/.test(mark) ? mark : '';
}

/** A mark that no logout had before. */
export function newLogoutMark(runtime: Pick<Runtime, 'randomBytes'>): string {
  return runtime.randomBytes(8).toString('base64url');
}

/** The Set-Cookie lines of a logout: one for each way in which our apps name their cookies. */
export function writeLogoutMark(apps: readonly AppConfig[], mark: string): string[] {
  const byName = new Map(apps.map((app) => [logoutMarkName(app), app]));
  return [...byName].map(([name, app]) => writeCookie(app, name, mark, KEPT_S));
}

/** Name of the cookie that holds it. */
export function logoutMarkName(app: AppConfig): string {
  return hostCookieName(app, 'wechat_out');
}
