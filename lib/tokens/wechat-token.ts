// A person's token as WeChat gave it, with absolute times.
import { defined } from '../common/defined.js';
import type { TokenAnswer } from '../api/sns-api.js';
import type { AppConfig } from '../config/wechat-config.js';
import type { WechatAppType } from '../wechat-oauth.options.js';

/** As it lies in the store. Times in ms since 1970. */
export interface TokenRecord {
  accessToken: string;
  expiresAt: number;
  refreshToken?: string;
  /** When the person signed in; the refresh token's life counts from here and is never extended. */
  issuedAt: number;
  openid: string;
  unionid?: string;
  scope: string[];
  isSnapshotUser: boolean;
}

const DAY_MS = 86_400_000;

/**
 * How long a refresh token may live. WeChat's pages disagree about native apps; its own 42002
 * decides before this does.
 */
const REFRESH_LIFE_MS: Readonly<Record<WechatAppType, number>> = {
  'official-account': 30 * DAY_MS,
  website: 30 * DAY_MS,
  mobile: 180 * DAY_MS,
  'mini-program': 0,
};

/**
 * A token for one person. `accessToken` and `refreshToken` are there for code that asks for them by
 * name; JSON and `util.inspect` leave them out, so that a token which is logged or returned from a
 * controller gives nothing away.
 */
export class WechatToken {
  readonly #record: TokenRecord;

  constructor(record: TokenRecord) {
    this.#record = record;
  }

  /** For calls to WeChat in the name of the person. Good for two hours. */
  get accessToken(): string {
    return this.#record.accessToken;
  }

  /** Milliseconds since 1970. */
  get expiresAt(): number {
    return this.#record.expiresAt;
  }

  /** Gets a new access token for 30 days from the login; undefined where WeChat gave none. */
  get refreshToken(): string | undefined {
    return this.#record.refreshToken;
  }

  /** The person, as this app knows them. */
  get openid(): string {
    return this.#record.openid;
  }

  /** Only where the app is bound to an open-platform account, and never for `snsapi_base`. */
  get unionid(): string | undefined {
    return this.#record.unionid;
  }

  /** The scopes that were granted, not those that were asked for. */
  get scope(): string[] {
    return [...this.#record.scope];
  }

  /**
   * A visitor of WeChat's snapshot page: openid, name and picture are made up. Never create or link
   * an account for one.
   */
  get isSnapshotUser(): boolean {
    return this.#record.isSnapshotUser;
  }

  /** @internal Everything, for the store. */
  record(): TokenRecord {
    return this.#record;
  }

  /** Without the two tokens. */
  toJSON(): Record<string, unknown> {
    const { accessToken: _, refreshToken: __, issuedAt: ___, ...shown } = this.#record;
    return shown;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return { WechatToken: this.toJSON() };
  }
}

/**
 * @param issuedAt ms, taken before the request was sent, so that a slow network never makes a token
 * look fresher than it is
 */
export function toRecord(app: AppConfig, answer: TokenAnswer, issuedAt: number): TokenRecord {
  return defined({
    accessToken: answer.accessToken,
    expiresAt: issuedAt + answer.expiresIn * 1_000,
    refreshToken: answer.refreshToken,
    issuedAt,
    openid: answer.openid,
    unionid: answer.unionid,
    // Where WeChat does not say what it granted, only the least may be assumed.
    scope: answer.scope ?? (app.type === 'official-account' ? ['snsapi_base'] : app.scope ? [app.scope] : []),
    isSnapshotUser: answer.isSnapshotUser,
  });
}

/**
 * Whether what lies in a store is a record; without a `sessionSecret` anybody who can write there
 * may have put it there.
 */
export function isTokenRecord(value: Record<string, unknown>): boolean {
  const { accessToken, expiresAt, refreshToken, issuedAt, openid, unionid, scope } = value;
  return (
    [accessToken, openid].every((text) => typeof text === 'string') &&
    [refreshToken, unionid].every((text) => text === undefined || typeof text === 'string') &&
    [expiresAt, issuedAt].every(Number.isFinite) &&
    Array.isArray(scope)
  );
}

/** Until when the record is worth keeping, in ms since 1970. */
export function usableUntil(app: AppConfig, record: TokenRecord): number {
  // All that a token of `snsapi_base` is good for is who it was issued to, and a login knows that.
  const isBase = record.scope.length > 0 && record.scope.every((scope) => scope === 'snsapi_base');
  if (isBase || record.refreshToken === undefined) return record.expiresAt;
  return record.issuedAt + REFRESH_LIFE_MS[app.type];
}

/** Whether the granted scopes give name and picture. */
export function grantsProfile(scope: readonly string[]): boolean {
  return scope.includes('snsapi_userinfo') || scope.includes('snsapi_login');
}
