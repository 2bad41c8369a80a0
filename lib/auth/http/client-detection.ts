// From a request to the client that sent it. It chooses the way of login and the words of an answer, never access: anybody can send any user agent.

const CLIENT_KINDS = [
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
 * `wechat`: WeChat on a phone · `wechat-desktop`: WeChat on Windows or macOS · `mini-program`: the web view of a mini program · `wecom`: 企业微信 ·
 * `mobile-browser`, `desktop-browser`: any other browser · `crawler` · `native-app`: an app that logged in with a code of its own.
 */
export type WechatClientKind = (typeof CLIENT_KINDS)[number];

export function isClientKind(value: unknown): value is WechatClientKind {
  return (CLIENT_KINDS as readonly unknown[]).includes(value);
}

/** What search engines and link previews call themselves. Phones called CUBOT and M bot are none. */
const CRAWLER =
  /(?<!cu|\bm )bot\b|spider|crawl|slurp|facebookexternalhit|preview|mediapartners-google|google-inspectiontool|googleother/;

/** Only the beginning is looked at, with patterns of linear time. */
const LOOKED_AT = 1_024;

export function detectClient(userAgent: string | undefined): WechatClientKind {
  const agent = (userAgent ?? '').slice(0, LOOKED_AT).toLowerCase();
  if (CRAWLER.test(agent)) return 'crawler';
  // WeCom calls itself MicroMessenger too, so it is looked for first.
  if (agent.includes('wxwork')) return 'wecom';
  // HarmonyOS names the kind of device first, PCs included.
  const mobile = /android|iphone|ipad|ipod|mobile|harmony/.test(agent) && !agent.includes('(pc;');
  if (!agent.includes('micromessenger')) return mobile ? 'mobile-browser' : 'desktop-browser';
  if (agent.includes('miniprogram')) return 'mini-program';
  return /windowswechat|macwechat/.test(agent) || !mobile ? 'wechat-desktop' : 'wechat';
}
