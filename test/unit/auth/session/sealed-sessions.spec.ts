// Sessions in the browser: sealed, with their own end inside, opened once and judged on every
// request.
import { SealedSessions } from '../../../../lib/auth/session/sealed-sessions.js';
import type { WechatIdentity } from '../../../../lib/model/identity.js';
import { readCookies, type ReceivedCookie } from '../../../../lib/auth/http/cookies.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import type { AppConfig } from '../../../../lib/config/wechat-config.js';
import { WechatConfigError } from '../../../../lib/index.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { WechatSecret } from '../../../../lib/sealing/secret.js';
import type { WechatSession, WechatSessionOptions } from '../../../../lib/wechat-oauth.options.js';
import { FakeRuntime } from '../../../support/parts.js';

const SECRET = 'session-secret-canary-0123456789abcdef';

function setUp(session: WechatSessionOptions = {}, appId = 'wx00000000official', secrets = [SECRET]) {
  const runtime = new FakeRuntime();
  const config = resolveConfig(
    {
      apps: {
        official: { type: 'official-account', appId, secret: 'a' },
        website: { type: 'website', appId: 'wx000000000website', secret: 'b' },
      },
      publicUrl: 'https://shop.example.com',
      sessionSecret: secrets,
      session,
    },
    false,
  );
  const sealer = new Sealer(secrets.map((secret) => new WechatSecret(secret)));
  const opened: string[] = [];
  const open = sealer.open.bind(sealer);
  sealer.open = (purpose, place, sealed) => {
    opened.push(String(sealed));
    return open(purpose, place, sealed);
  };
  const sessions = new SealedSessions(config, sealer, runtime);
  const [app, other] = [...config.apps.values()] as [AppConfig, AppConfig];
  const cookieOf = (value: WechatSession) => readCookies(sessions.toCookie(app, value).split(';', 1)[0]);
  return { sessions, runtime, sealer, app, other, opened, cookieOf };
}

/** The session that counts for one app. */
function fromCookie(sessions: SealedSessions, app: AppConfig, cookies: ReceivedCookie[]) {
  return sessions.fromCookies(cookies).find((one) => one.app === app)?.session;
}

function throws(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

const inCookie: typeof fromCookie = (sessions, app, cookies) =>
  sessions.inCookies(cookies).find((one) => one.app === app)?.session;

const MING: WechatIdentity = {
  app: 'official',
  appId: 'wx00000000official',
  openid: 'oMing000000000000000000001',
  scope: ['snsapi_base'],
  isSnapshotUser: false,
};

describe('A sealed session', () => {
  it('is what was sealed, from a cookie and from a bearer token', () => {
    const { sessions, app, cookieOf } = setUp();
    const session = sessions.create(MING);

    expect(fromCookie(sessions, app, cookieOf(session))).toEqual(session);
    expect(sessions.fromBearer(sessions.toBearer(session))?.session).toEqual(session);
    expect(session).toMatchObject({ identity: MING, sid: expect.stringMatching(/^[\w-]{22}$/) });
  });

  it('has an id that never comes twice', () => {
    const { sessions } = setUp();
    expect(new Set(Array.from({ length: 1_000 }, () => sessions.create(MING).sid)).size).toBe(1_000);
  });

  it('is no bearer token as a cookie’s value, and the other way round', () => {
    const { sessions, app, cookieOf } = setUp();
    const session = sessions.create(MING);
    const [cookie] = cookieOf(session);

    expect(sessions.fromBearer(cookie!.value)).toBeUndefined();
    expect(
      fromCookie(sessions, app, [{ name: cookie!.name, value: sessions.toBearer(session) }]),
    ).toBeUndefined();
  });

  it('counts at its own app only, by name and by id', () => {
    const { sessions, app, other, cookieOf } = setUp();
    const cookies = cookieOf(sessions.create(MING));
    const renamed = [{ name: sessions.clearCookie(other).split('=')[0]!, value: cookies[0]!.value }];
    expect(fromCookie(sessions, other, renamed)).toBeUndefined();

    const moved = setUp({}, 'wx00000000000club0');
    expect(moved.sessions.fromBearer(sessions.toBearer(sessions.create(MING)))).toBeUndefined();
    const ofWebsite = sessions.create({ ...MING, app: 'website', appId: 'wx000000000website' });
    expect(fromCookie(sessions, app, cookieOf(ofWebsite))).toBeUndefined();
    expect(sessions.fromBearer(sessions.toBearer(sessions.create({ ...MING, app: 'gone' })))).toBeUndefined();
  });

  it('is over at its end, to the millisecond, though it was opened before', () => {
    const { sessions, runtime, app, cookieOf, opened } = setUp({ ttl: 60 });
    const session = sessions.create(MING);
    const [cookies, token] = [cookieOf(session), sessions.toBearer(session)];
    expect(fromCookie(sessions, app, cookies)).toBeDefined();
    expect(sessions.fromBearer(token)).toBeDefined();

    runtime.time += 59_999;
    expect(fromCookie(sessions, app, cookies)).toBeDefined();
    runtime.time += 1;
    expect(fromCookie(sessions, app, cookies)).toBeUndefined();
    expect(sessions.fromBearer(token)).toBeUndefined();
    expect(opened).toHaveLength(2);
  });

  it('is over when it was not used for too long, and use keeps it alive, but never past its end', () => {
    const { sessions, runtime, app, cookieOf } = setUp({ ttl: 1_000, idle: 100 });
    const session = sessions.create(MING);
    const own = cookieOf(session);
    let cookies = own;
    runtime.time += 30_000;
    expect(sessions.renewal(app, cookies, session)).toBeUndefined();
    for (let used = 0; used < 9; used++) {
      runtime.time += 60_000;
      expect(fromCookie(sessions, app, cookies)).toEqual(session);
      cookies = [...own, ...readCookies(sessions.renewal(app, cookies, session)!.split(';', 1)[0])];
    }
    runtime.time += 99_999;
    expect(fromCookie(sessions, app, cookies)).toBeDefined();
    runtime.time += 1;
    expect(fromCookie(sessions, app, cookies)).toBeUndefined();
    // What a logout ends: a copy of it may have been used elsewhere.
    expect(inCookie(sessions, app, cookies)).toEqual(session);

    const [short] = [sessions.create(MING, { ttl: 20 })].map(cookieOf);
    runtime.time += 20_000;
    expect(fromCookie(sessions, app, short!)).toBeUndefined();
  });

  it('has no renewal where no idle limit is set', () => {
    const { sessions, app } = setUp();
    expect(sessions.renewal(app, [], sessions.create(MING))).toBeUndefined();
  });

  it('is opened once and frozen all through, because every request gets the same object', () => {
    const { sessions, app, cookieOf, opened } = setUp();
    const cookies = cookieOf(
      sessions.create({ ...MING, claims: { roles: ['user'], deep: { id: 1 } } as never }),
    );
    const first = fromCookie(sessions, app, cookies)!;

    expect(fromCookie(sessions, app, cookies)).toBe(first);
    expect(opened).toHaveLength(1);
    const { identity } = first as unknown as { identity: { claims: { roles: string[]; deep: object } } };
    for (const part of [first, identity, identity.claims, identity.claims.roles, identity.claims.deep]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(() => identity.claims.roles.push('admin')).toThrow(TypeError);
  });

  it('keeps forgeries apart, so that a flood of them pushes nobody out', () => {
    const { sessions, opened, app, cookieOf } = setUp();
    const cookies = cookieOf(sessions.create(MING));
    fromCookie(sessions, app, cookies);
    for (let index = 0; index < 3_000; index++)
      expect(sessions.fromBearer(`v1.${'A'.repeat(40)}${index}`)).toBeUndefined();
    opened.length = 0;

    expect(fromCookie(sessions, app, cookies)).toBeDefined();
    expect(opened).toEqual([]);
  });

  it('tries what does not open once, in that place and whole', () => {
    const { sessions, opened, app, other, cookieOf } = setUp();
    const [own] = cookieOf(sessions.create(MING)) as [ReceivedCookie];
    const token = sessions.toBearer(sessions.create(MING));
    const forged = `${token.slice(0, 3)}${token[3] === 'A' ? 'B' : 'A'}${token.slice(4)}`;
    for (let turn = 0; turn < 3; turn++) expect(sessions.fromBearer(forged)).toBeUndefined();
    expect(opened).toEqual([forged]);
    // The last characters are those of the forgery, and nothing else is.
    expect(sessions.fromBearer(token)?.session.identity).toEqual(MING);
    expect(sessions.fromBearer(forged)).toBeUndefined();

    // Opened at its place, it opens nowhere else; refused elsewhere, it still opens at its place.
    const elsewhere = sessions
      .toCookie(other, sessions.create({ ...MING, app: 'website' }))
      .split('=', 1)[0]!;
    expect(inCookie(sessions, app, [own])).toBeDefined();
    expect(sessions.inCookies([{ name: elsewhere, value: own.value }])).toEqual([]);
    expect(sessions.fromBearer(own.value)).toBeUndefined();
    expect(inCookie(sessions, app, [own])).toBeDefined();
  });

  it('is found by the cookies that came, whatever stands beside it', () => {
    const { sessions, app, other, cookieOf } = setUp();
    const ofWebsite = { ...MING, app: 'website', appId: 'wx000000000website' };
    const [official] = cookieOf(sessions.create(MING)) as [ReceivedCookie];
    const [website] = readCookies(sessions.toCookie(other, sessions.create(ofWebsite)).split(';', 1)[0]) as [
      ReceivedCookie,
    ];
    const others = [
      { name: 'theme', value: 'dark' },
      { name: official.name, value: official.value },
    ];
    expect(sessions.fromCookies([website, official]).map((one) => one.app)).toEqual([other, app]);
    // Twice of one name, be it the same value: somebody else set one of them.
    expect(sessions.fromCookies([website, official, ...others]).map((one) => one.app)).toEqual([other]);
    // Two values that changed places.
    expect(
      sessions.fromCookies([
        { name: website.name, value: official.value },
        { name: official.name, value: website.value },
      ]),
    ).toEqual([]);
  });

  it('keeps opened sessions up to a bound of their text', () => {
    const { sessions, opened } = setUp();
    const claims = { text: 'x'.repeat(100_000) };
    const tokens = Array.from({ length: 70 }, () => sessions.toBearer(sessions.create({ ...MING, claims })));
    for (const token of tokens) expect(sessions.fromBearer(token)).toBeDefined();
    opened.length = 0;
    expect(sessions.fromBearer(tokens.at(-1)!)).toBeDefined();
    expect(opened).toEqual([]);
    expect(sessions.fromBearer(tokens[0]!)).toBeDefined();
    expect(opened).toHaveLength(1);
  });

  it('says that no cookie has room for it, to the byte as sealing would', () => {
    const { sessions, app } = setUp();
    const withText = (length: number) => sessions.create({ ...MING, claims: { 名: 'x'.repeat(length) } });
    const lengths = Array.from({ length: 600 }, (_, index) => 1_500 + index);
    const says = lengths.map((length) => throws(() => sessions.requireFit(app, withText(length))));
    const sealed = lengths.map((length) => sessions.toBearer(withText(length)).length);
    const name = sessions.clearCookie(app).split('=', 1)[0]!;
    expect(says).toEqual(sealed.map((length) => name.length + length > 2_800));
    expect(new Set(says).size).toBe(2);
    expect(() => sessions.toCookie(app, withText(2_099))).toThrow(WechatConfigError);
    expect(sessions.toCookie(app, withText(1_500))).toContain(`${name}=v1.`);
  });

  it('holds a copy: what the application does to its object later is its own affair', () => {
    const { sessions } = setUp();
    const identity = { ...MING, claims: { roles: ['user'] } as never };
    const session = sessions.create(identity);
    (identity.claims as { roles: string[] }).roles.push('admin');

    expect(session.identity.claims).toEqual({ roles: ['user'] });
    expect(sessions.withClaims(session, { a: undefined, b: new Date(0) } as never).identity.claims).toEqual({
      b: '1970-01-01T00:00:00.000Z',
    });
  });

  it('keeps its id and its end when its claims change', () => {
    const { sessions, runtime } = setUp();
    const session = sessions.create(MING);
    runtime.time += 5_000;
    expect(sessions.withClaims(session, { id: 1 } as never)).toEqual({
      ...session,
      identity: { ...MING, claims: { id: 1 } },
    });
  });

  it('opens after the secret was changed, for as long as the old one is kept', () => {
    const before = setUp();
    const cookies = before.cookieOf(before.sessions.create(MING));
    const NEW = 'a-new-session-secret-0123456789abcdef';
    const after = setUp({}, MING.appId, [NEW, SECRET]);
    expect(fromCookie(after.sessions, after.app, cookies)).toBeDefined();
    const later = setUp({}, MING.appId, [NEW]);
    expect(fromCookie(later.sessions, later.app, cookies)).toBeUndefined();
  });

  it('too big for a cookie is an error when it is made, and says what to do', () => {
    const { sessions, app } = setUp();
    const session = sessions.create({ ...MING, claims: { text: 'x'.repeat(3_000) } as never });
    expect(() => sessions.toCookie(app, session)).toThrow(WechatConfigError);
    expect(() => sessions.toCookie(app, session)).toThrow(/claims/);
  });

  it.each([
    'null',
    '[]',
    '"x"',
    '1',
    'true',
    'no JSON',
    '',
    '{}',
    '{"sid":"x","identity":{"openid":"o","scope":[]},"issuedAt":1}',
    '{"sid":"x","identity":null,"issuedAt":1,"expiresAt":9e15}',
    '{"sid":"x","identity":{"openid":"o"},"issuedAt":1,"expiresAt":9e15}',
    '{"sid":"x","identity":{"openid":{},"scope":[]},"issuedAt":1,"expiresAt":9e15}',
    '{"sid":"x","identity":{"openid":"o","scope":[]},"issuedAt":1,"expiresAt":null}',
  ])('is not %s, though it be sealed by us', (text) => {
    const { sessions, sealer, app } = setUp();
    const name = sessions.clearCookie(app).split('=')[0]!;
    expect(sessions.fromBearer(sealer.seal('session', 'bearer', text))).toBeUndefined();
    expect(fromCookie(sessions, app, [{ name, value: sealer.seal('session', name, text) }])).toBeUndefined();
  });
});
