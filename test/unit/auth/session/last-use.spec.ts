// The cookie that tells when a session was last used.
import { readCookies, type ReceivedCookie } from '../../../../lib/auth/http/cookies.js';
import { LastUse, lastUseName } from '../../../../lib/auth/session/last-use.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import type { AppConfig } from '../../../../lib/config/wechat-config.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { WechatSecret } from '../../../../lib/sealing/secret.js';
import type { WechatSession } from '../../../../lib/wechat-oauth.options.js';
import { FakeRuntime } from '../../../support/parts.js';

const SECRETS = ['session-secret-canary-0123456789abcdef', 'an-older-secret-canary-0123456789abc'];
const [app, other] = [
  ...resolveConfig(
    {
      apps: {
        official: { type: 'official-account', appId: 'wx00000000official', secret: 'a' },
        website: { type: 'website', appId: 'wx000000000website', secret: 'b' },
      },
      publicUrl: 'https://shop.example.com',
    },
    false,
  ).apps.values(),
] as [AppConfig, AppConfig];

const runtime = new FakeRuntime();
const markBy = (...secrets: string[]) =>
  new LastUse(new Sealer(secrets.map((text) => new WechatSecret(text))), runtime);
const sessionOf = (sid: string): WechatSession => ({
  sid,
  issuedAt: runtime.time,
  expiresAt: runtime.time + 1_000_000,
  identity: { app: 'official', appId: app.appId, openid: 'oMing', scope: [], isSnapshotUser: false },
});
const cookieOf = (line: string): ReceivedCookie => readCookies(line.split(';', 1)[0])[0]!;

describe('The last use of a session', () => {
  const session = sessionOf('sid-1');
  const marks = markBy(SECRETS[0]!);
  runtime.time += 500_500;
  const line = marks.write(app, session);
  const cookie = cookieOf(line);
  const used = session.issuedAt + 500_000;

  it('is the second it was written in, and stands in a short cookie that ends with the session', () => {
    expect(marks.read(app, [cookie], session)).toBe(used);
    expect(line).toMatch(
      /^__Host-wechat_used_[0-9a-f]{8}=[0-9a-z]+\.[\w-]{22}; Max-Age=500; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    // Once more, from what is known.
    expect(marks.read(app, [cookie], session)).toBe(used);
  });

  it('is when it was made, where nothing tells of a later one', () => {
    expect(marks.read(app, [], session)).toBe(session.issuedAt);
  });

  it('never lies before it was made', () => {
    const late = { ...session, issuedAt: runtime.time + 9_000 };
    expect(marks.read(app, [cookie], late)).toBe(late.issuedAt);
  });

  it('can be read after a change of secrets', () => {
    const old = cookieOf(markBy(SECRETS[1]!).write(app, session));
    expect(markBy(...SECRETS).read(app, [old], session)).toBe(used);
    expect(marks.read(app, [old], session)).toBe(session.issuedAt);
  });

  const [seconds, mac] = cookie.value.split('.') as [string, string];
  const later = (Number.parseInt(seconds, 36) + 60).toString(36);
  it.each<[string, (name: string) => ReceivedCookie[]]>([
    ['another session', (name) => [{ name, value: cookieOf(marks.write(app, sessionOf('sid-2'))).value }]],
    ['another app', (name) => [{ name, value: cookieOf(marks.write(other, session)).value }]],
    [
      'a state’s key',
      (name) => {
        const sealer = new Sealer([new WechatSecret(SECRETS[0]!)]);
        const [own] = sealer.macs(`${session.sid}\n${seconds}\n${name}`);
        return [{ name, value: `${seconds}.${own!.toString('base64url').slice(0, 22)}` }];
      },
    ],
    ['a later time', (name) => [{ name, value: `${later}.${mac}` }]],
    ['another spelling of the time', (name) => [{ name, value: `0${seconds}.${mac}` }]],
    ['capitals', (name) => [{ name, value: `${seconds.toUpperCase()}.${mac}` }]],
    ['a mac cut short', (name) => [{ name, value: `${seconds}.${mac.slice(0, 21)}` }]],
    ['a mac and more', (name) => [{ name, value: `${seconds}.${mac}A` }]],
    ['a mac of other letters', (name) => [{ name, value: `${seconds}.${'é'.repeat(22)}` }]],
    ['no time', (name) => [{ name, value: `.${mac}` }]],
    ['nothing', (name) => [{ name, value: '' }]],
    ['quotes', (name) => [{ name, value: `"${cookie.value}"` }]],
    ['two of them', () => [cookie, cookie]],
    ['one of them genuine', (name) => [cookie, { name, value: 'x' }]],
    ['a name that only looks like it', (name) => [{ name: `\u00a0${name}`, value: cookie.value }]],
  ])('is not told by %s', (_what, cookies) => {
    const judge = markBy(SECRETS[0]!);
    const shown = cookies(lastUseName(app));
    expect(judge.read(app, shown, session)).toBe(session.issuedAt);
    // And not by asking again: only what was genuine is remembered.
    expect(judge.read(app, shown, session)).toBe(session.issuedAt);
  });
});
