// The entry `nestjs-wechat-oauth/client`: for the code that runs at people's, so it imports
// nothing.
export { createBrowserClient, WechatClientError, WechatLoginAbandoned } from './browser.js';
export type {
  BrowserClient,
  BrowserClientOptions,
  BrowserLoginOptions,
  BrowserUser,
  GlobalFetch,
} from './browser.types.js';
export {
  createMiniProgramClient,
  type MiniProgramAnswer,
  type MiniProgramClient,
  type MiniProgramClientOptions,
  type MiniProgramRequest,
  WechatLoginFailed,
  type WxLike,
} from './mini-program.js';
export {
  type QrElement,
  type QrLogin,
  type QrLoginOptions,
  showQrLogin,
  WechatQrLoginError,
  type WxLoginConstructor,
  type WxLoginOptions,
} from './qr-login.js';
export {
  configureJsSdk,
  type JsSdkFailure,
  type JsSdkOptions,
  type JsSdkPageConfig,
  type JsSdkWx,
  WechatJsSdkError,
} from './js-sdk.js';
