// The options an application writes. Types only: `config/` judges them, once, while the application
// starts.
import type { ExecutionContext } from '@nestjs/common';
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { WechatClientKind } from './model/client-kind.js';
import type { WechatIdentity } from './model/identity.js';
import type { WechatProblem } from './model/problem.js';
import type { WechatSecret } from './sealing/secret.js';

/**
 * `official-account`: a verified service account (公众号/服务号), pages inside WeChat · `website`: a
 * website app of the open platform, QR code · `mobile`: a native app of the open platform ·
 * `mini-program`: 小程序.
 */
export type WechatAppType = 'official-account' | 'website' | 'mobile' | 'mini-program';

/**
 * `snsapi_base`: openid only, silent · `snsapi_userinfo`: name and picture, asks · `snsapi_login`:
 * website apps.
 */
export type WechatScope = 'snsapi_base' | 'snsapi_userinfo' | 'snsapi_login';

/** The languages in which WeChat tells regions and cities of a profile. */
export type WechatLang = 'zh_CN' | 'zh_TW' | 'en';

/**
 * Files by which WeChat or WeCom sees that a domain is yours, as they were downloaded from a
 * console: names of `MP_verify_….txt` and `WW_verify_….txt`, which carry their own content, or `{
 * name: content }`, which every other name needs.
 * @example
 * verificationFiles: ['MP_verify_A1b2C3d4E5f6G7h8.txt']
 * @example
 * verificationFiles: { '6ynZPDvfTF.txt': '0123456789abcdef0123456789abcdef' }
 */
export type WechatVerificationFiles = readonly string[] | Readonly<Record<string, string>>;

/**
 * Gives the app's own token. `rejected` is the one that WeChat has just refused: what is given then
 * should be another.
 * @example
 * appToken: async ({ rejected }) => tokenServer.fetch('wx0123456789abcdef', rejected?.reveal())
 */
export type WechatAppTokenSource = (o: {
  /** The token that WeChat refused, once for each call that failed with it. */
  readonly rejected?: WechatSecret;
}) => Promise<
  | string
  | {
      /** The token: 1 to 2,048 printable characters of ASCII. */
      accessToken: string;
      /** How long it may be kept, in seconds. */
      expiresIn: number;
    }
>;

/** One app as it is registered with WeChat. */
export interface WechatAppOptions {
  /** What kind of app it is: it decides which clients can sign in by it. */
  type: WechatAppType;
  /** As in WeChat's console, e.g. `wx` and 16 characters. */
  appId: string;
  /**
   * The AppSecret; `[current, previous]` while it is being changed: when WeChat answers 40125 the
   * other one is tried once.
   */
  secret: string | readonly string[];
  /**
   * What a login asks for when the route does not say.
   * @default `snsapi_base`, for websites `snsapi_login`
   */
  scope?: WechatScope;
  /**
   * Where browsers reach the application for this app, if it differs from the module's `publicUrl`.
   */
  publicUrl?: string;
  /**
   * Where WeChat sends people of this app back to, if it differs from the module's `callbackPath`.
   */
  callbackPath?: string;
  /**
   * Served only where the request's `Host` is that of this app's `publicUrl`: a file vouches for
   * the account that it came from, and must not do so at another's host.
   */
  verificationFiles?: WechatVerificationFiles;
  /**
   * Names the open-platform account (开放平台账号) that the app is bound to: unionids link people
   * within one realm only. Letters, digits, `.`, `_` and `-`, at most 64. Apps of a second account
   * need a name of their own.
   * @default one realm for all apps, `default`
   */
  unionRealm?: string;
  /**
   * Where the app's own token comes from, in place of WeChat's `cgi-bin/stable_token`: a token
   * server of the company. Asked whenever the token is needed and none is held; an `expiresIn` in
   * seconds lets it be kept for so long. Only for official accounts and mini programs.
   * @default asked of WeChat, and kept in the token store
   */
  appToken?: WechatAppTokenSource;
  /**
   * What the console says of the message push (消息推送), for an official account or a mini program
   * whose pushes `WechatPushModule` receives.
   */
  push?: WechatPushOptions;
  /**
   * Scan to follow and sign in: a desktop browser shows a QR code of this official account, whoever
   * scans it gets six digits in the chat and types them into the page. Stands beside `push`, and
   * needs `WechatPushModule` and `WechatScanController`.
   * @default false
   */
  scan?: boolean | WechatScanOptions;
}

/** How people sign in at a desktop by scanning a QR code of an official account. */
export interface WechatScanOptions {
  /**
   * How the person says yes. `code`: six digits that the account sends them, typed into the page
   * that they opened themselves; a code that somebody else posted signs nobody in. `tap`: a link in
   * the chat and a button; as convenient as WeChat's own QR codes, and as open to that trick.
   * @default `code`
   */
  confirm?: 'code' | 'tap';
  /**
   * How long a QR code may be scanned, in seconds, 60 to 300. Whoever has scanned it has three
   * minutes more.
   * @default 300
   */
  lifetime?: number;
  /**
   * How many codes one client address may be shown within ten minutes, at each process.
   * @default 10
   */
  perClient?: number;
  /**
   * How many browsers may wait by server-sent events at one process; more of them ask every 3
   * seconds. 0: all of them ask.
   * @default 10,000
   */
  streams?: number;
}

/**
 * The message push as it is set up in WeChat's console, in safe mode (安全模式).
 * @see https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.md
 */
export interface WechatPushOptions {
  /** The Token (令牌): 3 to 32 letters and digits. It signs, so it is a secret. */
  token: string;
  /**
   * The EncodingAESKey: 43 letters and digits; `[current, former]` for the hours in which it is
   * being changed. A former key opens pushes for as long as it is listed: take it out again.
   */
  encodingAesKey: string | readonly [current: string, former: string];
}

/** How sessions are made, and how long they count. */
export interface WechatSessionOptions {
  /**
   * How long a login lasts, in seconds.
   * @default 604,800 (7 days)
   */
  ttl?: number;
  /**
   * Ends a session that has not been used for so many seconds; cookies only, a bearer token lasts
   * for `ttl`.
   * @default no such limit
   */
  idle?: number;
  /**
   * First part of the session cookie's name.
   * @default `wechat_session`
   */
  cookieName?: string;
  /**
   * Whether `Authorization: Bearer v1.…` is accepted, or the name of another header that holds the
   * bare token.
   * @default true
   */
  bearer?: boolean | { header: string };
  /**
   * Lets `revoke` and `logout` end sessions that somebody has a copy of. Costs one read of the
   * token store with every guarded request, and wants a store that all processes share and that
   * keeps its entries: a lost one signs that person out. While the store cannot be read, ended
   * sessions count again; with `'strict'` no session counts then, and the answer is 503. Default:
   * false: a sealed session is good until its time is over.
   */
  revocable?: boolean | 'strict';
}

/** What a session holds. Plain JSON. */
export interface WechatSession {
  /** Names the session, at random; what a logout ends. */
  readonly sid: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  /** Milliseconds since 1970; after that nothing prolongs it. */
  readonly expiresAt: number;
  /**
   * The mark of the last logout in the browser when this login began, empty if there was none; not
   * there where no browser had a part in it.
   */
  readonly out?: string;
  /**
   * Where sessions can be revoked: what stood in the store for this person at the login, and must
   * still stand there.
   */
  readonly mark?: string;
  /** Who is signed in. */
  readonly identity: WechatIdentity;
}

/** Where a login may send people. */
export interface WechatReturnToOptions {
  /**
   * Origins besides `publicUrl`'s own to which a login may return, e.g. `https://app.example.com`.
   * Exact, no wildcards.
   */
  origins?: readonly string[];
  /**
   * Where a login goes that has no valid address to return to: a path of the application. Default:
   * `/`.
   */
  default?: string;
}

/** How WeChat is called. */
export interface WechatHttpOptions {
  /**
   * Hard limit of one call to WeChat from first byte to last, in ms.
   * @default 5,000
   */
  timeout?: number;
  /**
   * How many calls may be under way at once; eight times as many wait, half of `timeout` at most.
   * @default 256
   */
  maxSockets?: number;
  /**
   * In place of agents of our own. A proxy is an agent too: `new HttpsProxyAgent(…)` of
   * `https-proxy-agent`.
   */
  httpAgent?: HttpAgent;
  /** As `httpAgent`, for `https:`, which is what WeChat speaks. */
  httpsAgent?: HttpsAgent;
}

/** What the hooks are told about the request: the platform's own request object is in `raw`. */
export interface WechatHookContext {
  /** The request of Express, Fastify or a socket. */
  readonly raw: unknown;
  /** What the request says it comes from. */
  readonly client: WechatClientKind;
}

/**
 * Asked once for a request, and but for `renderProblem` not waited for. One that throws, or returns
 * a promise, is taken for `undefined`; the log says so once.
 */
export interface WechatHooks {
  /**
   * Chooses the app that a login starts with, by name, among `candidates`; `null` for none, so that
   * a page says so. `undefined` leaves it to the module, which takes the first; on a phone's own
   * browser none, because nobody can scan a QR code with the phone that shows it.
   */
  selectApp?: (
    context: WechatHookContext & { readonly candidates: readonly string[] },
  ) => string | null | undefined;
  /** Corrects what the request says about its client. It chooses the way of login, never access. */
  detectClient?: (context: WechatHookContext) => WechatClientKind | undefined;
  /**
   * Finds the request in a GraphQL or WebSocket context that carries it in an unusual place.
   * `undefined` leaves it to the module.
   */
  getRequest?: (context: ExecutionContext) => object | undefined;
  /**
   * Says where a client address is, in a few words (`上海`), for the person who is asked whether it
   * is they who sign in there. At most 40 characters are shown. `undefined`: a part of the address
   * is.
   */
  describePlace?: (context: { readonly address: string; readonly raw: unknown }) => string | undefined;
  /** Replaces the page that tells a person what went wrong. `undefined` leaves it to the module. */
  renderProblem?: (
    problem: WechatProblem,
  ) =>
    | { redirect: string }
    | { status: number; html: string }
    | undefined
    | Promise<{ redirect: string } | { status: number; html: string } | undefined>;
}

/**
 * How the application presents itself on the built-in pages, so that people see whose page it is.
 * @example
 * brand: { name: '一盏茶', logoUrl: '/logo.png', color: '#8c3b2a' }
 */
export interface WechatBrandOptions {
  /** The name people know, at most 40 characters. */
  name: string;
  /**
   * A picture, shown 56 px high: an https address, or a path of the application that needs no
   * login. It is the only picture that the page's content security policy lets in.
   */
  logoUrl?: string;
  /**
   * Of the buttons: `#` and six hex digits. The text on it is black or white, whichever is easier
   * to read.
   * @default WeChat's green
   */
  color?: string;
}

/** Switches for development. Refused when `NODE_ENV` is `production`. */
export interface WechatDevOptions {
  /**
   * Takes every request, or the ones the function answers for, as coming from this client: try the
   * login inside WeChat in a desktop browser.
   */
  client?: WechatClientKind | ((context: { readonly raw: unknown }) => WechatClientKind | undefined);
  /**
   * Permits `http://` for hosts other than loopback in `publicUrl`, `returnTo.origins` and
   * `endpoints.open`, where browsers are sent: for a phone in your network. Never in
   * `endpoints.api`, where the app secret goes.
   */
  allowHttp?: boolean;
}

/**
 * What an application configures: `appId`, `secret`, `publicUrl` and `sessionSecret` are enough.
 */
export interface WechatOAuthModuleOptions {
  /** The one app, in short form. */
  appId?: string;
  /** The AppSecret of the one app; `[current, previous]` while it is being changed. */
  secret?: string | readonly string[];
  /**
   * What kind of app the one app is.
   * @default `official-account`
   */
  type?: WechatAppType;
  /**
   * What a login of the one app asks for when the route does not say.
   * @default `snsapi_base`, for websites `snsapi_login`
   */
  scope?: WechatScope;
  /**
   * Where the own token of the one app comes from, as `appToken` of an app.
   * @default asked of WeChat, and kept in the token store
   */
  appToken?: WechatAppTokenSource;
  /** The message push of the one app, for `WechatPushModule`. */
  push?: WechatPushOptions;
  /**
   * Scan to follow and sign in at the one app, as `scan` of an app.
   * @default false
   */
  scan?: boolean | WechatScanOptions;

  /** Several apps by names of your own, instead of `appId` and `secret`. */
  apps?: Readonly<Record<string, WechatAppOptions>>;
  /** The app for which `WechatOAuthService` itself speaks, where there are several. */
  defaultApp?: string;

  /**
   * Where browsers reach the application: `https://shop.example.com`, with a path if the proxy
   * strips one. The guard needs it.
   */
  publicUrl?: string;
  /**
   * The one path of the application that WeChat sends people back to: `publicUrl` and this path,
   * without a query, for consoles where an exact address is registered, or a host with a path.
   * `WechatAuthController` serves it as `GET callback`, so it is where that stands, prefix and
   * version included.
   * @default none: the page that was asked for is its own callback
   * @example
   * callbackPath: '/wechat/callback'
   */
  callbackPath?: string;
  /**
   * At least 32 bytes, the same on every machine. The first seals, all open: put a new one in front
   * to change it. The guard needs it.
   */
  sessionSecret?: string | readonly string[];

  /** How sessions are made, and how long they count. */
  session?: WechatSessionOptions;
  /** Where a login may send people. */
  returnTo?: WechatReturnToOptions;
  /**
   * Path of the login route if `WechatAuthController` is mounted, as the application sees it.
   * @default found at the start, with prefix, version and class path
   */
  loginPath?: string;
  /**
   * WeChat's hosts; for the mock server or a proxy of your own. Default:
   * `https://open.weixin.qq.com` and `https://api.weixin.qq.com`.
   */
  endpoints?: { open?: string; api?: string };
  /** Time limit, sockets and agents of the calls to WeChat. */
  http?: WechatHttpOptions;
  /**
   * Language of profiles.
   * @default `en`
   */
  lang?: WechatLang;
  /** Functions of the application that are asked on the way. */
  hooks?: WechatHooks;
  /**
   * Files by which WeChat sees that the domain is yours, answered at the root before guards,
   * prefixes, versions and fallbacks, at whatever host the request names.
   * @default none
   */
  verificationFiles?: WechatVerificationFiles;
  /** Name, picture and colour of the built-in pages. */
  brand?: WechatBrandOptions;
  /** Only for development: refused when `NODE_ENV` is `production`. */
  dev?: WechatDevOptions;
  /**
   * Milliseconds since 1970, for tests.
   * @default `Date.now`
   */
  now?: () => number;
}

/** For `forRootAsync({ useClass })` and `({ useExisting })`. */
export interface WechatOAuthOptionsFactory {
  /** Called once, while the application starts. */
  createWechatOAuthOptions(): WechatOAuthModuleOptions | Promise<WechatOAuthModuleOptions>;
}
