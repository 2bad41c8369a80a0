// A QR code in a page of the application: what its parameters are, and the port through which the
// session service has logins of it begun.
import type { HttpRequest } from '../http/http-request.js';

/** What a QR code in a page is for. */
export interface WechatQrLoginOptions {
  /**
   * Name of the website app.
   * @default the one of the host that was asked, else the first
   */
  app?: string;
  /**
   * What to ask for. Website apps know one scope, which gives name and picture too.
   * @default `snsapi_login`
   */
  scope?: string;
  /**
   * Where the login ends: a path, or an address on an allowed origin. With `selfRedirect` its
   * origin is that of the page that shows the code.
   * @default `returnTo.default`
   */
  returnTo?: string;
  /**
   * Whether the login ends in the frame of the code, without the page being left. Only for pages of
   * the same site as `publicUrl`; for others `self_redirect` is `false` in the answer.
   * @default false
   */
  selfRedirect?: boolean;
}

/**
 * For `new WxLogin({ id, …parameters })`. Its texts are percent-encoded already, as the script puts
 * them together raw: pass them on as they are.
 * @see https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
 */
export interface WechatQrLogin {
  /** The website app at WeChat. */
  readonly appid: string;
  /** `snsapi_login` */
  readonly scope: string;
  /** Where WeChat leads to: the login route. */
  readonly redirect_uri: string;
  /** Belongs to the browser that asked, by a cookie of the same answer. */
  readonly state: string;
  /** Whether WeChat leads the frame there, or the whole window. */
  readonly self_redirect: boolean;
  /** When to ask for new parameters, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Where the login comes back to, and whose sessions count there, where a route of ours knows it.
 */
export interface QrRoute {
  readonly path: string | undefined;
  readonly apps: readonly string[] | undefined;
}

/** Begins logins by a QR code in a page. */
export abstract class QrLogins {
  /**
   * Writes the flow's cookie and who may read the answer.
   * @param options undefined for a question that says no one thing
   * @throws HttpException whose body is a `WechatProblem`: 403 for a caller who may not have a
   * code, 400 for an app or scope that there is not
   */
  abstract start(
    request: HttpRequest,
    response: unknown,
    options: WechatQrLoginOptions | undefined,
    route?: QrRoute,
  ): WechatQrLogin;
}
