import { createHmac } from 'node:crypto';
import type { WechatMockServer } from '../../../../lib/testing/index.js';
import { get, type Json, json, MINI, MINUTE, OFFICIAL, start, START, WEBSITE } from './kit.js';

const login = { appId: MINI.appId, user: 'ming' };

async function post(server: WechatMockServer, path: string, body: unknown, params = {}): Promise<Json> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return JSON.parse((await get(server, path, params, { method: 'POST', body: text })).body) as Json;
}

function stable(server: WechatMockServer, more: object = {}): Promise<Json> {
  const body = { grant_type: 'client_credential', appid: MINI.appId, secret: MINI.secret, ...more };
  return post(server, '/cgi-bin/stable_token', body);
}

async function appToken(server: WechatMockServer, more: object = {}): Promise<string> {
  return (await stable(server, more))['access_token'] as string;
}

describe('POST /cgi-bin/stable_token', () => {
  it('gives the same token until its last five minutes, when both are valid', async () => {
    const wechat = await start();
    const probe = async (access_token: string) =>
      (await json(wechat, '/wxa/checksession', { access_token })).errcode;
    const first = await stable(wechat);
    expect(first).toEqual({ access_token: expect.stringMatching(/^\d\d_[\w-]{86}$/), expires_in: 7200 });
    wechat.clock.advance(114 * MINUTE);
    expect(await stable(wechat)).toEqual({ ...first, expires_in: 360 });
    wechat.clock.advance(MINUTE);
    const second = await appToken(wechat);
    expect(second).not.toBe(first['access_token']);
    expect(await probe(second)).toBe(41009);
    wechat.clock.advance(5 * MINUTE - 1);
    expect(await probe(first['access_token'] as string)).toBe(41009);
    wechat.clock.advance(1);
    expect(await probe(first['access_token'] as string)).toBe(42001);
    wechat.clock.advance(300 * MINUTE);
    expect(await appToken(wechat)).not.toBe(second);
    expect(await probe(second)).toBe(42001);
  });

  it('gives a new one by force, and within 30 seconds the current one', async () => {
    const wechat = await start();
    const force = { force_refresh: true };
    const first = await appToken(wechat, force);
    expect(await appToken(wechat, force)).toBe(first);
    wechat.clock.advance(29_999);
    expect(await appToken(wechat, force)).toBe(first);
    wechat.clock.advance(1);
    const second = await appToken(wechat, force);
    expect(await json(wechat, '/wxa/checksession', { access_token: first })).toMatchObject({
      errcode: 40001,
    });
    expect(await appToken(wechat)).toBe(second);
  });

  it('is forced 20 times on one of China’s days, and no more', async () => {
    const wechat = await start();
    const force = { force_refresh: true };
    for (let n = 0; n < 20; n++) {
      expect(await stable(wechat, force)).toHaveProperty('access_token');
      wechat.clock.advance(30_000);
    }
    expect(await stable(wechat, force)).toMatchObject({ errcode: 45009 });
    expect(await stable(wechat)).toHaveProperty('access_token');
    // START is four minutes past eleven in China.
    wechat.clock.advance(13 * 60 * MINUTE);
    expect(await stable(wechat, force)).toHaveProperty('access_token');
  });

  it.each([
    [undefined, 40001],
    [42001, 42001],
  ])('ends early on demand, with errcode: %p, as one that somebody replaced', async (errcode, answered) => {
    const wechat = await start();
    wechat.expireAppToken(MINI.appId);
    const first = await appToken(wechat);
    wechat.expireAppToken(MINI.appId, errcode === undefined ? {} : { errcode });
    expect(await json(wechat, '/wxa/checksession', { access_token: first })).toMatchObject({
      errcode: answered,
    });
    const second = await appToken(wechat);
    expect(second).not.toBe(first);
    expect(() => wechat.expireAppToken('wxnone')).toThrow(/expireAppToken\(\) got the unknown appId/);
  });

  it('ends early and goes on being given out, where it is stuck', async () => {
    const wechat = await start();
    const first = await appToken(wechat);
    wechat.expireAppToken(MINI.appId, { stuck: true });
    expect(await appToken(wechat)).toBe(first);
    const second = await appToken(wechat, { force_refresh: true });
    expect(second).not.toBe(first);
    expect(await json(wechat, '/wxa/checksession', { access_token: second })).toMatchObject({
      errcode: 41009,
    });
  });

  it('judges what it is given', async () => {
    const wechat = await start();
    const path = '/cgi-bin/stable_token';
    expect(await json(wechat, path)).toMatchObject({ errcode: 43002 });
    expect(await post(wechat, path, '')).toMatchObject({ errcode: 44002 });
    expect(await post(wechat, path, '{')).toMatchObject({ errcode: 47001 });
    expect(await post(wechat, path, 'null')).toMatchObject({ errcode: 47001 });
    expect(await post(wechat, path, '7')).toMatchObject({ errcode: 47001 });
    expect(await stable(wechat, { appid: '' })).toMatchObject({ errcode: 41002 });
    expect(await stable(wechat, { appid: 'x' })).toMatchObject({ errcode: 40013 });
    expect(await stable(wechat, { appid: WEBSITE.appId })).toMatchObject({ errcode: 40013 });
    expect(await stable(wechat, { secret: '' })).toMatchObject({ errcode: 41004 });
    expect(await stable(wechat, { secret: 'x' })).toMatchObject({ errcode: 40125 });
    expect(await stable(wechat, { grant_type: 'x' })).toMatchObject({ errcode: 40002 });
    expect(await stable(wechat, { appid: OFFICIAL.appId, secret: OFFICIAL.secret })).toHaveProperty(
      'access_token',
    );
  });
});

describe('GET /wxa/checksession and /wxa/resetusersessionkey', () => {
  const sign = (key: string) => createHmac('sha256', key).update('').digest('hex');
  const setUp = async () => {
    const wechat = await start();
    const code = { appid: MINI.appId, secret: MINI.secret, grant_type: 'authorization_code' };
    const answer = await json(wechat, '/sns/jscode2session', { ...code, js_code: wechat.loginCode(login) });
    const { session_key, openid } = answer as unknown as Record<string, string>;
    const params = { access_token: await appToken(wechat), openid: openid!, sig_method: 'hmac_sha256' };
    return { wechat, key: session_key!, params };
  };

  it('take the signature of the current key only', async () => {
    const { wechat, key, params } = await setUp();
    const check = (signature: string) => json(wechat, '/wxa/checksession', { ...params, signature });
    expect(await check(sign(key))).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(await check('x')).toMatchObject({ errcode: 87009 });
    const reset = await json(wechat, '/wxa/resetusersessionkey', { ...params, signature: sign(key) });
    expect(reset).toEqual({
      errcode: 0,
      errmsg: 'ok',
      openid: params.openid,
      session_key: expect.any(String),
    });
    expect(await check(sign(key))).toMatchObject({ errcode: 87009 });
    expect(await check(sign(reset['session_key'] as string))).toMatchObject({ errcode: 0 });
  });

  it.each(['/wxa/checksession', '/wxa/resetusersessionkey'])('%s judges what it is given', async (path) => {
    const { wechat, key, params } = await setUp();
    const ask = async (more: Record<string, string>) =>
      (await json(wechat, path, { ...params, signature: sign(key), ...more })).errcode;
    expect(await ask({ access_token: '' })).toBe(41001);
    expect(await ask({ access_token: 'x' })).toBe(40001);
    expect(
      await ask({ access_token: await appToken(wechat, { appid: OFFICIAL.appId, secret: OFFICIAL.secret }) }),
    ).toBe(48001);
    expect(await ask({ openid: '' })).toBe(41009);
    expect(await ask({ openid: 'o' })).toBe(40003);
    expect(await ask({ sig_method: 'md5' })).toBe(87008);
    // Somebody who never called wx.login has no key to sign with.
    expect(await ask({ openid: wechat.openidOf(MINI.appId, 'hong') })).toBe(87009);
  });

  it('sign as WeChat’s published key does', () => {
    expect(sign('o0q0otL8aEzpcZL/FT9WsQ==')).toBe(
      '46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128',
    );
  });
});

describe('POST /wxa/business/getuserphonenumber', () => {
  const PATH = '/wxa/business/getuserphonenumber';

  it('gives the number for the button’s code, once, for five minutes', async () => {
    const wechat = await start();
    const access_token = await appToken(wechat);
    const ask = (body: unknown) => post(wechat, PATH, body, { access_token });
    const code = wechat.phoneCode(login);
    const { phoneNumber } = wechat.user('ming');
    expect(await ask({ code })).toEqual({
      errcode: 0,
      errmsg: 'ok',
      phone_info: {
        phoneNumber,
        purePhoneNumber: phoneNumber,
        countryCode: '86',
        watermark: { timestamp: Math.floor(START / 1000), appid: MINI.appId },
      },
    });
    expect(await ask({ code })).toMatchObject({ errcode: 40029 });
    const openid = wechat.openidOf(MINI.appId, 'ming');
    expect(await ask({ code: wechat.phoneCode(login), openid })).toMatchObject({ errcode: 0 });
    expect(await ask({ code: wechat.phoneCode(login), openid: 'o' })).toMatchObject({ errcode: 40003 });
    expect(await ask({ code: wechat.loginCode(login) })).toMatchObject({ errcode: 40029 });
    expect(await ask({})).toMatchObject({ errcode: 40029 });
    const inQuery = { access_token, code: wechat.phoneCode(login) };
    expect(await post(wechat, PATH, '', inQuery)).toMatchObject({ errcode: 40029 });
    wechat.unsure.countryCodeAsNumber = true;
    expect(await ask({ code: wechat.phoneCode(login) })).toMatchObject({ phone_info: { countryCode: 86 } });
    const old = wechat.phoneCode(login);
    wechat.clock.advance(5 * MINUTE);
    expect(await ask({ code: old })).toMatchObject({ errcode: 40029 });
  });

  it('is for mini programs', async () => {
    const wechat = await start();
    expect(await json(wechat, PATH)).toMatchObject({ errcode: 43002 });
    expect(() => wechat.phoneCode({ appId: OFFICIAL.appId, user: 'ming' })).toThrow(/Only mini programs/);
    expect(() => wechat.phoneCode({ ...login, user: 'x' })).toThrow(/phoneCode\(\) names the unknown user/);
  });
});
