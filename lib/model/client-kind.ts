// The kinds of clients a person signs in from.

export const CLIENT_KINDS = [
  'wechat',
  'wechat-desktop',
  'mini-program',
  'wecom',
  'mobile-browser',
  'desktop-browser',
  'crawler',
  'native-app',
] as const;

/**
 * `wechat`: WeChat on a phone · `wechat-desktop`: WeChat on Windows or macOS · `mini-program`: the
 * web view of a mini program · `wecom`: 企业微信 · `mobile-browser`, `desktop-browser`: any other
 * browser · `crawler` · `native-app`: an app that logged in with a code of its own.
 */
export type WechatClientKind = (typeof CLIENT_KINDS)[number];

/** Whether it is the name of one of them. */
export function isClientKind(value: unknown): value is WechatClientKind {
  return (CLIENT_KINDS as readonly unknown[]).includes(value);
}
