// User tokens: an access_token for two hours, a refresh_token for thirty days from the login, which
// no refresh makes longer.
import { BoundedMap } from './bounded-map.js';
import type { CodeGrant } from './codes.js';
import type { MockClock } from '../mock-clock.js';
import type { MockUnsure } from '../mock-server.types.js';
import { randomToken } from './random-text.js';
import { WechatFailure } from '../endpoints/wechat-failure.js';

/** Seconds, as `expires_in` says. */
export const ACCESS_TOKEN_SECONDS = 7200;

const DAY = 24 * 3600_000;

/** One login and the tokens that stem from it. */
export interface TokenGrant extends CodeGrant {
  readonly openid: string;
  accessToken: string;
  accessExpiresAt: number;
  refreshToken: string;
  refreshExpiresAt: number;
  /** The errcode that everything of this login answers from now on. */
  revoked?: number;
}

/** People's tokens. */
export class Tokens {
  readonly #byAccessToken = new BoundedMap<TokenGrant>();
  readonly #byRefreshToken = new BoundedMap<TokenGrant>();

  constructor(
    private readonly clock: MockClock,
    private readonly unsure: MockUnsure,
  ) {}

  issue(code: CodeGrant, openid: string): TokenGrant {
    if (this.unsure.newLoginKillsRefreshToken) {
      for (const older of this.#of(code.userId, code.appId)) this.#byRefreshToken.delete(older.refreshToken);
    }
    const grant: TokenGrant = {
      ...code,
      openid,
      ...this.#newAccessToken(),
      refreshToken: randomToken(),
      refreshExpiresAt: this.#refreshTokenEnd(),
    };
    this.#byAccessToken.set(grant.accessToken, grant);
    this.#byRefreshToken.set(grant.refreshToken, grant);
    return grant;
  }

  /**
   * @throws WechatFailure 40030 unknown or another app's; 42002 too old; 42007 (or what `revoke`
   * was told) after a revocation
   */
  refresh(appId: string, refreshToken: string): TokenGrant {
    const grant = this.#byRefreshToken.get(refreshToken);
    if (!grant || grant.appId !== appId) throw new WechatFailure(40030);
    if (grant.revoked !== undefined) throw new WechatFailure(grant.revoked);
    const now = this.clock.now();
    if (now >= grant.refreshExpiresAt) throw new WechatFailure(42002);
    if (now < grant.accessExpiresAt && this.unsure.refreshKeepsLiveToken) {
      grant.accessExpiresAt = now + ACCESS_TOKEN_SECONDS * 1000;
    } else {
      // An old token that was still alive becomes "invalid or not latest"; one that had run out
      // stays known as expired.
      if (now < grant.accessExpiresAt) this.#byAccessToken.delete(grant.accessToken);
      Object.assign(grant, this.#newAccessToken());
      this.#byAccessToken.set(grant.accessToken, grant);
    }
    if (this.unsure.refreshTokenRenews) grant.refreshExpiresAt = this.#refreshTokenEnd();
    if (this.unsure.rotateRefreshToken) {
      if (this.unsure.rotateRefreshToken !== 'old-lives') this.#byRefreshToken.delete(refreshToken);
      grant.refreshToken = randomToken();
      this.#byRefreshToken.set(grant.refreshToken, grant);
    }
    return grant;
  }

  /**
   * @throws WechatFailure 40001 unknown; 42001 too old; 42007 (or what `revoke` was told) after a
   * revocation
   */
  check(accessToken: string): TokenGrant {
    const grant = this.#byAccessToken.get(accessToken);
    if (!grant) throw new WechatFailure(this.unsure.invalidToken);
    if (grant.revoked !== undefined) throw new WechatFailure(grant.revoked);
    // A token that was replaced after it had run out is still known here, and expired.
    if (grant.accessToken !== accessToken || this.clock.now() >= grant.accessExpiresAt) {
      throw new WechatFailure(42001);
    }
    return grant;
  }

  /** Makes a person's access_tokens, and on wish refresh_tokens, run out now. */
  expire(userId: string, appId: string | undefined, refreshTokens: boolean): void {
    for (const grant of this.#of(userId, appId)) {
      grant.accessExpiresAt = this.clock.now();
      if (refreshTokens) grant.refreshExpiresAt = this.clock.now();
    }
  }

  revoke(userId: string, appId: string | undefined, errcode: number): void {
    for (const grant of this.#of(userId, appId)) grant.revoked = errcode;
  }

  #of(userId: string, appId: string | undefined): Set<TokenGrant> {
    const all = [...this.#byAccessToken.values(), ...this.#byRefreshToken.values()];
    return new Set(all.filter((grant) => grant.userId === userId && (appId ?? grant.appId) === grant.appId));
  }

  #newAccessToken(): Pick<TokenGrant, 'accessToken' | 'accessExpiresAt'> {
    return { accessToken: randomToken(), accessExpiresAt: this.clock.now() + ACCESS_TOKEN_SECONDS * 1000 };
  }

  #refreshTokenEnd(): number {
    return this.clock.now() + this.unsure.refreshTokenDays * DAY;
  }
}
