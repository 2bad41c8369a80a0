// The kinds of errors, by what an application does about them.

/**
 * What went wrong, as the application has to treat it: `config` fix the set-up · `code` or `token` sign in again · `consent` ask for the wider scope ·
 * `blocked` WeChat refuses this person · `quota` wait · `upstream` WeChat failed · `network` no answer · `decrypt` call wx.login and repeat · `store` try again later.
 */
export type WechatErrorKind =
  | 'config'
  | 'code'
  | 'token'
  | 'consent'
  | 'blocked'
  | 'quota'
  | 'upstream'
  | 'network'
  | 'decrypt'
  | 'store';
