// A token shows who somebody is, and hides what could be used.
import { inspect } from 'node:util';
import type { TokenAnswer } from '../../../lib/api/sns-api.js';
import {
  grantsProfile,
  isTokenRecord,
  toRecord,
  type TokenRecord,
  usableUntil,
  WechatToken,
} from '../../../lib/tokens/wechat-token.js';
import type { WechatAppType } from '../../../lib/wechat-oauth.options.js';
import { everythingOf, expectFreeOf } from '../../support/canary.js';
import { makeParts } from '../../support/parts.js';

const ISSUED = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const record: TokenRecord = {
  accessToken: 'access-canary',
  expiresAt: ISSUED + 7_200_000,
  refreshToken: 'refresh-canary',
  issuedAt: ISSUED,
  openid: 'oABCDEF-0123_456789',
  unionid: 'uABCDEF-0123_456789',
  scope: ['snsapi_userinfo'],
  isSnapshotUser: false,
};
const appOf = (type: WechatAppType) => makeParts({ apps: { a: { type, appId: 'wx1234', secret: 's' } } }).app;

describe('WechatToken', () => {
  const token = new WechatToken(record);

  it('gives everything to code that asks for it by name', () => {
    const { accessToken, expiresAt, refreshToken, openid, unionid, scope, isSnapshotUser } = token;
    expect({ accessToken, expiresAt, refreshToken, openid, unionid, scope, isSnapshotUser }).toEqual({
      accessToken: 'access-canary',
      expiresAt: ISSUED + 7_200_000,
      refreshToken: 'refresh-canary',
      openid: 'oABCDEF-0123_456789',
      unionid: 'uABCDEF-0123_456789',
      scope: ['snsapi_userinfo'],
      isSnapshotUser: false,
    });
  });

  it('leaves both tokens out of everything that is printed', () => {
    expectFreeOf(token, ['access-canary', 'refresh-canary']);
    expectFreeOf({ user: { token } }, ['access-canary', 'refresh-canary']);
    expect(everythingOf(token)).toContain('oABCDEF-0123_456789');
    expect(inspect(token)).toMatch(/WechatToken.+oABCDEF-0123_456789/s);
    expect(JSON.parse(JSON.stringify(token))).toEqual({
      expiresAt: ISSUED + 7_200_000,
      openid: 'oABCDEF-0123_456789',
      unionid: 'uABCDEF-0123_456789',
      scope: ['snsapi_userinfo'],
      isSnapshotUser: false,
    });
  });

  it('spreads and copies to nothing', () => {
    expect({ ...token }).toEqual({});
    expect(Object.keys(token)).toEqual([]);
  });

  it('keeps its scope when somebody changes the list that was handed out', () => {
    token.scope.push('snsapi_everything');
    expect(token.scope).toEqual(['snsapi_userinfo']);
  });
});

describe('A record', () => {
  const answer: TokenAnswer = {
    accessToken: 'AT',
    expiresIn: 7200,
    refreshToken: undefined,
    openid: 'oABCDEF-0123_456789',
    unionid: undefined,
    scope: undefined,
    isSnapshotUser: false,
  };

  it('holds numbers and absolute times, and no key without a value', () => {
    expect(toRecord(appOf('website'), answer, ISSUED)).toStrictEqual({
      accessToken: 'AT',
      expiresAt: ISSUED + 7_200_000,
      issuedAt: ISSUED,
      openid: 'oABCDEF-0123_456789',
      scope: ['snsapi_login'],
      isSnapshotUser: false,
    });
  });

  it.each([
    ['official-account', ['snsapi_base']],
    ['website', ['snsapi_login']],
    ['mobile', ['snsapi_userinfo']],
    ['mini-program', []],
  ] as const)('of the type %s claims no more than %j where WeChat does not say', (type, scope) => {
    expect(toRecord(appOf(type), answer, ISSUED).scope).toEqual(scope);
  });

  it('of an official account claims only the base even where the app asks for more', () => {
    const { app } = makeParts({ appId: 'wx1234', secret: 's', scope: 'snsapi_userinfo' });
    expect(toRecord(app, answer, ISSUED).scope).toEqual(['snsapi_base']);
  });

  it.each([[['snsapi_base']], [['snsapi_base', 'snsapi_base']]])(
    'of %j alone is worth keeping as long as it is good, since nothing comes of it',
    (scope) => {
      expect(usableUntil(appOf('official-account'), { ...record, scope })).toBe(record.expiresAt);
    },
  );

  it.each([[['snsapi_base', 'snsapi_userinfo']], [[]]])(
    'of %j is worth keeping as long as its refresh token',
    (scope) => {
      expect(usableUntil(appOf('official-account'), { ...record, scope })).toBe(ISSUED + 30 * DAY);
    },
  );

  it.each([
    ['official-account', 30],
    ['website', 30],
    ['mobile', 180],
  ] as const)('of the type %s is worth keeping as long as its refresh token, %d days', (type, days) => {
    expect(usableUntil(appOf(type), record)).toBe(ISSUED + days * DAY);
    const { refreshToken: _, ...unrefreshable } = record;
    expect(usableUntil(appOf(type), unrefreshable)).toBe(record.expiresAt);
  });

  it.each([
    [['snsapi_base'], false],
    [['snsapi_userinfo'], true],
    [['snsapi_login'], true],
    [['snsapi_base', 'snsapi_userinfo'], true],
    [[], false],
  ])('with the scope %j gives a profile: %p', (scope, expected) => {
    expect(grantsProfile(scope)).toBe(expected);
  });

  it('is told from anything else that may lie in a store', () => {
    const check = (change: object) => isTokenRecord({ ...record, ...change });
    expect(check({})).toBe(true);
    expect(check({ refreshToken: undefined, unionid: undefined })).toBe(true);
    for (const change of [
      { accessToken: undefined },
      { openid: 7 },
      { refreshToken: null },
      { unionid: 7 },
      // As the predecessor's SQL schemas gave numbers back: added up as text, they made tokens
      // without end.
      { expiresAt: '1767232800000' },
      { issuedAt: '1767225600000' },
      { expiresAt: NaN },
      { expiresAt: null },
      { scope: 'snsapi_userinfo' },
    ]) {
      expect([change, check(change)]).toEqual([change, false]);
    }
    expect(isTokenRecord({})).toBe(false);
    expect(isTokenRecord([] as never)).toBe(false);
  });
});
