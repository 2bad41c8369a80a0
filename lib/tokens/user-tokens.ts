// The life of people's tokens: issued for a code, kept, refreshed, and dropped when WeChat says
// they are dead.
import { defined } from '../common/defined.js';
import {
  WechatTokenNotFoundError,
  WechatApiError,
  WechatError,
  WechatResponseError,
  WechatStoreError,
} from '../errors/errors.js';
import { requireCode, requireOpenid, type SnsApi, type WechatUserProfile } from '../api/sns-api.js';
import type { AppConfig, WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../common/runtime.js';
import type { WechatEvents } from '../common/wechat-events.js';
import type { WechatLang } from '../wechat-oauth.options.js';
import { SharedLook } from './shared-look.js';
import { SingleFlight } from '../common/single-flight.js';
import type { Vault, VaultEntry } from './vault.js';
import {
  grantsProfile,
  isTokenRecord,
  toRecord,
  type TokenRecord,
  usableUntil,
  WechatToken,
} from './wechat-token.js';

/**
 * How long before its end a token is refreshed: at random, so that a fleet does not refresh
 * everybody in one second.
 */
const EARLY_MS = { least: 30_000, most: 180_000 };
/** What a lease lasts beyond the hard limit of the call that it is for. */
const LEASE_MARGIN_MS = 1_000;
const POLL_MS = 50;
/** How long after a refusal another program's refresh is looked for. */
const LOOK_AGAIN_MS = 200;
/** WeChat no longer takes the access token. */
const STALE_TOKEN = new Set([40001, 40014, 42001]);
/**
 * WeChat no longer takes the refresh token: 30 days are over, the person changed the password, or
 * WeChat dropped it early.
 */
const DEAD_REFRESH = new Set([40030, 42002, 42007]);

/** A token that was just issued, and when it is kept. */
export interface IssuedToken {
  token: WechatToken;
  /** Settles when the store has been told; never rejects. */
  kept: Promise<void>;
}

/** The life of people's tokens: exchanged, kept, refreshed, dropped. */
export class UserTokens {
  private readonly exchanges = new SingleFlight<IssuedToken>();
  private readonly refreshes = new SingleFlight<TokenRecord>();
  private readonly looks = new SharedLook<VaultEntry<TokenRecord>>();

  constructor(
    private readonly api: SnsApi,
    private readonly vault: Vault,
    private readonly runtime: Runtime,
    private readonly config: Pick<WechatConfig, 'http'>,
    private readonly events: WechatEvents,
  ) {}

  /** Calls in flight for one code share one request: a code works once. */
  async exchange(app: AppConfig, code: string): Promise<WechatToken> {
    const { token, kept } = await this.issue(app, code);
    await kept;
    return token;
  }

  /** As `exchange`, for callers that have something to do while the token is being kept. */
  async issue(app: AppConfig, code: string): Promise<IssuedToken> {
    requireCode(code);
    return this.exchanges.run(`${app.appId} ${code}`, async () => {
      const issuedAt = this.runtime.now();
      const record = toRecord(app, await this.api.exchangeCode(app, code), issuedAt);
      return { token: new WechatToken(record), kept: this.keepNew(app, record) };
    });
  }

  /** Refreshes a token that the caller holds, and keeps the result. */
  async refresh(app: AppConfig, refreshToken: string): Promise<WechatToken> {
    const askedAt = this.runtime.now();
    const fresh = toRecord(app, await this.api.refresh(app, refreshToken), askedAt);
    const key = this.keyOf(app, fresh.openid);
    const entry = await this.vault.read<TokenRecord>(key, isTokenRecord);
    const stored = entry?.value.refreshToken === refreshToken ? entry : undefined;
    // Of another login of the same person at least the unionid is known.
    const unknown = defined({ ...fresh, refreshToken, unionid: entry?.value.unionid });
    const record = successorOf(stored?.value ?? unknown, fresh);
    if (stored) await this.vault.replace(key, stored.raw, record, this.ttl(app, record));
    else await this.keepNew(app, record);
    return new WechatToken(record);
  }

  /**
   * The profile of a person who signed in here before. Refreshes an expired token first, and once
   * more when WeChat refuses one that looked valid.
   * @throws WechatTokenNotFoundError when nothing is stored; WechatStoreError when the store could
   * not be asked; WechatApiError of kind `token` when the person has to sign in again, `consent`
   * when the token was granted for `snsapi_base` only
   */
  async profile(app: AppConfig, openid: string, lang: WechatLang): Promise<WechatUserProfile> {
    requireOpenid(openid);
    const record = await this.current(app, openid);
    try {
      return await this.fetchProfile(record, lang);
    } catch (error) {
      if (!(error instanceof WechatApiError) || !STALE_TOKEN.has(error.errcode)) throw error;
      // Only the token that failed is given up: somebody else may have stored a newer one
      // meanwhile.
      return this.fetchProfile(await this.current(app, openid, record.accessToken), lang);
    }
  }

  /**
   * What is kept of a person, refreshed where it is over; undefined where nothing is.
   * @throws as `profile`, but for a missing token
   */
  async stored(app: AppConfig, openid: string): Promise<WechatToken | undefined> {
    requireOpenid(openid);
    try {
      return new WechatToken(await this.current(app, openid));
    } catch (error) {
      if (error instanceof WechatTokenNotFoundError) return undefined;
      throw error;
    }
  }

  /** The profile for a token that was just issued, so that a login does not depend on the store. */
  async profileFor(token: WechatToken, lang: WechatLang): Promise<WechatUserProfile> {
    return this.fetchProfile(token, lang);
  }

  private async fetchProfile(
    token: Pick<TokenRecord, 'openid' | 'accessToken' | 'unionid'>,
    lang: WechatLang,
  ): Promise<WechatUserProfile> {
    const profile = await this.api.userInfo(token.openid, token.accessToken, lang);
    if (token.unionid !== undefined && profile.unionid !== undefined && token.unionid !== profile.unionid) {
      throw new WechatResponseError('/sns/userinfo', 200, 'the profile belongs to another unionid');
    }
    // The profile endpoint may leave unionid out; what the token answer said still holds.
    return token.unionid === undefined ? profile : { unionid: token.unionid, ...profile };
  }

  private async current(app: AppConfig, openid: string, failed?: string): Promise<TokenRecord> {
    const key = this.keyOf(app, openid);
    const entry = await this.looks.take(key, () => this.read(app, openid));
    if (this.isFresh(entry.value, failed)) return entry.value;
    try {
      return await this.refreshes.run(key, () => this.refreshOnce(app, openid, failed, entry));
    } catch (error) {
      // An early refresh that fails takes nothing away: the token in hand is good for a while.
      const unharmed =
        error instanceof WechatError &&
        !(error instanceof WechatTokenNotFoundError) &&
        error.kind !== 'token';
      if (unharmed && this.isValid(entry.value, failed)) return entry.value;
      throw error;
    }
  }

  /**
   * One refresh for all processes: a lease lets one of them ask WeChat while the others wait for
   * its result. The lease is longer than the hard limit of the call and is never prolonged, so that
   * a holder that dies costs no more than that.
   */
  private async refreshOnce(
    app: AppConfig,
    openid: string,
    failed: string | undefined,
    seen: VaultEntry<TokenRecord>,
  ): Promise<TokenRecord> {
    const leaseMs = this.config.http.timeout + LEASE_MARGIN_MS;
    let before = seen;
    // Twice the time one dead holder can cost: after that the compare-and-set alone has to do.
    for (let waited = 0; waited < 2 * leaseMs; waited += POLL_MS) {
      const release = await this.vault.lease(this.vault.key(app.appId, 'lease', openid), leaseMs);
      if (!release) {
        // Somebody is at it. Who only came early need not wait.
        if (this.isValid(before.value, failed)) return before.value;
        await this.runtime.sleep(POLL_MS);
        before = await this.read(app, openid, before);
        if (this.isFresh(before.value, failed)) return before.value;
        continue;
      }
      try {
        // Read again: whoever had the lease before may have written between the look and the lease.
        const latest = await this.read(app, openid, before);
        return this.isFresh(latest.value, failed) ? latest.value : await this.refreshEntry(app, latest);
      } finally {
        // Nobody here waits for that, and an outage is no rejection in the vault.
        void release();
      }
    }
    return this.refreshEntry(app, before);
  }

  /**
   * @param before what was read already: a store that has gone down since takes nothing away from
   * it
   */
  private async read(
    app: AppConfig,
    openid: string,
    before?: VaultEntry<TokenRecord>,
  ): Promise<VaultEntry<TokenRecord>> {
    const entry = await this.vault.look<TokenRecord>(this.keyOf(app, openid), isTokenRecord);
    if (entry === 'down') {
      if (before) return before;
      throw new WechatStoreError();
    }
    if (!entry) throw new WechatTokenNotFoundError(openid);
    return entry;
  }

  /** @param failed an access token that WeChat refused although its time was not over */
  private isValid(record: TokenRecord, failed: string | undefined, earlyMs = 0): boolean {
    return record.expiresAt - earlyMs > this.runtime.now() && record.accessToken !== failed;
  }

  private isFresh(record: TokenRecord, failed: string | undefined): boolean {
    // What cannot be refreshed is good to its end.
    if (record.refreshToken === undefined) return this.isValid(record, failed);
    const { least, most } = EARLY_MS;
    return this.isValid(record, failed, least + this.runtime.random() * (most - least));
  }

  private async refreshEntry(app: AppConfig, entry: VaultEntry<TokenRecord>): Promise<TokenRecord> {
    const { value: record } = entry;
    const key = this.keyOf(app, record.openid);
    if (record.refreshToken === undefined) throw new WechatTokenNotFoundError(record.openid);
    const askedAt = this.runtime.now();
    try {
      const fresh = toRecord(app, await this.api.refresh(app, record.refreshToken), askedAt);
      if (fresh.openid !== record.openid) {
        throw new WechatResponseError(
          '/sns/oauth2/refresh_token',
          200,
          'the token belongs to another openid',
        );
      }
      this.events.emit({ type: 'token.refreshed', app: app.name });
      const next = successorOf(record, fresh);
      const written = await this.vault.replace(key, entry.raw, next, this.ttl(app, next));
      if (written !== 'refused') return next;
      // Somebody else was faster: theirs is what the next caller will read, so it is what this one
      // uses.
      const theirs = await this.vault.read<TokenRecord>(key, isTokenRecord);
      // Nothing there: another node's refresh failed because this one had succeeded, and it dropped
      // the record.
      if (!theirs) await this.vault.create(key, next, this.ttl(app, next));
      return theirs?.value ?? next;
    } catch (error) {
      const isDead = error instanceof WechatApiError && DEAD_REFRESH.has(error.errcode);
      // The old application beside us, which knows no lease, may have used it a moment ago and be
      // about to save what it got.
      if (isDead && (await this.vault.read<TokenRecord>(key, isTokenRecord))?.raw === entry.raw) {
        await this.runtime.sleep(LOOK_AGAIN_MS);
      }
      const dropped = isDead && (await this.vault.replace(key, entry.raw, undefined, 0)) !== 'refused';
      // The refresh token may be dead because another node has just used it, and the call may have
      // failed because this process stood still meanwhile: then that node's token is there.
      const theirs = dropped ? undefined : await this.vault.read<TokenRecord>(key, isTokenRecord);
      if (theirs && this.isValid(theirs.value, record.accessToken)) return theirs.value;
      throw error;
    }
  }

  /**
   * Stores a token of a new login. A base token never overwrites one that still gives the profile,
   * and a snapshot visitor's token never a person's: some of them come with a real openid.
   */
  private async keepNew(app: AppConfig, record: TokenRecord): Promise<void> {
    const key = this.keyOf(app, record.openid);
    const ttl = this.ttl(app, record);
    // A token that gives the profile is never worse than what lies there, so it is written without
    // a look, which a storage that cannot be read would refuse. Of the others most find nothing
    // there.
    if (!record.isSnapshotUser && grantsProfile(record.scope)) {
      await this.vault.write(key, record, ttl);
      return;
    }
    if ((await this.vault.create(key, record, ttl)) !== 'refused') return;
    await this.vault.update<TokenRecord>(
      key,
      (stored) => {
        const better =
          stored && !stored.isSnapshotUser && (record.isSnapshotUser || grantsProfile(stored.scope));
        return better && usableUntil(app, stored) > this.runtime.now() ? undefined : record;
      },
      () => ttl,
      isTokenRecord,
    );
  }

  private keyOf(app: AppConfig, openid: string): string {
    return this.vault.key(app.appId, 'token', openid);
  }

  private ttl(app: AppConfig, record: TokenRecord): number {
    return Math.max(1_000, usableUntil(app, record) - this.runtime.now());
  }
}

/**
 * What follows `old` after a refresh: WeChat leaves out unionid and the snapshot flag, and may or
 * may not rotate the refresh token.
 */
function successorOf(old: TokenRecord, fresh: TokenRecord): TokenRecord {
  const { accessToken, expiresAt, refreshToken = old.refreshToken } = fresh;
  return defined({ ...old, accessToken, expiresAt, refreshToken });
}
