// Where a login may end. The answer is an absolute address on an allowed origin, or nothing.
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { HttpRequest } from './http-request.js';
import { quoted, warnOnce } from '../../common/warn-once.js';

/**
 * More than a header has room for; what it does have room for is measured where the answer is made.
 */
const MAX_LENGTH = 3_000;

/**
 * The address of a path of the application, as browsers see it: a proxy may have stripped the path
 * of `publicUrl`.
 */
export function publicAddress(publicUrl: URL, pathAndQuery: string): string {
  const address = baseOf(publicUrl) + pathAndQuery;
  return PLAIN.test(pathAndQuery) ? address : new URL(address).href;
}

/**
 * The same where the path came with a request. Undefined for what no login returns to.
 */
export function ownAddress(config: WechatConfig, app: AppConfig, pathAndQuery: string): string | undefined {
  const address = baseOf(requirePublicUrl(app)) + pathAndQuery;
  if (PLAIN.test(pathAndQuery) && address.length <= MAX_LENGTH) return address;
  return allowedReturnAddress(config, app, new URL(address).href);
}

/** What every path is put behind, by public URL: these never change. */
const bases = new WeakMap<URL, string>();

function baseOf(publicUrl: URL): string {
  let base = bases.get(publicUrl);
  if (base === undefined) {
    base = `${publicUrl.origin}${publicUrl.pathname.replace(/\/$/, '')}`;
    bases.set(publicUrl, base);
  }
  return base;
}

/**
 * A path, and a query, of characters that every parser gives back as they are and that lead nowhere
 * else. Without dots, which could be steps up.
 */
const PLAIN = /^(?=\/)(?:\/[\w-]+)*\/?(?:\?[\w=&-]*)?$/;

/** Where a login goes that has nowhere else to go. */
export function defaultReturnAddress(config: WechatConfig, app: AppConfig): string {
  return publicAddress(requirePublicUrl(app), config.returnTo.default);
}

/**
 * Against open redirects. Checked when a flow starts and again when it ends. Comparing origins
 * after parsing, and sending the parsed `href`, is the one way of the usual ones that lets nothing
 * through.
 */
export function allowedReturnAddress(
  config: WechatConfig,
  app: AppConfig,
  value: unknown,
): string | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_LENGTH) return undefined;
  // URL parsers drop some of them and take backslashes for slashes.
  if (/[\u0000-\u0020\u007f-\u009f\\]/.test(value)) return undefined;
  const base = requirePublicUrl(app).href;
  if (!URL.canParse(value, base)) return undefined;
  const url = new URL(value, base);
  // A blob: address has the origin of what is inside it.
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username || url.password || !config.returnTo.origins.has(url.origin)) return undefined;
  // Measured again: percent-encoding makes a Chinese character nine.
  return url.href.length > MAX_LENGTH ? undefined : url.href;
}

/**
 * What a link asks for as `returnTo`. An address elsewhere is dropped, and the log names the option
 * that allows it, once for each origin.
 */
export function askedReturnAddress(
  config: WechatConfig,
  app: AppConfig,
  value: string | null,
): string | undefined {
  const allowed = allowedReturnAddress(config, app, value);
  const base = requirePublicUrl(app).href;
  if (allowed !== undefined || value === null || !URL.canParse(value, base)) return allowed;
  const { protocol, origin, pathname } = new URL(value, base);
  if (config.returnTo.origins.has(origin)) {
    if (value.length > MAX_LENGTH) warnOfLength(config, pathname);
  } else if (protocol === 'https:' || protocol === 'http:') {
    const text =
      `A returnTo at ${quoted(origin)} was dropped: the option returnTo.origins does not name that origin. ` +
      'Add it there if it is yours.';
    warnOnce(config, 'returnTo', origin, text);
  }
  return undefined;
}

/**
 * Says that a session did not count because a page of an unlisted origin made the request. Whoever
 * is signed in there would only read that they are not.
 */
export function warnOfOrigin(config: WechatConfig, request: HttpRequest): void {
  const origin =
    request.header('origin') ?? `a page with Sec-Fetch-Site: ${request.header('sec-fetch-site')}`;
  warnOnce(
    config,
    'origin',
    origin,
    `The session of a ${request.method} from ${quoted(origin)} did not count, because a page of an origin that the ` +
      'option returnTo.origins does not name could act for the person. Add the origin there if it is yours.',
  );
}

/** Says that an address was too long. Its query may be private, so it is named by its path. */
export function warnOfLength(config: WechatConfig, path: string): void {
  warnOnce(
    config,
    'length',
    path,
    `A login at ${quoted(path)} could not keep the whole address to return to: a header has no room for it. ` +
      'Keep such state elsewhere, e.g. in the session storage of the page.',
  );
}

/**
 * What a login handler returned: a path is one of the application, which knows nothing of a path
 * that a proxy strips.
 */
export function handlerReturnAddress(
  config: WechatConfig,
  app: AppConfig,
  value: unknown,
): string | undefined {
  const isPath = typeof value === 'string' && /^\/(?!\/)/.test(value);
  return allowedReturnAddress(
    config,
    app,
    isPath ? requirePublicUrl(app).href.replace(/\/$/, '') + value : value,
  );
}

/** @throws WechatConfigError for an app without an address */
export function requirePublicUrl(app: AppConfig): URL {
  /* c8 ignore next -- checked at bootstrap for every app that a page login can start with */
  if (!app.publicUrl) throw new TypeError(`App "${app.name}" has no publicUrl.`);
  return app.publicUrl;
}
