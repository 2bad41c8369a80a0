// Who a request says it comes from.
import { Logger } from '@nestjs/common';
import { LogCapture } from '../../../support/log-capture.js';
import type { AppConfig } from '../../../../lib/config/wechat-config.js';
import { type Login, makeLogin } from '../../../support/login-parts.js';

let login: Login;
let logs: LogCapture;
beforeEach(() => {
  Logger.overrideLogger((logs = new LogCapture()));
  login = makeLogin();
});
afterEach(() => Logger.overrideLogger(false));

const WEBSITE = { app: 'website', appId: 'wx000000000website', openid: 'oMingWeb' };

async function find(
  headers: Record<string, string>,
  { method = 'GET', apps = undefined as AppConfig[] | undefined } = {},
) {
  const found = await login.reader.find(
    login.requestOf({ method, headers }),
    apps?.map(({ name }) => name),
  );
  return typeof found === 'string'
    ? found
    : found.map(({ by, session }) => `${session.identity.openid} by ${by}`);
}

describe('The reader of sessions', () => {
  it('finds those of the apps in question, in their order', async () => {
    const cookie = `${login.cookieOf(WEBSITE)}; ${login.cookieOf()}`;
    expect(await find({ cookie })).toEqual(['oMing by cookie', 'oMingWeb by cookie']);
    expect(await find({ cookie }, { apps: [login.website, login.official] })).toEqual([
      'oMingWeb by cookie',
      'oMing by cookie',
    ]);
    expect(await find({ cookie }, { apps: [login.website] })).toEqual(['oMingWeb by cookie']);
    expect(await find({ cookie }, { apps: [] })).toEqual([]);
    expect(await find({})).toEqual([]);
  });

  it.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])(
    'takes a token of ours behind %j, and then no cookie',
    async (scheme) => {
      const authorization = `${scheme} ${login.bearerOf(WEBSITE)}`;
      expect(await find({ authorization, cookie: login.cookieOf() })).toEqual(['oMingWeb by bearer']);
      expect(await find({ authorization, cookie: login.cookieOf() }, { apps: [login.official] })).toEqual([]);
    },
  );

  it.each<[string, (token: string) => string]>([
    ['a byte behind it', (token) => `Bearer ${token} `],
    ['no-break space behind it', (token) => `Bearer ${token}\u00a0`],
    ['another end', (token) => `Bearer ${token.slice(0, -1)}`],
    ['a cookie’s value', () => `Bearer ${login.cookieOf().split('=')[1]}`],
    ['nothing of ours', () => 'Bearer v1.'],
    ['an end that is over', () => `Bearer ${login.bearerOf({}, { ttl: 1 })}`],
  ])('refuses a token of ours with %s, whatever cookie is beside it', async (_what, authorizationOf) => {
    const authorization = authorizationOf(login.bearerOf());
    const cookie = login.cookieOf();
    login.runtime.time += 1_000;
    expect(await find({ authorization, cookie })).toBe('forged');
  });

  it.each(['Bearer eyJ.e30.x', 'Basic dTpw', 'v1.AAAA', 'Token v1.AAAA', 'Bearer', ''])(
    'leaves %j to the application',
    async (authorization) => {
      expect(await find({ authorization, cookie: login.cookieOf() })).toEqual(['oMing by cookie']);
    },
  );

  it('reads the token where the options say, bare, or not at all', async () => {
    login = makeLogin({ session: { bearer: { header: 'X-Wechat-Session' } } });
    const token = login.bearerOf();
    expect(await find({ 'x-wechat-session': token })).toEqual(['oMing by bearer']);
    expect(await find({ 'x-wechat-session': `Bearer ${token}` })).toEqual([]);
    expect(await find({ authorization: `Bearer ${token}` })).toEqual([]);
    login = makeLogin({ session: { bearer: false } });
    expect(await find({ authorization: `Bearer ${login.bearerOf()}` })).toEqual([]);
    expect(await find({ authorization: 'Bearer v1.AAAA', cookie: login.cookieOf() })).toEqual([
      'oMing by cookie',
    ]);
  });

  it.each([
    ['a joined header', (one: string, two: string) => `${one}, ${two}`],
    ['a joined header with ours behind', (one: string, two: string) => `x=1, ${two}; ${one}`],
  ])('says once that a proxy joins cookies by comma: %s', async (_what, join) => {
    const cookie = join(login.cookieOf(), login.cookieOf(WEBSITE));
    for (let turn = 0; turn < 3; turn++) await find({ cookie });
    expect(logs.lines).toEqual([{ level: 'warn', text: expect.stringContaining('joined by ", "') }]);
    expect(logs.text).not.toContain('v1.');
  });

  it('counts no cookie of a write from elsewhere, and says so to whoever asks', () => {
    const asked = (method: string, headers: Record<string, string>) =>
      login.reader.isCrossSiteWrite(login.requestOf({ method, headers }));
    const evil = { origin: 'https://evil.example.com' };
    expect(['GET', 'HEAD', 'OPTIONS'].map((method) => asked(method, evil))).toEqual([false, false, false]);
    expect(
      ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'WEBSOCKET', 'get '].map((method) => asked(method, evil)),
    ).toEqual(Array(7).fill(true));
    expect(asked('POST', { origin: 'https://shop.example.com' })).toBe(false);
    expect(asked('POST', { origin: 'https://SHOP.example.com' })).toBe(true);
    expect(asked('POST', { origin: '' })).toBe(true);
  });

  describe('where sessions can be revoked', () => {
    const marked = async (who = {}) => {
      const identity = login.identity(who);
      return { mark: await login.revocations.markFor(identity) };
    };

    it('leaves out those that were ended', async () => {
      login = makeLogin({ session: { revocable: true } });
      const [one, two] = [login.cookieOf({}, await marked()), login.cookieOf(WEBSITE, await marked(WEBSITE))];
      const cookie = `${one}; ${two}`;
      expect(await find({ cookie })).toEqual(['oMing by cookie', 'oMingWeb by cookie']);
      await login.revocations.endAll(login.identity());
      expect(await find({ cookie })).toEqual(['oMingWeb by cookie']);
      const authorization = `Bearer ${login.bearerOf({}, { mark: 'AAAAAAAAAAA' })}`;
      expect(await find({ authorization, cookie })).toBe('forged');
    });

    it.each([
      [true, ['oMing by cookie']],
      ['strict', 'unknown'],
    ] as const)('while the store is down answers by the option: %s', async (revocable, expected) => {
      login = makeLogin({ session: { revocable } });
      const cookie = login.cookieOf({}, await marked());
      login.store.get = () => Promise.reject(new Error('down'));
      expect(await find({ cookie })).toEqual(expected);
      expect(await find({})).toEqual([]);
    });
  });

  it('shows a logout every session, whether it still counts or not', async () => {
    login = makeLogin({ session: { idle: 100 } });
    const shown = (headers: Record<string, string>) =>
      login.reader.shown(login.requestOf({ method: 'POST', headers })).map(({ identity }) => identity.openid);
    const out = login.cookieOf({}, { out: 'AAAAAAAAAAA' });
    const cookie = `${out}; ${login.cookieOf(WEBSITE)}`;
    const authorization = `Bearer ${login.bearerOf({ openid: 'oToken' })}`;
    login.runtime.time += 200_000;
    expect(await find({ cookie })).toEqual([]);
    expect(shown({ cookie, authorization })).toEqual(['oToken', 'oMing', 'oMingWeb']);
    expect(shown({ cookie, authorization: 'Bearer v1.AAAA' })).toEqual(['oMing', 'oMingWeb']);
    expect(shown({})).toEqual([]);
  });
});
