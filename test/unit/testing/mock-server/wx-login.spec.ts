// GET /mock/wx-login, as a mini program in the developer tools, a uni-app page or curl asks it.
import { exchange, get, json, type Json, LONE, MINI, MOBILE, OFFICIAL, start, WEBSITE } from './kit.js';

const PATH = '/mock/wx-login';
const SECOND = { ...MINI, appId: 'wxmini2', name: '另一个' };

interface Refusal {
  error: string;
  apps: { appId: string; type: string; name: string }[];
  users: { id: string; nickname: string }[];
}

const redeem = (wechat: Parameters<typeof json>[0], js_code: string, app: { appId: string } = MINI) =>
  json(wechat, '/sns/jscode2session', {
    appid: app.appId,
    secret: MINI.secret,
    js_code,
    grant_type: 'authorization_code',
  });

describe('GET /mock/wx-login', () => {
  it('gives the code of wx.login for the first person at the only mini program', async () => {
    const wechat = await start();
    const { status, headers, body } = await get(wechat, PATH);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(headers.get('cache-control')).toBe('no-store');
    const { code, ...rest } = JSON.parse(body) as { code: string };
    expect([code, rest]).toEqual([expect.stringMatching(/^[A-Za-z0-9]{32}$/), {}]);
    expect((await redeem(wechat, code))['openid']).toBe(wechat.openidOf(MINI.appId, 'ming'));
  });

  it.each<[Record<string, string>, string, string]>([
    [{ user: 'hong' }, MINI.appId, 'hong'],
    [{ app: MINI.appId, user: 'qiang' }, MINI.appId, 'qiang'],
    [{ app: 'mini-program', user: 'visitor' }, MINI.appId, 'visitor'],
    [{ app: '示例小程序' }, MINI.appId, 'ming'],
    [{ app: '', user: '' }, MINI.appId, 'ming'],
  ])('takes %j', async (params, appId, user) => {
    const wechat = await start();
    const { code } = (await json(wechat, PATH, params)) as unknown as { code: string };
    expect((await redeem(wechat, code))['openid']).toBe(wechat.openidOf(appId, user));
  });

  it('gives the code of the app SDK, unasked where there is no mini program', async () => {
    const wechat = await start();
    const first = (await json(wechat, PATH, { app: 'mobile', user: 'hong' })) as unknown as { code: string };
    expect(await exchange(wechat, MOBILE, first.code)).toMatchObject({
      openid: wechat.openidOf(MOBILE.appId, 'hong'),
      scope: 'snsapi_userinfo',
    });
    const native = await start({ apps: [OFFICIAL, MOBILE] });
    const second = (await json(native, PATH)) as unknown as { code: string };
    expect(await exchange(native, MOBILE, second.code)).toHaveProperty('openid');
  });

  it('kills the session_key of the login before, as wx.login does', async () => {
    const wechat = await start();
    const login = { appId: MINI.appId, user: 'ming' };
    const before = await redeem(wechat, wechat.loginCode(login));
    const { code } = (await json(wechat, PATH)) as unknown as { code: string };
    expect((await redeem(wechat, code))['session_key']).not.toBe(before['session_key']);
    expect(wechat.encrypted({ ...login, sessionKey: 'previous' }).encryptedData).toBeDefined();
  });

  it.each<[string, object[], RegExp]>([
    ['app=wxnobody', [MINI], /^"app" "wxnobody" is not registered\. Give one of "apps"\.$/],
    ['app=wxofficial', [MINI, OFFICIAL], /^"app" "wxofficial" is no mini program or mobile app/],
    ['app=website', [MINI, WEBSITE], /"website" is no mini program/],
    ['app=constructor', [MINI], /is not registered/],
    ['app=WXMINI', [MINI], /is not registered/],
    ['', [MINI, SECOND], /^"app" may be any of wxmini, wxmini2\. Give the appId of one\.$/],
    ['app=mini-program', [MINI, SECOND], /^"app" "mini-program" may be any of wxmini, wxmini2/],
    ['', [OFFICIAL, LONE], /^No mini program or mobile app is registered here/],
    ['app=wxmini', [OFFICIAL], /^No mini program or mobile app is registered here/],
    ['user=nobody', [MINI], /^There is no user "nobody"\. Give the id of one of "users"\.$/],
    ['user=__proto__', [MINI], /no user "__proto__"/],
    ['user=ming&user=hong', [MINI], /^"user" is there twice\. Give it once\.$/],
    ['app=wxmini&app=wxmini', [MINI], /^"app" is there twice/],
    ['usr=hong', [MINI], /^The parameter "usr" is unknown\. Known: app, user\.$/],
    [`user=${'x'.repeat(9000)}`, [MINI], /^There is no user "x{64}…"/],
    ['user=%22%0a%3Cb%3E', [MINI], /^There is no user "\\"\\n<b>"\./],
    ['user=%ff', [MINI], /no user "\ufffd"/],
  ])('answers 400 with what exists: %s', async (query, apps, message) => {
    const wechat = await start({ apps: apps as never });
    const { status, headers, body } = await get(wechat, `${PATH}?${query}`);
    expect([status, headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
    const refusal = JSON.parse(body) as Refusal;
    expect(refusal.error).toMatch(message);
    expect(refusal.users.map(({ id }) => id)).toEqual(['ming', 'hong', 'qiang', 'visitor']);
    const usable = (apps as { appId: string; type: string }[]).filter(({ type }) => type === 'mini-program');
    expect(refusal.apps.map(({ appId }) => appId)).toEqual(usable.map(({ appId }) => appId));
    expect(body).not.toContain(MINI.secret);
  });

  it('can be read by a page of any origin, without its cookies', async () => {
    const wechat = await start();
    const origin = { headers: { origin: 'http://localhost:5173' } };
    for (const query of ['', '?user=nobody']) {
      const { headers } = await get(wechat, PATH + query, {}, origin);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
    const before = await get(wechat, PATH, {}, { ...origin, method: 'OPTIONS' });
    expect([before.status, before.body]).toEqual([204, '']);
    expect(before.headers.get('access-control-allow-headers')).toBe('*');
  });

  it.each(['POST', 'HEAD', 'DELETE'])('makes no code for %s', async (method) => {
    const wechat = await start();
    const login = { appId: MINI.appId, user: 'ming' };
    const { session_key } = await redeem(wechat, wechat.loginCode(login));
    const { status, headers } = await get(wechat, PATH, {}, { method });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    expect(() => wechat.encrypted({ ...login, sessionKey: 'previous' })).toThrow(/no previous session_key/);
    expect(session_key).toBeDefined();
  });

  it('is none of WeChat’s addresses: no call is kept of it and no fault strikes it', async () => {
    const wechat = await start();
    wechat.inject('*', { errcode: -1, times: Infinity });
    expect(await json(wechat, PATH)).toHaveProperty('code');
    expect(wechat.calls).toEqual([]);
    expect(() => wechat.inject(PATH, { hang: true })).toThrow(/unknown path/);
  });
});

describe('GET /mock/phone-code', () => {
  const PHONE = '/mock/phone-code';

  it('gives a code of the phone button, and leaves the session_key alone', async () => {
    const wechat = await start();
    const login = { appId: MINI.appId, user: 'hong' };
    await redeem(wechat, wechat.loginCode(login));
    const { code } = (await json(wechat, PHONE, { user: 'hong' })) as unknown as { code: string };
    expect(code).toMatch(/^[0-9a-f]{64}$/);
    expect(() => wechat.encrypted({ ...login, sessionKey: 'previous' })).toThrow(/no previous session_key/);
    const body = { grant_type: 'client_credential', appid: MINI.appId, secret: MINI.secret };
    const post = { method: 'POST', body: JSON.stringify(body) };
    const token = JSON.parse((await get(wechat, '/cgi-bin/stable_token', {}, post)).body) as Json;
    const answer = await get(
      wechat,
      '/wxa/business/getuserphonenumber',
      { access_token: String(token['access_token']) },
      { method: 'POST', body: JSON.stringify({ code }) },
    );
    expect(answer.body).toContain(wechat.user('hong').phoneNumber);
    expect(wechat.calls).toHaveLength(3);
  });

  it.each<[string, RegExp]>([
    ['app=mobile', /^"app" "wxmobile" is no mini program: only they have a phone button\.$/],
    ['app=wxofficial', /is no mini program or mobile app/],
    ['user=nobody', /^There is no user "nobody"/],
    ['usr=hong', /^The parameter "usr" is unknown/],
  ])('answers 400 with what exists: %s', async (query, message) => {
    const wechat = await start();
    const { status, body } = await get(wechat, `${PHONE}?${query}`);
    expect([status, (JSON.parse(body) as Refusal).error]).toEqual([400, expect.stringMatching(message)]);
  });
});
