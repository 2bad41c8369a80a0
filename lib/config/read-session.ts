// Reads how sessions are made: their secrets, their life, and how they travel.
import { WechatConfigError } from '../errors/errors.js';
import { WechatSecret } from '../sealing/secret.js';
import type { WechatOAuthModuleOptions } from '../wechat-oauth.options.js';
import type { Complaints } from './complaints.js';
import { MAKE_A_SECRET } from './guard-needs.js';
import { check, isRecord, readOneOf, readPositive } from './read-value.js';
import type { AppConfig, WechatConfig } from './wechat-config.js';

const DAY = 86_400;

/** @throws WechatConfigError for a secret that is no good */
export function readSessionSecrets(value: unknown, apps: ReadonlyMap<string, AppConfig>): WechatSecret[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  check(list.length > 0, 'sessionSecret', 'is an empty array', MAKE_A_SECRET);
  return list.map((secret) => {
    const isLong = typeof secret === 'string' && Buffer.byteLength(secret) >= 32;
    check(isLong, 'sessionSecret', 'is shorter than 32 bytes', MAKE_A_SECRET);
    const weak = 'is made of a few characters, or of the same ones again and again';
    check(!isRepetitive(secret), 'sessionSecret', weak, MAKE_A_SECRET);
    // Never the AppSecret: whoever learns one of the two must not get the other's powers with it.
    const twin = [...apps.values()].find(({ secrets }) => secrets.some((own) => own.reveal() === secret));
    check(!twin, 'sessionSecret', `is the AppSecret of "${twin?.name}"`, MAKE_A_SECRET);
    return new WechatSecret(secret);
  });
}

/**
 * A random secret of 64 hex digits has less than 6 different ones in 2 of 10^29 cases (4368 sets of
 * 5 digits, (5/16)^64 each), one in base64 more seldom still.
 */
const FEWEST_CHARACTERS = 6;

/**
 * Whether nobody can have made it by chance: 'aaaa…', or a piece repeated, at its end or between
 * numbers with some change. Of 64 random hex digits, half equal those some places before in less
 * than 1 of 10^18 cases (32 distances, each at most C(63, 32) / 16^32); of 32 bytes in base64 in
 * less than 1 of 10^25, of 32 hex digits in less than 1 of 10^8.
 */
function isRepetitive(secret: string): boolean {
  const characters = [...secret];
  if (new Set(characters).size < FEWEST_CHARACTERS) return true;
  const half = characters.length / 2;
  for (let distance = 1; distance <= half; distance++) {
    const repeated = characters.filter(
      (one, index) => index >= distance && one === characters[index - distance],
    );
    if (repeated.length >= half) return true;
  }
  return false;
}

/** How sessions are made, with the defaults. */
export function readSession(
  options: WechatOAuthModuleOptions,
  complaints: Complaints,
): WechatConfig['session'] {
  const { ttl = 7 * DAY, idle, cookieName = 'wechat_session' } = options.session ?? {};
  const { bearer = true, revocable = false } = options.session ?? {};
  return {
    ttl: complaints.attempt(() => readPositive('session.ttl', ttl, 'seconds', 400 * DAY, 7 * DAY), DAY),
    idle:
      idle === undefined
        ? undefined
        : complaints.attempt(() => readPositive('session.idle', idle, 'seconds', 400 * DAY, DAY), undefined),
    cookieName: complaints.attempt(() => readCookieName(cookieName), ''),
    bearerHeader: complaints.attempt(() => readBearerHeader(bearer), undefined),
    revocable: complaints.attempt(
      () => readOneOf('session.revocable', revocable, [true, false, 'strict']),
      false,
    ),
  };
}

function readCookieName(cookieName: unknown): string {
  check(
    typeof cookieName === 'string' && /^[A-Za-z0-9_-]{1,40}$/.test(cookieName),
    'session.cookieName',
    'is not a cookie name',
    'Letters, digits, "-" and "_", at most 40. The prefix __Host- is added where it may be.',
  );
  // In capitals too: two cookies that people cannot tell apart are a mistake, and browsers read the
  // prefixes so.
  check(
    !/^(__host-|__secure-|wechat_(silent|flow|used|out)(_|$))/i.test(cookieName),
    'session.cookieName',
    'is the name of another cookie of this package, or begins with a prefix of browsers',
    'Use another one, such as "shop_session".',
  );
  return cookieName;
}

/** @returns undefined where no bearer token is taken */
function readBearerHeader(bearer: unknown): string | undefined {
  if (bearer === true) return 'authorization';
  if (bearer === false) return undefined;
  const header: unknown = isRecord(bearer) ? bearer['header'] : undefined;
  if (typeof header === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(header)) return header.toLowerCase();
  throw new WechatConfigError(
    'session.bearer',
    'is neither a boolean nor { header }',
    'Write true, false or { header: "x-wechat-session" }.',
  );
}
