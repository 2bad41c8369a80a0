// An app may have two secrets while one is being changed: which of them WeChat takes.
import { WechatApiError } from '../errors/errors.js';
import type { AppConfig } from '../config/wechat-config.js';

const INVALID_SECRET = 40125;

/** Finds out which secret of an app WeChat takes. */
export class AppSecrets {
  /** Which one WeChat took last, by app id; only saves a call. */
  private readonly preferred = new Map<string, number>();

  /**
   * Asks with the secret that worked last, and with the other one after 40125.
   * @param alsoWrong another return code that says so at this endpoint
   */
  async ask<T>(app: AppConfig, ask: (secret: string) => Promise<T>, alsoWrong?: number): Promise<T> {
    const first = this.preferred.get(app.appId) ?? 0;
    for (let tried = 0; ; tried++) {
      const index = (first + tried) % app.secrets.length;
      try {
        const answer = await ask(app.secrets[index]!.reveal());
        this.preferred.set(app.appId, index);
        return answer;
      } catch (error) {
        const isWrong =
          error instanceof WechatApiError &&
          (error.errcode === INVALID_SECRET || error.errcode === alsoWrong);
        if (!isWrong || tried === app.secrets.length - 1) throw error;
      }
    }
  }
}
