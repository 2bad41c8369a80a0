// Judges the links that send a browser to WeChat: the page inside WeChat (网页授权) and the QR page
// (网站应用).
import type { MockApp } from '../mock-apps.js';
import { headerOf, type MockRequest } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { PageFailure } from '../pages/error-page.js';
import { domainAllows } from '../redirect-domains.js';

/** An authorize link, checked as WeChat checks it. */
export interface AuthorizeLink {
  readonly app: MockApp;
  readonly redirectUri: string;
  readonly scope: string;
  readonly state: string;
}

/**
 * 网页授权: these in this order, "微信会对授权链接做正则强匹配校验". The literal `#wechat_redirect` has to end the link
 * as well, which no server can check: a fragment is never sent.
 */
const REQUIRED_ORDER = ['appid', 'redirect_uri', 'response_type', 'scope', 'state'];
/** What may follow, in this order. `connect_redirect` is undocumented and widely used. */
const OPTIONAL_ORDER = ['component_appid', 'forcePopup', 'forceSnapShot', 'connect_redirect'];

/** @throws PageFailure with the error page WeChat would show */
export function judgeOfficialLink(request: MockRequest, world: MockWorld): AuthorizeLink {
  const { query } = request;
  const { unsure } = world;
  if (world.requireWechatUserAgent && !/MicroMessenger/i.test(headerOf(request, 'user-agent'))) {
    throw new PageFailure('请在微信客户端打开链接', '浏览器的 User-Agent 里没有 MicroMessenger。');
  }
  const appId = need(query, 'appid', 10012);
  const redirectUri = need(query, 'redirect_uri', 10011);
  const scope = need(query, 'scope', 10010);
  const state = unsure.stateOptional ? (query.get('state') ?? '') : need(query, 'state', 10013);
  if (unsure.strictOrder) judgeOrder(request.rawQuery);
  if (query.get('response_type') !== 'code') {
    throw new PageFailure('链接格式错误', 'response_type 必须是 code。');
  }
  const app = knownApp(world, appId);
  if (app.type === 'website' || app.type === 'mobile') {
    throw PageFailure.of(
      10016,
      `${appId} 是开放平台的应用（${app.type}）。网站应用请用 /connect/qrconnect。`,
    );
  }
  judgeDomain(app, redirectUri);
  const scopes = unsure.scopeList ? scope.split(',') : [scope];
  if (!scopes.every((one) => app.scopes.includes(one))) {
    const possible = app.scopes.join('、') || '没有任何 scope';
    throw PageFailure.of(10005, `请求的是 ${scope}，这个应用可用的是：${possible}。`);
  }
  judgeState(state, unsure.stateCharset);
  return { app, redirectUri, scope, state };
}

/**
 * Here the order is free and `state` may be anything, or missing. @throws PageFailure with the
 * error page WeChat would show
 */
export function judgeQrLink(request: MockRequest, world: MockWorld): AuthorizeLink {
  const { query } = request;
  const appId = need(query, 'appid', 10012);
  const redirectUri = need(query, 'redirect_uri', 10011);
  const scope = need(query, 'scope', 10010);
  // The iframe of wxLogin.js comes without response_type.
  if (query.get('response_type') !== 'code' && query.get('login_type') !== 'jssdk') {
    throw new PageFailure('链接格式错误', 'response_type 必须是 code。');
  }
  const app = knownApp(world, appId);
  if (app.type !== 'website') {
    throw new PageFailure(
      '该链接无法访问',
      `${appId} 不是网站应用，而是 ${app.type}。公众号请用 /connect/oauth2/authorize。`,
    );
  }
  judgeDomain(app, redirectUri);
  if (!app.scopes.includes(scope)) {
    throw PageFailure.of(10005, `请求的是 ${scope}，网站应用只有 snsapi_login。`);
  }
  return { app, redirectUri, scope, state: query.get('state') ?? '' };
}

/** Where the browser goes afterwards. Without a code: the refusal that older texts describe. */
export function returnAddress(link: AuthorizeLink, code: string | undefined): string {
  const url = new URL(link.redirectUri);
  const added = [
    ...(code === undefined ? [] : [`code=${code}`]),
    ...(link.state === '' ? [] : [`state=${encodeURIComponent(link.state)}`]),
  ].join('&');
  // With a fragment in redirect_uri, a QR login puts the code behind it, where no server sees it;
  // the page inside WeChat in front of it.
  if (url.hash && link.app.type === 'website')
    return `${url.href}${url.hash.includes('?') ? '&' : '?'}${added}`;
  url.search = url.search ? `${url.search}&${added}` : `?${added}`;
  return url.href;
}

function need(query: URLSearchParams, name: string, errcode: number): string {
  const value = query.get(name);
  if (!value) throw PageFailure.of(errcode, `链接里缺少 ${name}。`);
  return value;
}

function judgeOrder(rawQuery: string): void {
  const names = rawQuery.split('&').map((pair) => pair.split('=', 1)[0]!);
  const tail = names.slice(names.indexOf('state') < 0 ? REQUIRED_ORDER.length - 1 : REQUIRED_ORDER.length);
  const head = names.slice(0, names.length - tail.length);
  const positions = tail.map((name) => OPTIONAL_ORDER.indexOf(name));
  const headIsRight = head.every((name, index) => name === REQUIRED_ORDER[index]);
  const tailIsRight = positions.every(
    (position, index) => position >= 0 && (index === 0 || position > positions[index - 1]!),
  );
  if (headIsRight && tailIsRight) return;
  throw new PageFailure(
    '链接格式错误',
    `参数必须依次是 ${REQUIRED_ORDER.join('、')}，其后只能是 ${OPTIONAL_ORDER.join('、')}（大小写也要一致）。收到的是：${names.join('、')}。`,
  );
}

function knownApp(world: MockWorld, appId: string): MockApp {
  const app = world.apps.find(appId);
  // The list of page errors has none for an unknown appid; the code is the one the API answers.
  if (!app) throw new PageFailure('appid 参数错误', `模拟服务器上有这些 appid：${world.apps.ids()}。`, 40013);
  return app;
}

function judgeDomain(app: MockApp, redirectUri: string): void {
  if (domainAllows(app, redirectUri)) return;
  throw PageFailure.of(
    10003,
    `redirect_uri 是 ${redirectUri}，${app.appId} 登记的域名是：${app.domains.map((host) => host + (app.domainPath ?? '')).join('、')}。必须与其中一个完全一致；除本机外只能用 80 或 443 端口。`,
  );
}

function judgeState(state: string, lettersAndDigitsOnly: boolean): void {
  const bytes = Buffer.byteLength(state);
  if (bytes > 128) throw new PageFailure('state 参数过长', `state 有 ${bytes} 字节，最多 128 字节。`);
  if (lettersAndDigitsOnly && !/^[a-zA-Z0-9]*$/.test(state)) {
    throw new PageFailure('state 参数错误', 'state 只能用 a-z、A-Z 和 0-9。');
  }
}
