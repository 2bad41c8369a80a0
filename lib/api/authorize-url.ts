// The addresses that send a person to WeChat. Built by hand: WeChat matches the order of the
// parameters with a regular expression.
import { WechatInputError } from '../errors/errors.js';
import type { WechatScope } from '../wechat-oauth.options.js';

/** What an address of the login inside WeChat may ask for. */
export interface WechatAuthorizeUrlOptions {
  /**
   * What is asked for.
   * @default `snsapi_base`
   */
  scope?: WechatScope;
  /** Shows the consent page even to somebody who consented before. */
  forcePopup?: boolean;
  /** Shows the snapshot page. */
  forceSnapShot?: boolean;
}

/** What an address of the page with the QR code may ask for. */
export interface WechatWebsiteAuthorizeUrlOptions {
  /**
   * What is asked for.
   * @default `snsapi_login`
   */
  scope?: WechatScope;
  /** Language of the QR page. WeChat's default: `cn`. */
  lang?: 'cn' | 'en';
}

/**
 * Parameters in exactly this order, `#wechat_redirect` last. Source: WeChat, web page
 * authorization.
 * @see
 * https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
 */
export function buildAuthorizeUrl(
  open: string,
  appId: string,
  redirectUri: string,
  state: string,
  options: WechatAuthorizeUrlOptions & { scope: WechatScope },
): string {
  requireState(state);
  requireRedirectUri(redirectUri);
  const extras = `${options.forcePopup ? '&forcePopup=true' : ''}${options.forceSnapShot ? '&forceSnapShot=true' : ''}`;
  return joinAuthorizeUrl(open, appId, redirectUri, state, options.scope, extras);
}

/** As `buildAuthorizeUrl`, of parts that were made here and need no checks. */
export function joinAuthorizeUrl(open: string, ...parts: Parts): string {
  return join(`${open}/connect/oauth2/authorize`, ...parts);
}

/**
 * Source: WeChat Open Platform, website apps.
 * @see https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
 */
export function buildWebsiteAuthorizeUrl(
  open: string,
  appId: string,
  redirectUri: string,
  state: string,
  options: WechatWebsiteAuthorizeUrlOptions & { scope: WechatScope },
): string {
  const extras = options.lang === undefined ? '' : `&lang=${encodeURIComponent(options.lang)}`;
  // The rule for states is one of the page inside WeChat; this one takes any text.
  requireText(state);
  requireRedirectUri(redirectUri);
  return joinWebsiteAuthorizeUrl(open, appId, redirectUri, state, options.scope, extras);
}

/** As `buildWebsiteAuthorizeUrl`, of parts that were made here and need no checks. */
export function joinWebsiteAuthorizeUrl(open: string, ...parts: Parts): string {
  return join(`${open}/connect/qrconnect`, ...parts);
}

type Parts = [appId: string, redirectUri: string, state: string, scope: WechatScope, extras?: string];

function join(base: string, ...[appId, redirectUri, state, scope, extras = '']: Parts): string {
  return (
    `${base}?appid=${encodeURIComponent(appId)}&redirect_uri=${encodeURIComponent(redirectUri)}` +
    `&response_type=code&scope=${encodeURIComponent(scope)}&state=${encodeURIComponent(state)}${extras}#wechat_redirect`
  );
}

function requireRedirectUri(value: unknown): void {
  const fix =
    'Pass an absolute http or https address without a fragment, on a host that is registered with WeChat.';
  // Half a surrogate pair is no character: it cannot be percent-encoded.
  if (typeof value !== 'string' || !URL.canParse(value) || /\p{Surrogate}/u.test(value)) {
    throw new WechatInputError('input', 'redirectUri', 'is not an absolute URL', fix);
  }
  const { protocol, username, password } = new URL(value);
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new WechatInputError('input', 'redirectUri', 'is neither http nor https', fix);
  }
  if (username || password) {
    throw new WechatInputError('input', 'redirectUri', 'holds a user name or password', fix);
  }
  // WeChat puts the code before or behind the fragment, depending on the way of login.
  if (value.includes('#')) throw new WechatInputError('input', 'redirectUri', 'has a fragment', fix);
}

/** A number is taken as the text it makes, and nothing as the empty state: as wechat-oauth did. */
export function stateOf(state: unknown): string {
  return typeof state === 'number' && Number.isFinite(state) ? String(state) : ((state ?? '') as string);
}

/** Empty is allowed, as it was in wechat-oauth; a login should always carry one. */
function requireState(value: unknown): void {
  if (typeof value === 'string' && /^[A-Za-z0-9]{0,128}$/.test(value)) return;
  throw new WechatInputError(
    'input',
    'state',
    'is not made of at most 128 letters and digits',
    'WeChat answers anything else with an error page. createState() makes a good one.',
  );
}

function requireText(value: unknown): void {
  if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) return;
  throw new WechatInputError('input', 'state', 'is not a text', 'createState() makes a good one.');
}
