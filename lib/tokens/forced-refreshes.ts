// The right to refresh an app's own token by force. WeChat grants it 20 times a day, 30 seconds
// apart, and every time all processes that hold the former token fail once.
import { Logger } from '@nestjs/common';
import type { Runtime } from '../common/runtime.js';
import type { AppConfig } from '../config/wechat-config.js';
import type { Vault } from './vault.js';

const GATE_MS = 30_000;
const PER_DAY = 20;
const HOUR_MS = 3_600_000;

/** `taken`: somebody else has just had it. `refused`: today no more, or nobody knows. */
export type ForcedRight = 'granted' | 'taken' | 'refused';

/** Counts forced refreshes over all processes. */
export class ForcedRefreshes {
  private readonly logger = new Logger('WechatOAuth');

  constructor(
    private readonly vault: Vault,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  /** Fails closed: where the store cannot be asked, others may be at it, and nobody counts. */
  async claim(app: AppConfig): Promise<ForcedRight> {
    const gate = await this.vault.create(this.vault.key(app.appId, 'app-token', 'forced'), {}, GATE_MS);
    if (gate !== 'done') return gate === 'refused' ? 'taken' : 'refused';
    let count = Infinity;
    const written = await this.vault.update<{ count: number }>(
      this.vault.key(app.appId, 'app-token', `forced-${this.day()}`),
      (today) => {
        count = (today?.count ?? 0) + 1;
        return count > PER_DAY ? undefined : { count };
      },
      () => 25 * HOUR_MS,
      ({ count: counted }) => Number.isInteger(counted),
    );
    if (written !== 'done' || count > PER_DAY) return 'refused';
    this.logger.warn(
      `WeChat refuses the own token of "${app.name}" and gives out no other: refreshed by force, ` +
        `${count} of ${PER_DAY} times today. Another program may be using the same AppSecret.`,
    );
    return 'granted';
  }

  /** WeChat's days are China's. */
  private day(): string {
    return new Date(this.runtime.now() + 8 * HOUR_MS).toISOString().slice(0, 10);
  }
}
