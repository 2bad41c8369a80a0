// How often something was asked for today. Quotas begin anew at midnight in Beijing.
import type { MockClock } from '../mock-clock.js';
import { WechatFailure } from '../endpoints/wechat-failure.js';

const DAY = 24 * 3_600_000;
const BEIJING = 8 * 3_600_000;

/** Counts by app and day. */
export class DailyCount {
  readonly #asked = new Map<string, { day: number; times: number }>();

  constructor(private readonly clock: MockClock) {}

  /** Once more. @throws WechatFailure 45009 when it was `most` times already */
  add(appId: string, most: number): void {
    const day = Math.floor((this.clock.now() + BEIJING) / DAY);
    const former = this.#asked.get(appId);
    const times = (former?.day === day ? former.times : 0) + 1;
    if (times > most) throw new WechatFailure(45009);
    this.#asked.set(appId, { day, times });
  }
}
