// From a request to the client that sent it. It chooses the way of login and the words of an answer, never access: anybody can send any user agent.

/**
 * `wechat`: WeChat on a phone · `wechat-desktop`: WeChat on Windows or macOS · `mini-program`: the web view of a mini program · `wecom`: 企业微信 ·
 * `mobile-browser`, `desktop-browser`: any other browser · `crawler` · `native-app`: an app that logged in with a code of its own.
 */
export type WechatClientKind =
  | 'wechat'
  | 'wechat-desktop'
  | 'mini-program'
  | 'wecom'
  | 'mobile-browser'
  | 'desktop-browser'
  | 'crawler'
  | 'native-app';

/** Only the beginning is looked at, with patterns of linear time. */
const LOOKED_AT = 1_024;

export function detectClient(userAgent: string | undefined): WechatClientKind {
  const agent = (userAgent ?? '').slice(0, LOOKED_AT).toLowerCase();
  if (/bot\b|bot\/|spider|crawl|slurp|facebookexternalhit|preview/.test(agent)) return 'crawler';
  // WeCom calls itself MicroMessenger too, so it is looked for first.
  if (agent.includes('wxwork')) return 'wecom';
  const mobile = /android|iphone|ipad|ipod|mobile|harmony/.test(agent);
  if (!agent.includes('micromessenger')) return mobile ? 'mobile-browser' : 'desktop-browser';
  if (agent.includes('miniprogram')) return 'mini-program';
  return /windowswechat|macwechat/.test(agent) || !mobile ? 'wechat-desktop' : 'wechat';
}
