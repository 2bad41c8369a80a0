// From a request to the client that sent it. It chooses the way of login and the words of an
// answer, never access: anybody can send any user agent.
import { LRUCache } from 'lru-cache';
import type { WechatClientKind } from '../../model/client-kind.js';

/**
 * What search engines and link previews call themselves. Phones called CUBOT and M bot are none.
 */
const CRAWLER =
  /(?<!cu|\bm )bot\b|spider|crawl|slurp|facebookexternalhit|preview|mediapartners-google|google-inspectiontool|googleother/;

/** Only the beginning is looked at, with patterns of linear time. */
const LOOKED_AT = 1_024;

/** What was found out before: the same few user agents come again and again. */
const known = new LRUCache<string, WechatClientKind>({ max: 500 });

/** What a user agent says it is. */
export function detectClient(userAgent = ''): WechatClientKind {
  // Nobody's browser; kept, its beginning would keep the whole alive.
  if (userAgent.length > LOOKED_AT) return readAgent(userAgent.slice(0, LOOKED_AT));
  let kind = known.get(userAgent);
  if (kind === undefined) known.set(userAgent, (kind = readAgent(userAgent)));
  return kind;
}

function readAgent(userAgent: string): WechatClientKind {
  const agent = userAgent.toLowerCase();
  if (CRAWLER.test(agent)) return 'crawler';
  // WeCom calls itself MicroMessenger too, so it is looked for first.
  if (agent.includes('wxwork')) return 'wecom';
  // HarmonyOS names the kind of device first, PCs included.
  const mobile = /android|iphone|ipad|ipod|mobile|harmony/.test(agent) && !agent.includes('(pc;');
  if (!agent.includes('micromessenger')) return mobile ? 'mobile-browser' : 'desktop-browser';
  if (agent.includes('miniprogram')) return 'mini-program';
  return /windowswechat|macwechat/.test(agent) || !mobile ? 'wechat-desktop' : 'wechat';
}
