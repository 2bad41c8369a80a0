// Injection tokens. Nothing here imports a class, so that every other file may import this one.

/**
 * Where tokens, session keys and login results are kept. Provide your own through the `tokenStore`
 * extra of the module.
 */
export const TOKEN_STORE = Symbol('WECHAT_TOKEN_STORE');

/** The options as they were given to `forRoot` or came out of `forRootAsync`. */
export const WECHAT_OAUTH_OPTIONS = Symbol('WECHAT_OAUTH_OPTIONS');

/**
 * The `HttpService` that talks to WeChat, for an application that wants to add an interceptor. It
 * carries secrets in its URLs: do not log them.
 */
export const WECHAT_HTTP_SERVICE = Symbol('WECHAT_HTTP_SERVICE');

/** @internal The options after validation. */
export const WECHAT_CONFIG = Symbol('WECHAT_CONFIG');

/** @internal Clock, pauses and randomness. */
export const WECHAT_RUNTIME = Symbol('WECHAT_RUNTIME');

/** @internal What knows the application's users by their WeChat identities, if it has one. */
export const WECHAT_IDENTITY_LINKER = Symbol('WECHAT_IDENTITY_LINKER');

/** @internal The application's push handler, if it has one. */
export const WECHAT_PUSH_HANDLER = Symbol('WECHAT_PUSH_HANDLER');

/** @internal The application's login handler, if it has one. */
export const WECHAT_LOGIN_HANDLER = Symbol('WECHAT_LOGIN_HANDLER');
