// When a session was last used, for applications with an idle limit: in a cookie of its own. Were
// it in the session's cookie, a slow answer would bring back a session that was signed out or
// changed meanwhile; of this one nothing comes but a time.
import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AppConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import type { WechatSession } from '../../wechat-oauth.options.js';
import type { Sealer } from '../../sealing/sealer.js';
import { cookieName, onlyCookie, type ReceivedCookie, writeCookie } from '../http/cookies.js';

/** When a session was last used, in a cookie of its own. */
export class LastUse {
  /** What was found genuine before. */
  private readonly known = new LRUCache<string, true>({ max: 1_000 });

  constructor(
    private readonly sealer: Pick<Sealer, 'macs'>,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  /**
   * In ms since 1970. A session that was made is one that was used; a mark of another session, or
   * of nobody, is none.
   */
  read(app: AppConfig, cookies: readonly ReceivedCookie[], session: WechatSession): number {
    const name = lastUseName(app);
    const value = onlyCookie(cookies, name);
    const [, seconds, mac] = /^([0-9a-z]{1,9})\.([\w-]{22})$/.exec(value ?? '') ?? [];
    if (seconds === undefined || !this.isGenuine(name, session.sid, seconds, mac!)) return session.issuedAt;
    return Math.max(session.issuedAt, Number.parseInt(seconds, 36) * 1_000);
  }

  /** The Set-Cookie line for now. */
  write(app: AppConfig, { sid, expiresAt }: WechatSession): string {
    const name = lastUseName(app);
    const now = this.runtime.now();
    const seconds = Math.floor(now / 1_000).toString(36);
    const value = `${seconds}.${this.macs(name, sid, seconds)[0]!}`;
    return writeCookie(app, name, value, (expiresAt - now) / 1_000);
  }

  private isGenuine(name: string, sid: string, seconds: string, mac: string): boolean {
    const key = `${name} ${sid} ${seconds}.${mac}`;
    if (this.known.has(key)) return true;
    const genuine = this.macs(name, sid, seconds).some((own) =>
      timingSafeEqual(Buffer.from(own), Buffer.from(mac)),
    );
    if (genuine) this.known.set(key, true);
    return genuine;
  }

  private macs(name: string, sid: string, seconds: string): string[] {
    const text = `${sid}\n${seconds}\n${name}`;
    return this.sealer.macs(text, 'used').map((mac) => mac.toString('base64url').slice(0, 22));
  }
}

/** The Set-Cookie line that ends it. */
export function forgetLastUse(app: AppConfig): string {
  return writeCookie(app, lastUseName(app), '', 0);
}

/** Name of that cookie. */
export function lastUseName(app: AppConfig): string {
  return cookieName(app, 'wechat_used');
}
