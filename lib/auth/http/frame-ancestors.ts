// Whose pages may hold the two answers that a login in a frame is made of. Every other page of ours
// stands in nobody's.
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import { requirePublicUrl } from './return-address.js';

/** Public suffixes of two labels are like this below a country: `com.cn`, `co.uk`, `or.jp`. */
const SECOND_LEVEL = /^(?:ac|co|com|edu|go|gob|gov|gouv|info|mil|mod|ne|net|nom|or|org|sch)$/;

/** A host that a policy can name; an address of IPv6 it cannot. */
const NAMEABLE = /^https?:\/\/[a-z\d.-]+(?::\d+)?$/;

/**
 * The sources of `frame-ancestors`: listed origins of the same site as the app, its own among them.
 * To others browsers give no cookies in a frame, so a login could not end there anyway.
 * @see
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/frame-ancestors
 */
export function frameAncestors(config: Pick<WechatConfig, 'returnTo'>, app: AppConfig): string {
  const own = requirePublicUrl(app);
  const origins = [...config.returnTo.origins].filter(
    (origin) => NAMEABLE.test(origin) && isSameSite(new URL(origin), own),
  );
  return origins.length > 0 ? origins.join(' ') : "'self'";
}

/**
 * Without the list of public suffixes, which would be a dependency to keep fresh: hosts that share
 * two labels, or three below `com.cn` and its like. A wrong yes lets a listed origin hold a page
 * that says nothing to it, as no cookie comes there; a wrong no ends a login in the top window.
 */
export function isSameSite(one: URL, other: URL): boolean {
  if (one.protocol !== other.protocol) return false;
  if (one.hostname === other.hostname) return true;
  const site = siteOf(one.hostname);
  return site !== undefined && site === siteOf(other.hostname);
}

/** Undefined for addresses and for names that are no domain. */
function siteOf(hostname: string): string | undefined {
  if (/[\d.]$/.test(hostname) || hostname.startsWith('[')) return undefined;
  const labels = hostname.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const length = top.length === 2 && SECOND_LEVEL.test(second) ? 3 : 2;
  return labels.length < length ? undefined : labels.slice(-length).join('.');
}
