// Sessions for code of the application's own: who asks, who is signed in, who is signed out.
import { type ExecutionContext, Logger, UnauthorizedException } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { attachIdentity, getWechatIdentity } from '../../../../lib/auth/http/attached-identity.js';
import { readCookies } from '../../../../lib/auth/http/cookies.js';
import { writeLogoutMark } from '../../../../lib/auth/session/logout-mark.js';
import {
  type WechatRevokedIdentity,
  WechatNotRevokedException,
  WechatSessionService,
} from '../../../../lib/auth/session/wechat-session.service.js';
import {
  WechatConfigError,
  type WechatIdentity,
  type WechatIdentityLinker,
  WechatInputError,
  type WechatLinkedIdentity,
  type WechatOAuthModuleOptions,
} from '../../../../lib/index.js';
import { failureOf } from '../../../support/failure.js';
import { FlakyStore } from '../../../support/flaky-store.js';
import { type Login, makeLogin, pairOf } from '../../../support/login-parts.js';

beforeAll(() => Logger.overrideLogger(false));

let login: Login;
let service: WechatSessionService;
let store: FlakyStore;
/** Of each response, the Set-Cookie lines that it got. */
let sent: Map<unknown, string[]>;

function setUp(options: Partial<WechatOAuthModuleOptions> = {}): void {
  store = new FlakyStore();
  login = makeLogin(options, store);
  sent = new Map();
  const appendHeader = (response: unknown, name: string, line: string) =>
    void sent.set(response, [...(sent.get(response) ?? []), `${name}: ${line}`]);
  const host = { httpAdapter: { appendHeader } } as unknown as HttpAdapterHost;
  const { config, sessions, reader, revocations, linking, qrLogins } = login;
  service = new WechatSessionService(config, sessions, reader, revocations, host, linking, qrLogins);
}
beforeEach(() => setUp());

const WEBSITE = { app: 'website', appId: 'wx000000000website', openid: 'oMingWeb' };
const EVIL = { origin: 'https://evil.example.com' };
const DAYS_400 = 400 * 86_400;

const asked = (headers: Record<string, string> = {}, method = 'GET') => ({ method, url: '/', headers });
const withCookie = (...cookies: string[]) => asked({ cookie: cookies.join('; ') });
const withToken = (token: string) => asked({ authorization: `Bearer ${token}` });

/** A handler's context. */
const http = (raw: object) =>
  ({ getType: () => 'http', switchToHttp: () => ({ getRequest: () => raw }) }) as unknown as ExecutionContext;
const graphql = (context: object) =>
  ({
    getType: () => 'graphql',
    getArgByIndex: (index: number) => [{}, {}, context, {}][index],
    getClass: () => Object,
    getHandler: () => graphql,
    switchToHttp: () => ({ getRequest: () => undefined }),
  }) as unknown as ExecutionContext;
const rpc = { getType: () => 'rpc', switchToHttp: () => ({}) } as unknown as ExecutionContext;

const sessionOf = (token: string) => login.sessions.fromBearer(token)!.session;
const cookieIn = (response: unknown): string => {
  const lines = sent.get(response) ?? [];
  const [name, ...rest] = lines.join('\n').split(': ');
  return name === 'Set-Cookie' ? pairOf(rest.join(': ')) : `not one cookie: ${lines.join(', ')}`;
};
const sidIn = (cookie: string) => login.sessions.fromCookies(readCookies(cookie))[0]?.session.sid;

describe('Whoever shows a session', () => {
  it.each<[what: string, target: () => ExecutionContext | object]>([
    ['a cookie', () => withCookie(login.cookieOf())],
    ['a token', () => withToken(login.bearerOf())],
    ['a cookie, to a handler', () => http(withCookie(login.cookieOf()))],
    ['a token, to a resolver', () => graphql({ req: withToken(login.bearerOf()) })],
  ])('as %s is known', async (_what, target) => {
    expect(await service.authenticate(target())).toEqual(login.identity());
  });

  it('is remembered with the request, and with whatever carries it', async () => {
    const raw = withCookie(login.cookieOf());
    const identity = await service.authenticate(raw);
    expect(getWechatIdentity(raw)).toBe(identity);
    const carrier = { req: withCookie(login.cookieOf()) };
    await service.authenticate(graphql(carrier));
    expect([getWechatIdentity(carrier), getWechatIdentity(carrier.req)]).toEqual([identity, identity]);
  });

  it('to a hook of the options is known as well', async () => {
    const raw = withToken(login.bearerOf());
    const getRequest = (context: ExecutionContext) => context.getArgByIndex<{ hidden: object }>(2).hidden;
    setUp({ hooks: { getRequest } });
    expect(await service.authenticate(graphql({ hidden: raw }))).toEqual(login.identity());
  });

  it('of several apps is the one of the first', async () => {
    const raw = withCookie(login.cookieOf(WEBSITE), login.cookieOf());
    expect(await service.authenticate(raw)).toMatchObject({ openid: 'oMing' });
  });

  it.each<[what: string, target: () => ExecutionContext | object]>([
    ['nothing', () => asked()],
    ['a forged token', () => asked({ authorization: 'Bearer v1.AAAA', cookie: login.cookieOf() })],
    ['a cookie of a write from elsewhere', () => asked({ cookie: login.cookieOf(), ...EVIL }, 'POST')],
    ['a cookie of a socket from elsewhere', () => ({ headers: { cookie: login.cookieOf(), ...EVIL } })],
    ['the cookie of a snapshot', () => withCookie(login.cookieOf({ isSnapshotUser: true }))],
    ['what is no request', () => rpc],
    ['null', () => null as never],
    ['undefined', () => undefined as never],
  ])('by %s is nobody', async (_what, target) => {
    expect(await service.authenticate(target())).toBeUndefined();
  });

  it('at a snapshot and elsewhere is who they are elsewhere', async () => {
    const raw = withCookie(login.cookieOf({ isSnapshotUser: true }), login.cookieOf(WEBSITE));
    expect(await service.authenticate(raw)).toMatchObject({ openid: 'oMingWeb', isSnapshotUser: false });
  });

  it('no more does not take away whom a guard let in', async () => {
    const raw = asked();
    attachIdentity(raw, login.identity());
    expect(await service.authenticate(raw)).toBeUndefined();
    expect(getWechatIdentity(raw)).toEqual(login.identity());
  });

  it('is nobody while the store is down, where that is asked for', async () => {
    setUp({ session: { revocable: 'strict' } });
    const { token } = await service.issue(undefined, login.identity());
    expect(await service.authenticate(withToken(token))).toEqual(login.identity());
    store.mode = 'rejects';
    expect(await service.authenticate(withToken(token))).toBeUndefined();
  });
});

describe('A session that the application issues', () => {
  it('is a cookie on the response, and the same session as a token', async () => {
    const response = {};
    const { token, expiresAt, identity } = await service.issue(response, login.identity());
    expect([...sent.keys()]).toEqual([response]);
    expect(sidIn(cookieIn(response))).toBe(sessionOf(token).sid);
    expect(identity).toEqual(login.identity());
    expect([expiresAt, sessionOf(token).expiresAt]).toEqual(Array(2).fill(login.runtime.time + 604_800_000));
    expect(await service.authenticate(withToken(token))).toEqual(identity);
    expect(await service.authenticate(withCookie(cookieIn(response)))).toEqual(identity);
  });

  it('is a token alone where there is no response', async () => {
    const { token } = await service.issue(undefined, login.identity());
    expect(sessionOf(token).identity).toEqual(login.identity());
    expect(sent.size).toBe(0);
  });

  it.each([0.5, 1, 3_600, DAYS_400])('lasts for %d s where that is asked for', async (ttl) => {
    const { expiresAt } = await service.issue(undefined, login.identity(), { ttl });
    expect(expiresAt).toBe(login.runtime.time + ttl * 1_000);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, DAYS_400 + 1, DAYS_400 + 0.001])(
    'cannot last for %d s',
    async (ttl) => {
      const error = await failureOf(() => service.issue({}, login.identity(), { ttl }));
      expect(error).toBeInstanceOf(WechatInputError);
      expect(error).toMatchObject({ parameter: 'ttl', kind: 'input' });
      expect(sent.size).toBe(0);
    },
  );

  it('has the claims of the identity, or others', async () => {
    const identity = login.identity({ claims: { role: 'guest' } });
    const claimsOf = async (options = {}) =>
      (await service.issue(undefined, identity, options)).identity.claims;
    expect(await claimsOf()).toEqual({ role: 'guest' });
    expect(await claimsOf({ claims: { role: 'admin' } })).toEqual({ role: 'admin' });
    expect(await claimsOf({ claims: {} })).toEqual({});
    expect(identity.claims).toEqual({ role: 'guest' });
  });

  it('that no cookie could hold is an error, be there a response or not', async () => {
    const claims = { big: 'x'.repeat(3_000) };
    for (const response of [undefined, {}]) {
      expect(await failureOf(() => service.issue(response, login.identity(), { claims }))).toBeInstanceOf(
        WechatConfigError,
      );
    }
    expect(sent.size).toBe(0);
  });

  it('is of no use without a secret', async () => {
    setUp({ sessionSecret: undefined as never });
    const error = await failureOf(() => service.issue({}, login.identity()));
    expect(error).toBeInstanceOf(WechatConfigError);
    expect(error).toMatchObject({ option: 'sessionSecret' });
  });

  it.each<[what: string, identity: unknown]>([
    ['an app that is none', { app: 'other' }],
    ['an app that objects know', { app: 'constructor' }],
    ['no app', { app: undefined }],
    ['an app id of another', { appId: WEBSITE.appId }],
    ['no openid', { openid: undefined }],
    ['an empty openid', { openid: '' }],
    ['an openid that is no text', { openid: 7 }],
  ])('cannot be for %s', async (_what, changes) => {
    const identity = { ...login.identity(), ...(changes as Partial<WechatIdentity>) };
    const error = await failureOf(() => service.issue({}, identity));
    expect(error).toBeInstanceOf(WechatInputError);
    expect(error).toMatchObject({ parameter: 'identity', kind: 'input' });
    expect(sent.size).toBe(0);
  });

  it.each([undefined, null])('cannot be for %s', async (identity) => {
    expect(await failureOf(() => service.issue({}, identity as never))).toBeInstanceOf(WechatInputError);
  });

  it.each(['req', 'request'])(
    'in a browser that has signed out, told by response.%s, knows the last logout',
    async (field) => {
      const line = writeLogoutMark([login.official], 'AAAAAAAAAAA')[0]!;
      const mark = pairOf(line);
      const response = { [field]: withCookie(mark) };
      const { token } = await service.issue(response, login.identity());
      expect(sessionOf(token).out).toBe('AAAAAAAAAAA');
      expect(sidIn(`${cookieIn(response)}; ${mark}`)).toBe(sessionOf(token).sid);
      // A logout after it ends it.
      expect(sidIn(cookieIn(response))).toBeUndefined();
    },
  );

  it.each<[what: string, response: object | undefined, out: string | undefined]>([
    ['of a browser that never signed out', { req: asked() }, ''],
    ['whose response tells no request', {}, undefined],
    ['whose response has none', { req: null }, undefined],
    ['whose response tells something else', { request: 'GET /' }, undefined],
    ['without a response', undefined, undefined],
  ])('%s knows of no logout', async (_what, response, out) => {
    const { token } = await service.issue(response, login.identity());
    expect(sessionOf(token).out).toBe(out);
  });
});

describe('Other claims for a session', () => {
  it('leave its id and its end, and go out in a cookie where it came in one', async () => {
    const before = login.cookieOf({ claims: { phone: 'none' } });
    const [raw, response] = [withCookie(before), {}];
    login.runtime.time += 1_000;
    const { token, expiresAt, identity } = await service.update(raw, response, { phone: '1' });
    expect(identity).toEqual(login.identity({ claims: { phone: '1' } }));
    expect(expiresAt).toBe(login.runtime.time - 1_000 + 604_800_000);
    expect([sidIn(cookieIn(response)), sessionOf(token).sid]).toEqual(Array(2).fill(sidIn(before)));
    expect(getWechatIdentity(raw)).toBe(identity);
  });

  it('go out in no cookie where it came as a token', async () => {
    const { token } = await service.update(withToken(login.bearerOf()), {}, { phone: '1' });
    expect(sessionOf(token).identity.claims).toEqual({ phone: '1' });
    expect(sent.size).toBe(0);
  });

  it('can be given without a response', async () => {
    const { identity } = await service.update(withCookie(login.cookieOf()), undefined, { phone: '1' });
    expect([identity.claims, sent.size]).toEqual([{ phone: '1' }, 0]);
  });

  it('are known to all that carries the request of a context', async () => {
    const carrier = { req: withCookie(login.cookieOf()) };
    const { identity } = await service.update(graphql(carrier), {}, { phone: '1' });
    expect([getWechatIdentity(carrier), getWechatIdentity(carrier.req)]).toEqual([identity, identity]);
  });

  it('are for the one whom the guard let in, else for the first', async () => {
    const raw = withCookie(login.cookieOf(), login.cookieOf(WEBSITE));
    const found = await login.reader.find(login.requestOf({ headers: raw.headers }));
    expect((await service.update(raw, {}, {})).identity.openid).toBe('oMing');
    attachIdentity(raw, (found as Exclude<typeof found, string>)[1]!.session.identity);
    const response = {};
    expect((await service.update(raw, response, {})).identity.openid).toBe('oMingWeb');
    expect(cookieIn(response).split('=')[0]).toBe(login.cookieOf(WEBSITE).split('=')[0]);
    // Somebody else's guard let in somebody else.
    attachIdentity(raw, login.identity({ openid: 'oHong' }));
    expect((await service.update(raw, {}, {})).identity.openid).toBe('oMing');
  });

  it.each<[what: string, target: () => ExecutionContext | object]>([
    ['nobody', () => asked()],
    ['a forged token', () => asked({ authorization: 'Bearer v1.AAAA', cookie: login.cookieOf() })],
    ['what is no request', () => rpc],
  ])('are refused to %s', async (_what, target) => {
    expect(await failureOf(() => service.update(target(), {}, {}))).toBeInstanceOf(UnauthorizedException);
    expect(sent.size).toBe(0);
  });

  it('cannot be given while the store is down, where that is asked for', async () => {
    setUp({ session: { revocable: 'strict' } });
    const { token } = await service.issue(undefined, login.identity());
    store.mode = 'rejects';
    const error = await failureOf(() => service.update(withToken(token), {}, {}));
    expect(error).toMatchObject({
      status: 503,
      response: {
        statusCode: 503,
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('cannot be checked'),
      },
    });
  });
});

describe('Signing people out everywhere', () => {
  const MING = { app: 'official', openid: 'oMing' };
  const HONG = { app: 'official', openid: 'oHong' };
  const MING_WEB = { app: 'website', openid: 'oMingWeb' };
  beforeEach(() => setUp({ session: { revocable: true } }));

  /** Who of these is still signed in. */
  async function signedIn(people: Record<string, string>): Promise<string[]> {
    const found = await Promise.all(
      Object.entries(people).map(
        async ([name, token]) => (await service.authenticate(withToken(token))) && name,
      ),
    );
    return found.filter((name) => name !== undefined);
  }
  const tokens = async () => ({
    ming: (await service.issue(undefined, login.identity())).token,
    hong: (await service.issue(undefined, login.identity({ openid: 'oHong' }))).token,
    web: (await service.issue(undefined, login.identity(WEBSITE))).token,
  });

  it.each<[what: string, identities: WechatRevokedIdentity | WechatRevokedIdentity[], left: string[]]>([
    ['of one', MING, ['hong', 'web']],
    [
      'of a whole identity',
      { ...MING, appId: 'wx00000000official' } as WechatRevokedIdentity,
      ['hong', 'web'],
    ],
    ['of a list of one', [MING], ['hong', 'web']],
    ['of one at two apps', [MING, MING_WEB], ['hong']],
    ['of all', [MING, MING_WEB, HONG], []],
  ])('ends the sessions %s', async (_what, identities, left) => {
    const people = await tokens();
    expect(await signedIn(people)).toEqual(['ming', 'hong', 'web']);
    expect(await service.revoke(identities)).toBeUndefined();
    expect(await signedIn(people)).toEqual(left);
    const again = await service.issue(undefined, login.identity());
    expect(await signedIn({ again: again.token })).toEqual(['again']);
  });

  it('keeps the mark as long as the session can live', async () => {
    const { token } = await service.issue(undefined, login.identity(), { ttl: DAYS_400 });
    const entry = JSON.parse((await store.get('wechat:wx00000000official:ended:oMing'))!) as object;
    expect(entry).toMatchObject({
      mark: sessionOf(token).mark,
      until: login.runtime.time + DAYS_400 * 1_000,
    });
  });

  it('is off where sessions cannot be revoked', async () => {
    setUp();
    const error = await failureOf(() => service.revoke(MING));
    expect(error).toBeInstanceOf(WechatConfigError);
    expect(error).toMatchObject({ option: 'session.revocable' });
  });

  it.each<[what: string, identities: unknown]>([
    ['an empty list', []],
    ['an unknown app', [MING, { ...HONG, app: 'other' }]],
    ['another app id', [MING, { ...HONG, appId: WEBSITE.appId }]],
    ['no openid', [MING, { app: 'official' }]],
    ['an empty openid', [MING, { ...HONG, openid: '' }]],
    ['a hole', [MING, undefined]],
    ['nothing', undefined],
  ])('does nothing for %s, and says so', async (_what, identities) => {
    const people = await tokens();
    const error = await failureOf(() => service.revoke(identities as never));
    expect(error).toBeInstanceOf(WechatInputError);
    expect(error).toMatchObject({ parameter: 'identity', kind: 'input' });
    expect(await signedIn(people)).toEqual(['ming', 'hong', 'web']);
  });

  it('says whose sessions go on because the store did not take it', async () => {
    const people = await tokens();
    const { set } = store;
    store.set = (key, value, ttl) =>
      key.endsWith('oHong') ? Promise.reject(new Error('full')) : set(key, value, ttl);
    const error = await failureOf(() => service.revoke([MING, HONG, MING_WEB]));
    expect(error).toBeInstanceOf(WechatNotRevokedException);
    expect(error).toMatchObject({
      failed: [HONG],
      status: 503,
      response: {
        statusCode: 503,
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('could not be ended'),
      },
    });
    expect(await signedIn(people)).toEqual(['hong']);
  });
});

describe('Signing out a user of the application, by the identity linker', () => {
  const row = (appId: string, openid: string): WechatLinkedIdentity => ({ appId, openid, realm: 'default' });
  const MING = row('wx00000000official', 'oMing');
  const MING_WEB = row(WEBSITE.appId, WEBSITE.openid);
  let identities: unknown;

  beforeEach(() => {
    setUp({ session: { revocable: true } });
    identities = [MING, MING_WEB];
    login.linkBy({ identitiesOf: async () => identities } as unknown as WechatIdentityLinker);
  });

  const tokens = async () => ({
    ming: (await service.issue(undefined, login.identity())).token,
    hong: (await service.issue(undefined, login.identity({ openid: 'oHong' }))).token,
    web: (await service.issue(undefined, login.identity(WEBSITE))).token,
  });
  const signedIn = async (people: Record<string, string>) => {
    const found = await Promise.all(
      Object.entries(people).map(async ([name, token]) =>
        (await service.authenticate(withToken(token))) ? [name] : [],
      ),
    );
    return found.flat();
  };

  it('reaches every identity, and nobody else', async () => {
    const people = await tokens();
    await service.revokeUser({ id: 1 });
    expect(await signedIn(people)).toEqual(['hong']);
  });

  it.each<[what: string, rows: WechatLinkedIdentity[], left: string[]]>([
    ['an app that is gone', [row('wx0000000000000gone', 'oHong'), MING], ['hong', 'web']],
    ['one identity twice', [MING, MING], ['hong', 'web']],
  ])('makes no fault of %s', async (_what, rows, left) => {
    const people = await tokens();
    identities = rows;
    await service.revokeUser({ id: 1 });
    expect(await signedIn(people)).toEqual(left);
  });

  it.each<[what: string, user: unknown, rows: unknown]>([
    ['nobody', undefined, [MING]],
    ['null', null, [MING]],
    ['a user without identities', 1, []],
    ['a user of other apps', 1, [row('wx0000000000000gone', 'oMing')]],
  ])('does nothing for %s, and says so', async (_what, user, rows) => {
    const people = await tokens();
    identities = rows;
    const error = await failureOf(() => service.revokeUser(user));
    expect(error).toBeInstanceOf(WechatInputError);
    expect(error).toMatchObject({ parameter: 'user', kind: 'input' });
    expect(await signedIn(people)).toEqual(['ming', 'hong', 'web']);
  });

  it.each([[undefined], ['oMing'], [[MING, null]], [[{ ...MING, openid: 7 }]]])(
    'does nothing for the list %j, and says so',
    async (rows) => {
      const people = await tokens();
      identities = rows;
      expect((await failureOf(() => service.revokeUser(1))).message).toMatch(/identitiesOf.*no list/);
      expect(await signedIn(people)).toEqual(['ming', 'hong', 'web']);
    },
  );

  it('says whose sessions go on because the store did not take it', async () => {
    const people = await tokens();
    const { set } = store;
    store.set = (key, value, ttl) =>
      key.endsWith('oMing') ? Promise.reject(new Error('full')) : set(key, value, ttl);
    const error = await failureOf(() => service.revokeUser(1));
    expect(error).toBeInstanceOf(WechatNotRevokedException);
    expect(error).toMatchObject({ failed: [{ app: 'official', openid: 'oMing' }] });
    expect(await signedIn(people)).toEqual(['ming', 'hong']);
  });

  it('does not hang on a linker that never answers', async () => {
    identities = new Promise(() => {});
    login.runtime.sleep = async (ms) => void login.runtime.pauses.push(ms);
    expect((await failureOf(() => service.revokeUser(1))).message).toMatch('within 5 s');
    expect(login.runtime.pauses).toEqual([5_000]);
  });

  it('wants sessions that can be revoked, and a linker', async () => {
    login.linkBy(null);
    expect(await failureOf(() => service.revokeUser(1))).toMatchObject({ option: 'identityLinker' });
    setUp();
    const error = await failureOf(() => service.revokeUser(1));
    expect(error).toBeInstanceOf(WechatConfigError);
    expect(error).toMatchObject({ option: 'session.revocable' });
  });
});
