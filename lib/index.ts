// The whole public API.
export { WechatOAuthModule } from './wechat-oauth.module.js';
export type {
  WechatOAuthModuleAsyncOptions,
  WechatOAuthModuleExtras,
  WechatProviderOf,
} from './wechat-oauth.module-definition.js';
export { WechatOAuthService } from './wechat-oauth.service.js';
export { WechatApp, type WechatSessionKeyHolder } from './wechat-oauth.client.js';
export { TOKEN_STORE, WECHAT_HTTP_SERVICE, WECHAT_OAUTH_OPTIONS } from './wechat-oauth.constants.js';
export type {
  WechatAppOptions,
  WechatAppTokenSource,
  WechatAppType,
  WechatDevOptions,
  WechatHookContext,
  WechatBrandOptions,
  WechatHooks,
  WechatHttpOptions,
  WechatLang,
  WechatOAuthModuleOptions,
  WechatOAuthOptionsFactory,
  WechatPushOptions,
  WechatScanOptions,
  WechatReturnToOptions,
  WechatScope,
  WechatSession,
  WechatSessionOptions,
  WechatVerificationFiles,
} from './wechat-oauth.options.js';

export { WechatAuthGuard } from './auth/wechat-auth.guard.js';
export { WechatAuth, type WechatAuthOptions } from './auth/decorators/wechat-auth.decorator.js';
export { WechatUser } from './auth/decorators/wechat-user.decorator.js';
export { getWechatIdentity } from './auth/http/attached-identity.js';
export { WechatAuthController } from './auth/wechat-auth.controller.js';
export {
  type WechatIssuedSession,
  type WechatIssueOptions,
  type WechatRevokedIdentity,
  WechatNotRevokedException,
  WechatSessionService,
} from './auth/session/wechat-session.service.js';
export type { WechatQrLogin, WechatQrLoginOptions } from './auth/session/qr-logins.js';
export type { WechatSecurityScheme } from './auth/session/security-schemes.js';
export {
  type WechatLogin,
  type WechatLoginDecision,
  WechatLoginHandler,
} from './auth/login/login-handler.js';
export {
  WECHAT_UNIONID_DISPUTED,
  WechatIdentityLinker,
  type WechatLinkedIdentity,
  type WechatLinkSide,
} from './auth/linking/identity-linker.js';
export type { WechatClaims, WechatIdentity } from './model/identity.js';
export type { WechatClientKind } from './model/client-kind.js';
export type { WechatProblem, WechatProblemCode } from './model/problem.js';

export { type WechatEvent, WechatEvents, type WechatFlowCount } from './common/wechat-events.js';
export { WechatExceptionFilter } from './errors/wechat-exception.filter.js';
export { toHttpStatus } from './errors/http-status.js';

export { TokenStore } from './tokens/token-store.js';
export { MemoryTokenStore } from './tokens/memory-token-store.js';
export { WechatToken } from './tokens/wechat-token.js';
export type { WechatCallOptions } from './api/app-call.js';
export type { WechatUserProfile } from './api/sns-api.js';
export type { WechatAuthorizeUrlOptions, WechatWebsiteAuthorizeUrlOptions } from './api/authorize-url.js';
export type { WechatEncryptedUserData, WechatMiniProgramUser } from './mini-program/decrypt.js';
export type { WechatPhoneNumber } from './mini-program/mini-program-calls.js';
export type { WechatMiniProgramSession } from './mini-program/session-keys.js';
export type { AppToken as WechatAppToken } from './tokens/app-tokens.js';
export type { WechatJsSdkConfig } from './js-sdk/js-sdk.js';
export { WechatSecret } from './sealing/secret.js';

export type { WechatErrorCode, WechatErrorKind } from './errors/error-kind.js';
export { explainErrcode, type WechatErrcodeAdvice } from './errors/error-codes.js';
export {
  WechatTokenNotFoundError,
  WechatApiError,
  WechatAppTokenError,
  WechatConfigError,
  type WechatConfigProblem,
  WechatDecryptError,
  WechatError,
  WechatInputError,
  WechatNetworkError,
  type WechatNetworkFault,
  WechatResponseError,
  WechatStoreError,
} from './errors/errors.js';
