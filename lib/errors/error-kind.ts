// The kinds of errors, by what an application does about them, and their codes.

/**
 * What went wrong, as the application has to treat it: `config` fix the set-up · `input` fix the
 * argument · `code` or `token` sign in again · `consent` ask for the wider scope · `blocked` WeChat
 * refuses this person · `quota` wait · `upstream` WeChat failed · `network` no answer · `decrypt`
 * call wx.login and repeat · `store` try again later.
 */
export type WechatErrorKind =
  | 'config'
  | 'input'
  | 'code'
  | 'token'
  | 'consent'
  | 'blocked'
  | 'quota'
  | 'upstream'
  | 'network'
  | 'decrypt'
  | 'store';

/** What every error of this package is called: stable, so that it may be matched on. */
export type WechatErrorCode =
  | 'WECHAT_CONFIG'
  | 'WECHAT_INPUT'
  | 'WECHAT_API'
  | 'WECHAT_NETWORK'
  | 'WECHAT_RESPONSE'
  | 'WECHAT_TOKEN_NOT_FOUND'
  | 'WECHAT_STORE'
  | 'WECHAT_DECRYPT'
  | 'WECHAT_APP_TOKEN';
