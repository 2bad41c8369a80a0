// Bounds how often somebody may fail to open a person's data. The scheme has no authentication, so
// every try says a little about the key; nobody who is honest fails ten times.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Runtime } from '../common/runtime.js';
import type { WechatEvents } from '../common/wechat-events.js';
import type { AppConfig } from '../config/wechat-config.js';
import { WechatDecryptError } from '../errors/errors.js';

const MOST = 10;
const WINDOW_MS = 10 * 60_000;
const MAX_PEOPLE = 10_000;

/** Whose failures are counted together. */
export type DecryptionSubject = string & { readonly subject: true };

/** Counts failed decryptions, per app and person, in this process. */
export class FailedDecryptions {
  /** When the last failures were, by the monotonic clock: at most ten for each. */
  private readonly failures = new LRUCache<DecryptionSubject, number[]>({ max: MAX_PEOPLE });

  constructor(
    private readonly events: WechatEvents,
    private readonly runtime: Pick<Runtime, 'monotonic'>,
  ) {}

  /** @param sessionKey stands for the person where nobody says who it is */
  subject(app: AppConfig, openid: unknown, sessionKey: unknown): DecryptionSubject {
    const who = typeof openid === 'string' ? `o ${openid}` : `k ${hash('sha256', String(sessionKey))}`;
    return `${app.appId} ${who}` as DecryptionSubject;
  }

  /**
   * @throws WechatDecryptError, the same as for whatever fails, after ten failures in ten minutes
   */
  check(subject: DecryptionSubject): void {
    if (this.recent(subject).length >= MOST) throw new WechatDecryptError();
  }

  /**
   * Fails closed: looks, tries and counts in one step, so that a hundred at once are not a hundred
   * tries.
   */
  run<T>(app: AppConfig, subject: DecryptionSubject, open: () => T): T {
    this.check(subject);
    try {
      return open();
    } catch (error) {
      if (error instanceof WechatDecryptError) {
        const failures = [...this.recent(subject), this.runtime.monotonic()];
        this.failures.set(subject, failures);
        if (failures.length === MOST) this.events.emit({ type: 'decrypt.limited', app: app.name });
      }
      throw error;
    }
  }

  private recent(subject: DecryptionSubject): number[] {
    const since = this.runtime.monotonic() - WINDOW_MS;
    return (this.failures.get(subject) ?? []).filter((at) => at > since);
  }
}
