// Who may have the parameters of a QR code. They hold a state that is bound to the browser that
// asked: a page of somebody else that could read it would sign this browser in as its own author
// (login CSRF). So the caller is judged here, whatever CORS the application has switched on.
import type { WechatConfig } from '../../config/wechat-config.js';
import { quoted, warnOnce } from '../../common/warn-once.js';
import type { HttpRequest } from './http-request.js';

/** What is wrong with a caller: where it comes from, or how it asks. */
export type QrRefusal = 'origin' | 'way';

/**
 * Undefined for whoever may have them. Fails closed: only a GET of a script, from a listed origin
 * or, where the browser names none, from our own.
 */
export function refusalOfQrCaller(
  request: HttpRequest,
  { returnTo }: Pick<WechatConfig, 'returnTo'>,
): QrRefusal | undefined {
  const origin = request.header('origin');
  const site = request.header('sec-fetch-site');
  // `null` and lists of origins are on no list.
  const isListed = origin !== undefined && returnTo.origins.has(origin);
  const isOwn = origin === undefined && (site === undefined || site === 'same-origin' || site === 'none');
  if (!isListed && !isOwn) return 'origin';
  if (request.method !== 'GET' || request.isPrefetch || request.opensPage) return 'way';
  const mode = request.header('sec-fetch-mode');
  // A navigation shows the answer to a person, and `no-cors` is a picture or a script tag.
  return mode === undefined || mode === 'cors' || mode === 'same-origin' ? undefined : 'way';
}

/** To the developer, whose page reads nothing but that a request failed. */
export function warnOfQrCaller(config: WechatConfig, request: HttpRequest): void {
  const origin =
    request.header('origin') ?? `a page with Sec-Fetch-Site: ${request.header('sec-fetch-site')}`;
  const text =
    `The parameters of a QR code were refused to ${quoted(origin)}: the option returnTo.origins does not name that ` +
    'origin. Add it there if it is yours.';
  warnOnce(config, 'qr', origin, text);
}

/**
 * To the developer of a listed page of another site: browsers keep no cookie of the answer there,
 * so that whoever scans the code comes back signed out.
 */
export function warnOfQrSite(config: WechatConfig, request: HttpRequest): void {
  const origin = request.header('origin');
  if (origin === undefined || request.header('sec-fetch-site') !== 'cross-site') return;
  const text =
    `A QR code at ${quoted(origin)} signs nobody in: the page is of another site than publicUrl, and browsers keep no ` +
    'cookie for it. Serve both below one domain, or lead people to the login route by a link.';
  warnOnce(config, 'qr site', origin, text);
}

/**
 * Whether the browser takes cookies in a frame of the page that asks: only where that page is of
 * our site, which nobody but the browser knows for sure.
 */
export function mayEndInFrame(request: HttpRequest): boolean {
  const site = request.header('sec-fetch-site');
  return site === 'same-origin' || site === 'same-site';
}
