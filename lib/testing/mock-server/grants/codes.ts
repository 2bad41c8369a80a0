// Codes: made for one person and one app, worth something once and for minutes.
import { BoundedMap } from './bounded-map.js';
import type { MockClock } from '../mock-clock.js';
import type { MockUnsure } from '../mock-server.types.js';
import { randomCode } from './random-text.js';
import { WechatFailure } from '../endpoints/wechat-failure.js';

/**
 * Lives in ms: 网页授权 "5分钟"; 网站应用 "10分钟"; `wx.login` and the phone button 5 minutes. The app SDK's is
 * not documented, 10 like the website's.
 */
export const CODE_LIFE = {
  'official-account': 5 * 60_000,
  website: 10 * 60_000,
  mobile: 10 * 60_000,
  'mini-program': 5 * 60_000,
} as const;

/** What a code stands for. */
export interface CodeGrant {
  readonly appId: string;
  readonly userId: string;
  readonly scope: string;
  readonly snapshot: boolean;
  /** Only for `wx.login`: the session_key that came into being with this code. */
  readonly sessionKey?: string;
}

interface CodeRecord {
  readonly grant: CodeGrant;
  readonly expiresAt: number;
  used: boolean;
}

/** The codes that were handed out. */
export class Codes {
  readonly #codes = new BoundedMap<CodeRecord>();

  constructor(
    private readonly clock: MockClock,
    private readonly unsure: Pick<MockUnsure, 'usedCode' | 'expiredCode' | 'foreignCode'>,
    private readonly make = randomCode,
  ) {}

  issue(grant: CodeGrant, lifeMs: number): string {
    const code = this.make();
    this.#codes.set(code, { grant, expiresAt: this.clock.now() + lifeMs, used: false });
    return code;
  }

  /**
   * Spends a code.
   * @throws WechatFailure 40029 unknown or another app's; 40163 used before; 42003 too old (each
   * one's other way: `unsure`)
   */
  redeem(code: string, appId: string): CodeGrant {
    const record = this.#codes.get(code);
    if (!record) throw new WechatFailure(40029);
    if (record.grant.appId !== appId) throw new WechatFailure(this.unsure.foreignCode);
    if (record.used) throw new WechatFailure(this.unsure.usedCode);
    if (this.clock.now() >= record.expiresAt) throw new WechatFailure(this.unsure.expiredCode);
    record.used = true;
    return record.grant;
  }
}
