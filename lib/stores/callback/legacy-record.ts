// Between a token as the predecessor keeps it and a record of ours, and what of ours has no place
// in the former.
import { defined } from '../../common/defined.js';
import { createHash } from 'node:crypto';
import type { TokenRecord } from '../../tokens/wechat-token.js';
import type { LegacyToken } from './legacy-callbacks.js';

/** A token that was read: strings where the columns are, and whatever else the storage keeps. */
export interface FoundToken {
  accessToken: string;
  refreshToken: string;
  createdAt: number;
  expiresAt: number;
  scope: string[];
  openid: string | undefined;
  unionid: string | undefined;
  isSnapshotUser: boolean;
}

/** What is kept beside a token. */
export interface Beside {
  unionid?: string;
  isSnapshotUser?: boolean;
  /** When the person signed in, for the refresh token of which `login` is the fingerprint. */
  issuedAt?: number;
  login?: string;
  /** The fingerprint of a token that counts as deleted. */
  gone?: string;
}

/**
 * Undefined for what is no token: nothing, or a session of a mini program, which the predecessor
 * keeps in the same place.
 */
export function readLegacy(row: unknown): FoundToken | undefined {
  const fields = (typeof row === 'object' && row !== null ? row : {}) as Record<string, unknown>;
  const accessToken = text(fields['access_token']);
  if (accessToken === undefined) return undefined;
  const createdAt = number(fields['create_at']);
  return {
    accessToken,
    refreshToken: text(fields['refresh_token']) ?? '',
    createdAt,
    // The predecessor adds them as they come, and with strings gets a token that never ends.
    expiresAt: createdAt + number(fields['expires_in']) * 1_000,
    scope: (text(fields['scope']) ?? '').split(/[\s,]+/).filter(Boolean),
    openid: text(fields['openid']),
    unionid: text(fields['unionid']),
    isSnapshotUser: number(fields['is_snapshotuser']) === 1,
  };
}

/**
 * Always the same for the same token, property by property: the text of it is what a
 * compare-and-set compares.
 */
export function toTokenRecord(openid: string, found: FoundToken, beside: Beside): TokenRecord {
  const unionid = found.unionid ?? beside.unionid;
  const isOurs = beside.login === fingerprint(found.refreshToken) && beside.issuedAt !== undefined;
  return defined({
    accessToken: found.accessToken,
    expiresAt: found.expiresAt,
    refreshToken: found.refreshToken || undefined,
    // Of a token that the predecessor has written this is the latest refresh; WeChat will say when
    // its time is over.
    issuedAt: isOurs ? beside.issuedAt! : found.createdAt,
    openid,
    unionid,
    scope: found.scope,
    isSnapshotUser: found.isSnapshotUser || beside.isSnapshotUser === true,
  });
}

/**
 * The sum of `create_at` and `expires_in`, by which the predecessor judges, is exactly the end of
 * the token.
 */
export function toLegacy(record: TokenRecord, now: number): LegacyToken {
  const expiresIn = Math.max(0, Math.round((record.expiresAt - now) / 1_000));
  return defined({
    access_token: record.accessToken,
    expires_in: expiresIn,
    refresh_token: record.refreshToken ?? '',
    openid: record.openid,
    scope: record.scope.join(','),
    create_at: record.expiresAt - expiresIn * 1_000,
    // As WeChat's answer has them, only where they say something: a table with such a column would
    // otherwise lose what it knew, and one without it must not be asked for it.
    unionid: record.unionid,
    is_snapshotuser: record.isSnapshotUser ? (1 as const) : undefined,
  });
}

/** What is kept beside a token of the predecessor. */
export function toBeside(record: TokenRecord): Beside {
  return defined({
    unionid: record.unionid,
    isSnapshotUser: record.isSnapshotUser,
    issuedAt: record.issuedAt,
    login: fingerprint(record.refreshToken ?? ''),
  });
}

/** Tells one token from the next without holding it. */
export function fingerprintOf(found: FoundToken): string {
  return fingerprint(`${found.accessToken}\n${found.refreshToken}\n${found.createdAt}`);
}

function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** 0 for what is none: such a token is refreshed before it is used. */
function number(value: unknown): number {
  const parsed = Number(value ?? 0);
  return Number.isFinite(parsed) ? parsed : 0;
}
