// Which path is served by what, and how what an endpoint throws becomes an answer.
import { errorAnswer, goodAnswer } from '../endpoints/api-answers.js';
import { checkSession, phoneNumber, resetSessionKey, stableToken } from '../endpoints/app-endpoints.js';
import { officialAuthorize, officialButton, officialStep } from '../authorize/official-pages.js';
import { qrButton, qrConnect, qrStep } from '../authorize/qr-pages.js';
import { known } from '../authorize/visits.js';
import { readStep } from '../authorize/ways-on.js';
import { PHONE_BUTTON, WX_LOGIN, wxLogin } from '../desk/wx-login.js';
import { JS_CONFIG, jsConfig } from '../js-sdk/js-config.js';
import { JWEIXIN, jweixin } from '../js-sdk/jweixin.js';
import { getTicket } from '../endpoints/js-ticket-endpoint.js';
import { createQrCode, showQrCode } from '../endpoints/qr-code-endpoints.js';
import { jscode2session } from '../endpoints/mini-program-endpoints.js';
import type { MockAnswer, MockRequest } from './mock-http.js';
import type { MockWorld } from '../mock-world.js';
import { avatarSvg } from '../pages/avatar.js';
import { errorPage, PageFailure } from '../pages/error-page.js';
import { WX_LOGIN_SCRIPT, wxLoginScript } from '../pages/wx-login-script.js';
import { accessToken, type ApiFields, auth, refreshToken, userinfo } from '../endpoints/sns-endpoints.js';
import { followerInfo } from '../endpoints/user-info-endpoint.js';
import { WechatFailure } from '../endpoints/wechat-failure.js';

type Endpoint<T> = (request: MockRequest, world: MockWorld) => T;

const PAGES = new Map<string, Endpoint<MockAnswer>>([
  ['/connect/oauth2/authorize', officialAuthorize],
  ['/connect/qrconnect', qrConnect],
]);

/** What browsers load into pages of the application. */
const PICTURES = new Map<string, Endpoint<MockAnswer>>([['/cgi-bin/showqrcode', showQrCode]]);

/** Where the buttons of the pages lead. No address of WeChat's, so it is not among the calls. */
const BUTTONS = new Map<string, Endpoint<MockAnswer>>([
  ['/mock/authorize', officialButton],
  ['/mock/qrconnect', qrButton],
]);

/** What the JS-SDK of a page needs. */
const SCRIPTS = new Map<string, Endpoint<MockAnswer>>([
  [JWEIXIN, jweixin],
  [JS_CONFIG, jsConfig],
]);

/** The pages that follow a button. */
const STEPS = { authorize: officialStep, qrconnect: qrStep };

const API = new Map<string, { method: 'GET' | 'POST'; serve: Endpoint<ApiFields> }>([
  ['/sns/oauth2/access_token', { method: 'GET', serve: accessToken }],
  ['/sns/oauth2/refresh_token', { method: 'GET', serve: refreshToken }],
  ['/sns/auth', { method: 'GET', serve: auth }],
  ['/sns/userinfo', { method: 'GET', serve: userinfo }],
  ['/sns/jscode2session', { method: 'GET', serve: jscode2session }],
  ['/cgi-bin/stable_token', { method: 'POST', serve: stableToken }],
  ['/cgi-bin/ticket/getticket', { method: 'GET', serve: getTicket }],
  ['/cgi-bin/qrcode/create', { method: 'POST', serve: createQrCode }],
  ['/cgi-bin/user/info', { method: 'GET', serve: followerInfo }],
  ['/wxa/checksession', { method: 'GET', serve: checkSession }],
  ['/wxa/resetusersessionkey', { method: 'GET', serve: resetSessionKey }],
  ['/wxa/business/getuserphonenumber', { method: 'POST', serve: phoneNumber }],
]);

/** The paths of WeChat's that are played. */
export const WECHAT_PATHS: readonly string[] = [...PAGES.keys(), ...API.keys(), ...PICTURES.keys()];

/** Whether people look at it, not programs. */
export function isPage(path: string): boolean {
  return PAGES.has(path);
}

/** The mock's own addresses: buttons, pictures and scripts, what browsers ask for by themselves. */
export function isOwnPath(path: string): boolean {
  if (BUTTONS.has(path) || SCRIPTS.has(path) || readStep(path)) return true;
  if (path === WX_LOGIN || path === PHONE_BUTTON || path === WX_LOGIN_SCRIPT) return true;
  return path.startsWith('/avatar/') || path === '/favicon.ico';
}

/** What WeChat answers. */
export function route(request: MockRequest, world: MockWorld): MockAnswer {
  try {
    return serve(request, world);
  } catch (error) {
    if (error instanceof PageFailure) return errorPage(error);
    if (error instanceof WechatFailure) return errorAnswer(world, error);
    throw error;
  }
}

function serve(request: MockRequest, world: MockWorld): MockAnswer {
  const { method, path } = request;
  const page = PAGES.get(path);
  if (page) {
    if (method !== 'GET') throw new PageFailure('该链接无法访问', '这个地址只能用 GET 打开。');
    return page(request, world);
  }
  const button = BUTTONS.get(path);
  if (button && method === 'POST') return seeOther(button(request, world));
  const step = readStep(path);
  if (step && method === 'GET') return STEPS[step.door](request, world, known(world, step.userId), step.name);
  const file = PICTURES.get(path) ?? SCRIPTS.get(path);
  if (file && method === 'GET') return file(request, world);
  if (path === WX_LOGIN || path === PHONE_BUTTON) return wxLogin(request, world);
  if (path === WX_LOGIN_SCRIPT && method === 'GET') return wxLoginScript(world.origin);
  const api = API.get(path);
  if (api) {
    if (method !== api.method) throw new WechatFailure(api.method === 'GET' ? 43001 : 43002);
    return goodAnswer(world, api.serve(request, world));
  }
  // Browsers ask for it by themselves; a 404 would stand in their console as an error.
  if (path === '/favicon.ico') return { status: 204, headers: {}, body: '' };
  return avatar(path, world) ?? errorAnswer(world, new WechatFailure(40066), 404);
}

/** The redirect that asks for the next address by GET, whatever the browser's age. */
function seeOther(answer: MockAnswer): MockAnswer {
  return answer.status === 302 ? { ...answer, status: 303 } : answer;
}

/**
 * `/avatar/ming.svg`, with a size (0 is 640 pixels) as last segment if one likes. Unknown people
 * get the grey head.
 */
function avatar(path: string, world: MockWorld): MockAnswer | undefined {
  const match = /^\/avatar\/([\w.-]+)\.svg(?:\/(0|46|64|96|132))?$/.exec(path);
  if (!match) return undefined;
  return {
    status: 200,
    headers: {
      'Content-Type': 'image/svg+xml; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'",
      'X-Content-Type-Options': 'nosniff',
    },
    body: avatarSvg(world.users.find(match[1]!), Number(match[2] ?? 132) || 640),
  };
}
