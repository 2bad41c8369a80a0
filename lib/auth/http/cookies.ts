// Names and attributes of our cookies, and reading them back.
import { hash } from 'node:crypto';
import { stringifySetCookie } from 'cookie';
import type { AppConfig } from '../../config/wechat-config.js';

/**
 * Name and value. Browsers would keep about 4,096 bytes with the attributes, but the answer that
 * ends a login holds a flow's cookie and an address too, and two of these must fit into one Cookie
 * field.
 */
export const MAX_COOKIE_LENGTH = 2_800;

/** Names never change and every request asks for some, so each is made once. By app and base. */
type Names = WeakMap<AppConfig, Map<string, string>>;
const ofApps: Names = new WeakMap();
const ofHosts: Names = new WeakMap();

/** Cookies know no ports and no apps, so the names do: a hash of public URL and app. */
export function cookieName(app: AppConfig, base: string): string {
  return nameOf(ofApps, app, base, () => `${hostPrefix(app)}${base}_${appTag(app)}`);
}

/** The name of a cookie that all apps of a host share. */
export function hostCookieName(app: AppConfig, base: string): string {
  return nameOf(ofHosts, app, base, () => hostPrefix(app) + base);
}

function nameOf(names: Names, app: AppConfig, base: string, make: () => string): string {
  let known = names.get(app);
  if (!known) names.set(app, (known = new Map()));
  let name = known.get(base);
  if (name === undefined) known.set(base, (name = make()));
  return name;
}

function flowCookiePrefix(app: AppConfig): string {
  return `${cookieName(app, 'wechat_flow')}_`;
}

/** One cookie for each flow, so that two tabs do not take each other's. */
export function flowCookieName(app: AppConfig, state: string): string {
  return flowCookiePrefix(app) + shortHash(state);
}

/**
 * The cookies that may be flows of this app. Exactly our names: others can hold characters that
 * cannot be written back.
 */
export function flowCookies(app: AppConfig, cookies: readonly ReceivedCookie[]): ReceivedCookie[] {
  const prefix = flowCookiePrefix(app);
  return cookies.filter(
    ({ name }) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)),
  );
}

/** @param maxAge seconds; 0 removes the cookie */
export function writeCookie(app: AppConfig, name: string, value: string, maxAge: number): string {
  return stringifySetCookie({
    name,
    value,
    // Up, so that a lifetime does not read a second short; the end that counts is sealed inside.
    maxAge: Math.ceil(maxAge),
    path: '/',
    httpOnly: true,
    secure: isSecure(app),
    // Lax, not Strict: the return from WeChat is a navigation from another site.
    sameSite: 'lax',
  });
}

/** A cookie as it came; of one name there may be several. */
export interface ReceivedCookie {
  name: string;
  value: string;
}

/**
 * All cookies of a request, duplicates included, compared as bytes: split at ";", cut at the first
 * "=", blanks and tabs dropped in front of a name and nowhere else. Whatever is more forgiving
 * takes another name for ours: with `trim()` a sibling host could set byte A0 and `__Host-…`, which
 * browsers refuse to nobody, and sign people in as somebody else.
 * @param header several fields as Node keeps them (HTTP/2) are joined as RFC 9113 §8.2.3 says
 */
export function readCookies(header: string | readonly string[] | undefined): ReceivedCookie[] {
  if (!header) return [];
  const line = typeof header === 'string' ? header : header.join('; ');
  const cookies: ReceivedCookie[] = [];
  let equals = line.indexOf('=');
  for (let start = 0, end: number; equals >= 0 && start < line.length; start = end + 1) {
    end = line.indexOf(';', start);
    if (end < 0) end = line.length;
    // Only the bytes 20 and 09: no other blank of Unicode is one to a browser.
    while (line[start] === ' ' || line[start] === '\t') start++;
    // Looked for once: from every ";" anew, a long header without one would cost its length
    // squared.
    if (equals < start) equals = line.indexOf('=', start);
    if (equals > start && equals < end) {
      cookies.push({ name: line.slice(start, equals), value: line.slice(equals + 1, end) });
    }
  }
  return cookies;
}

/**
 * The value of the one cookie of that name. Two of one name means that somebody else set one of
 * them, so neither counts.
 */
export function onlyCookie(cookies: readonly ReceivedCookie[], name: string): string | undefined {
  let found: ReceivedCookie | undefined;
  for (const cookie of cookies) {
    if (cookie.name !== name) continue;
    if (found) return undefined;
    found = cookie;
  }
  return found?.value;
}

/**
 * Whether a cookie of ours got stuck behind a comma: a proxy joined several Cookie fields as no RFC
 * allows. Then it is missing, and people would log in for ever without anybody knowing why.
 */
export function isJoinedByComma(cookies: readonly ReceivedCookie[]): boolean {
  for (const { value } of cookies) if (value.includes(', __Host-wechat_')) return true;
  return false;
}

/**
 * `__Host-` keeps other hosts of the same site from setting the cookie; browsers take it only with
 * `Secure`.
 */
function hostPrefix(app: AppConfig): string {
  return isSecure(app) ? '__Host-' : '';
}

/** Follows the configured address, never the request: a proxy may end TLS in front of us. */
function isSecure(app: AppConfig): boolean {
  return app.publicUrl?.protocol !== 'http:';
}

function appTag(app: AppConfig): string {
  return shortHash(`${app.publicUrl?.href ?? ''}\n${app.name}\n${app.appId}`);
}

function shortHash(text: string): string {
  return hash('sha256', text).slice(0, 8);
}
