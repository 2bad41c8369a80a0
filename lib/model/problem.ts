// What a person or a program is told when a login does not go on.
import type { WechatClientKind } from './client-kind.js';

/** What went wrong, stable: a front end may match on it. */
export type WechatProblemCode =
  | 'WECHAT_LOGIN_REQUIRED'
  | 'WECHAT_SCOPE_REQUIRED'
  | 'OPEN_IN_WECHAT'
  | 'OPEN_IN_BROWSER'
  | 'SNAPSHOT_USER'
  | 'LOGIN_REFUSED'
  | 'LOGIN_FAILED'
  | 'COOKIES_REQUIRED'
  | 'BAD_LOGIN_REQUEST'
  | 'PREFETCH_REFUSED'
  | 'LOGOUT_INCOMPLETE'
  | 'STORE_UNAVAILABLE'
  | 'TOO_MANY_CODES';

/** The public body of a refusal. Never holds anything secret. */
export interface WechatProblem {
  /** The status of the answer. */
  readonly statusCode: number;
  /** What went wrong. */
  readonly code: WechatProblemCode;
  /** For the person, in the language of the request. */
  readonly message: string;
  /** Where a person can sign in, if `WechatAuthController` is mounted. */
  readonly loginUrl?: string;
  /** The app to sign in with. */
  readonly app?: string;
  /** What the route asks for. */
  readonly scope?: string;
  /**
   * The code of the login handler that refused; `ORIGIN_NOT_ALLOWED` where a session did not count
   * on a request from an unlisted origin.
   */
  readonly reason?: string;
  /** Stands in the log too, so that a screenshot leads to a log line. */
  readonly ref: string;
  /** Who is looking. For `hooks.renderProblem`: a program is not told. */
  readonly client?: WechatClientKind;
  /**
   * The address to open elsewhere, for `OPEN_IN_WECHAT` and `OPEN_IN_BROWSER`: what a page can
   * offer to copy.
   */
  readonly pageUrl?: string;
  /** Where a page can offer to try again. */
  readonly retryUrl?: string;
  /** Where a page can offer to go instead: `returnTo.default`. */
  readonly homeUrl?: string;
}
