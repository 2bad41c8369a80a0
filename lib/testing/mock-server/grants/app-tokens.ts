// The tokens of apps themselves (not of people), as `cgi-bin/stable_token` hands them out.
import { BoundedMap } from './bounded-map.js';
import type { MockClock } from '../mock-clock.js';
import type { MockUnsure } from '../mock-server.types.js';
import { randomToken } from './random-text.js';
import { WechatFailure } from '../endpoints/wechat-failure.js';

const LIFE = 7200_000;
/** "5分钟": renewed this long before the end, and the former token lives on for as long. */
const OVERLAP = 5 * 60_000;
/** Forced refreshes have to be this far apart. */
const FORCE_GAP = 30_000;
/** Forced refreshes of one app on one of China's days. */
const FORCES_A_DAY = 20;
const HOUR = 3600_000;

interface AppToken {
  readonly appId: string;
  readonly token: string;
  expiresAt: number;
}

/** The apps' own tokens. */
export class AppTokens {
  readonly #current = new Map<string, AppToken>();
  readonly #all = new BoundedMap<AppToken>();
  readonly #forcedAt = new Map<string, number>();
  readonly #forces = new BoundedMap<number>();
  readonly #ended = new BoundedMap<number>();

  constructor(
    private readonly clock: MockClock,
    private readonly unsure: MockUnsure,
  ) {}

  /**
   * The same token as long as it is valid for more than five minutes; with `force` a new one, and
   * the former dies. Forced twice within 30 seconds WeChat "will not refresh": no error, the second
   * call is a usual one.
   */
  stable(appId: string, forced: boolean): AppToken {
    const now = this.clock.now();
    const force = forced && now - (this.#forcedAt.get(appId) ?? -Infinity) >= FORCE_GAP;
    if (force) this.#countForce(appId);
    const former = this.#current.get(appId);
    if (!force && former && former.expiresAt - now > OVERLAP) return former;
    if (force) this.#forcedAt.set(appId, now);
    // Replaced by force: "not latest" (40001) from now on. Renewed: both are valid for a while. Run
    // out before: stays so.
    if (former && force) this.#all.delete(former.token);
    else if (former && now < former.expiresAt) former.expiresAt = now + OVERLAP;
    const token = { appId, token: randomToken(), expiresAt: now + LIFE };
    this.#current.set(appId, token);
    this.#all.set(token.token, token);
    return token;
  }

  /**
   * Ends the token early: whoever calls with it gets `errcode`. With `replaced` another one is
   * given out from now on, as after somebody's forced refresh; without, the dead one is still given
   * out.
   */
  end(appId: string, errcode: number, replaced: boolean): void {
    const current = this.#current.get(appId);
    if (!current) return;
    this.#ended.set(current.token, errcode);
    if (replaced) this.#current.delete(appId);
  }

  /** @throws WechatFailure 45009 for the 21st of a day */
  #countForce(appId: string): void {
    const day = `${appId} ${new Date(this.clock.now() + 8 * HOUR).toISOString().slice(0, 10)}`;
    const count = this.#forces.get(day) ?? 0;
    if (count >= FORCES_A_DAY) throw new WechatFailure(45009);
    this.#forces.set(day, count + 1);
  }

  /** @returns the app a token belongs to. @throws WechatFailure 40001 unknown, 42001 too old */
  appOf(token: string): string {
    const ended = this.#ended.get(token);
    if (ended !== undefined) throw new WechatFailure(ended);
    const known = this.#all.get(token);
    if (!known) throw new WechatFailure(this.unsure.invalidToken);
    if (this.clock.now() >= known.expiresAt) throw new WechatFailure(42001);
    return known.appId;
  }
}
