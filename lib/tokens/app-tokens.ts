// The token of an app itself, for WeChat's other APIs: found in memory, in the store or at WeChat,
// and replaced when WeChat refuses it.
//
// In normal mode WeChat gives every process the same token, and renews it in its last five minutes
// while the former lives on. So no process waits for another, and none takes a token from another:
// only a forced refresh does, which is why it is the last step.
import { optionName } from '../config/option-name.js';
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AppApi } from '../api/app-api.js';
import type { Runtime } from '../common/runtime.js';
import { SingleFlight } from '../common/single-flight.js';
import { hasOwnToken } from '../config/apps/read-apps.js';
import type { AppConfig } from '../config/wechat-config.js';
import { WechatConfigError } from '../errors/errors.js';
import { WechatSecret } from '../sealing/secret.js';
import type { ForcedRefreshes } from './forced-refreshes.js';
import type { TokenServer } from './token-server.js';
import type { Vault } from './vault.js';

/** An app's own token. */
export interface AppToken {
  /** For the query of WeChat's APIs; `reveal()` gives it. */
  readonly accessToken: WechatSecret;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** As it lies in the store. */
interface AppTokenRecord {
  accessToken: string;
  expiresAt: number;
}

interface Held extends AppToken {
  /** Until when this process uses it: a little less than its life. */
  readonly goodUntil: number;
}

/** WeChat's tokens last no longer, whatever an answer says. */
const MAX_LIFE_S = 7_200;
/** A clock that is kept in time goes back by less. */
const CLOCK_STEP_MS = 60_000;
/** How long before its end a token is given up: at random, so that a fleet does not ask at once. */
const EARLY_MS = { least: 10_000, most: 60_000 };
/** How long a repair that found nothing asks WeChat no more for the same token. */
const HOPELESS_MS = 30_000;
/** Apps are few, but an application may find them out at run time. */
const MAX_APPS = 1_000;
/** How often, and in which distance, another process's forced refresh is looked for. */
const LOOKS = { times: 10, everyMs: 200 };

/** The apps' own tokens. */
export class AppTokens {
  private readonly held = new LRUCache<string, Held>({ max: MAX_APPS });
  /** Until when it is no use to repair a token, by app id and hash of the token. */
  private readonly hopeless = new LRUCache<string, number>({ max: MAX_APPS });
  private readonly finds = new SingleFlight<AppToken>();
  private readonly repairs = new SingleFlight<AppToken | undefined>();

  constructor(
    private readonly api: AppApi,
    private readonly vault: Vault,
    private readonly server: TokenServer,
    private readonly forced: ForcedRefreshes,
    private readonly runtime: Runtime,
  ) {}

  /**
   * The token to call with.
   * @throws WechatConfigError for an app that has none; WechatApiError, WechatNetworkError,
   * WechatResponseError, WechatAppTokenError when none could be got
   */
  async get(app: AppConfig): Promise<AppToken> {
    requireOwnToken(app);
    const held = this.held.get(app.appId);
    if (held && this.isUsable(held)) return held;
    return this.finds.run(app.appId, () => this.find(app, held));
  }

  /**
   * Another token than one that WeChat has just refused (40001, 40014, 42001), or undefined: then
   * the refusal stands. All callers that failed with one token share what comes of it. To be asked
   * once for each call, never in a loop.
   * @throws as `get`
   */
  async repair(app: AppConfig, failed: WechatSecret): Promise<AppToken | undefined> {
    const text = failed.reveal();
    const held = this.held.get(app.appId);
    if (held && held.accessToken.reveal() !== text && this.isUsable(held)) return held;
    const key = `${app.appId} ${hash('sha256', text)}`;
    return this.repairs.run(key, async () => {
      if ((this.hopeless.get(key) ?? -Infinity) > this.runtime.monotonic()) {
        // What was waited for may have been stored later.
        const stored = await this.read(app, text);
        return stored && this.adopt(app, stored, text);
      }
      if (this.held.get(app.appId)?.accessToken.reveal() === text) this.held.delete(app.appId);
      if (app.appToken) return this.serve(app, failed);
      const found = await this.replace(app, text);
      if (!found) this.hopeless.set(key, this.runtime.monotonic() + HOPELESS_MS);
      return found;
    });
  }

  private async find(app: AppConfig, former: Held | undefined): Promise<AppToken> {
    try {
      if (app.appToken) return (await this.serve(app))!;
      const stored = await this.read(app);
      // The one that this process has just given up does not become better by lying in the store.
      if (stored && stored.accessToken !== former?.accessToken.reveal()) return this.adopt(app, stored);
      const fetched = await this.fetch(app, false);
      await this.keep(app, fetched);
      return this.adopt(app, fetched);
    } catch (error) {
      // An early renewal that fails takes nothing away: the token in hand is good for a while.
      if (former && former.expiresAt > this.runtime.now()) return former;
      throw error;
    }
  }

  private async replace(app: AppConfig, failed: string): Promise<AppToken | undefined> {
    const stored = await this.read(app, failed);
    if (stored) return this.adopt(app, stored, failed);
    const normal = await this.fetch(app, false);
    if (normal.accessToken !== failed) return this.replaceWith(app, normal, failed);
    // WeChat still gives out what it refuses. A forced refresh makes every other process fail once,
    // so it takes a right that one process gets: without a store to give it, none.
    const right = await this.forced.claim(app);
    if (right === 'granted') {
      const fresh = await this.fetch(app, true);
      return fresh.accessToken === failed ? undefined : this.replaceWith(app, fresh, failed);
    }
    return right === 'taken' ? this.waitForTheirs(app, failed) : undefined;
  }

  /** Somebody forced a moment ago, and what came of it may be about to be stored. */
  private async waitForTheirs(app: AppConfig, failed: string): Promise<AppToken | undefined> {
    for (let look = 0; look < LOOKS.times; look++) {
      await this.runtime.sleep(LOOKS.everyMs);
      const theirs = await this.read(app, failed);
      if (theirs) return this.adopt(app, theirs, failed);
    }
    return undefined;
  }

  private async replaceWith(app: AppConfig, record: AppTokenRecord, failed: string): Promise<AppToken> {
    await this.keep(app, record, failed);
    return this.adopt(app, record, failed);
  }

  private async serve(app: AppConfig, rejected?: WechatSecret): Promise<AppToken | undefined> {
    const askedAt = this.runtime.now();
    const { accessToken, expiresIn } = await this.server.ask(app, rejected);
    const failed = rejected?.reveal();
    if (accessToken === failed) return undefined;
    const expiresAt = askedAt + Math.min(expiresIn, MAX_LIFE_S) * 1_000;
    return this.adopt(app, { accessToken, expiresAt }, failed);
  }

  /** @param failed counts as if it were not there */
  private async read(app: AppConfig, failed?: string): Promise<AppTokenRecord | undefined> {
    const entry = await this.vault.read<AppTokenRecord>(this.keyOf(app), isAppTokenRecord);
    const isGood = entry && entry.value.accessToken !== failed && entry.value.expiresAt > this.runtime.now();
    return isGood ? entry.value : undefined;
  }

  private async fetch(app: AppConfig, forced: boolean): Promise<AppTokenRecord> {
    // Before the call, so that a slow network makes no token look fresher than it is.
    const askedAt = this.runtime.now();
    const { accessToken, expiresIn } = await this.api.stableToken(app, forced);
    return { accessToken, expiresAt: askedAt + Math.min(expiresIn, MAX_LIFE_S) * 1_000 };
  }

  /**
   * Of two tokens in the store the one that lasts longer stays, unless it is the one that failed: a
   * clock that is ahead may have written it.
   */
  private async keep(app: AppConfig, record: AppTokenRecord, failed?: string): Promise<void> {
    await this.vault.update<AppTokenRecord>(
      this.keyOf(app),
      (stored) =>
        stored && stored.accessToken !== failed && stored.expiresAt >= record.expiresAt ? undefined : record,
      () => Math.max(1_000, record.expiresAt - this.runtime.now()),
      isAppTokenRecord,
    );
  }

  /**
   * Takes a token into use, unless a newer one has come meanwhile.
   * @param failed counts as if it were not there: a search may have brought it back
   */
  private adopt(app: AppConfig, { accessToken, expiresAt }: AppTokenRecord, failed?: string): AppToken {
    const now = this.runtime.now();
    const held = this.held.get(app.appId);
    const isBetter = held && this.isUsable(held) && held.expiresAt > expiresAt;
    if (isBetter && held.accessToken.reveal() !== failed) return held;
    // A record of a clock that is ahead lasts no longer for it.
    const end = Math.min(expiresAt, now + MAX_LIFE_S * 1_000);
    const { least, most } = EARLY_MS;
    const early = Math.min(least + this.runtime.random() * (most - least), (end - now) / 10);
    const adopted = { accessToken: new WechatSecret(accessToken), expiresAt: end, goodUntil: end - early };
    this.held.set(app.appId, adopted);
    return adopted;
  }

  /** Not one from before the clock was set back: nobody knows its end. */
  private isUsable({ goodUntil, expiresAt }: Held): boolean {
    const now = this.runtime.now();
    return goodUntil > now && expiresAt - now <= MAX_LIFE_S * 1_000 + CLOCK_STEP_MS;
  }

  private keyOf(app: AppConfig): string {
    return this.vault.key(app.appId, 'app-token', 'current');
  }
}

/** @throws WechatConfigError */
export function requireOwnToken(app: AppConfig): void {
  if (hasOwnToken(app)) return;
  throw new WechatConfigError(
    optionName(app, 'type'),
    `is "${app.type}", to which WeChat gives no token of its own`,
    'Use an official account or a mini program for this call.',
  );
}

function isAppTokenRecord({ accessToken, expiresAt }: Record<string, unknown>): boolean {
  return typeof accessToken === 'string' && accessToken !== '' && Number.isFinite(expiresAt);
}
