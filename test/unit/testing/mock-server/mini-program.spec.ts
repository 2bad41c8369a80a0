import { createDecipheriv, createHash } from 'node:crypto';
import type { MockEncryptedData } from '../../../../lib/testing/index.js';
import { sealForMiniProgram } from '../../../../lib/testing/mock-server/grants/session-keys.js';
import { json, MINI, MINUTE, MOBILE, OFFICIAL, start, START } from './kit.js';

const login = { appId: MINI.appId, user: 'ming' };
const PATH = '/sns/jscode2session';
const params = (js_code: string) => ({
  appid: MINI.appId,
  secret: MINI.secret,
  js_code,
  grant_type: 'authorization_code',
});

function open({ encryptedData, iv }: MockEncryptedData, sessionKey: string): Record<string, unknown> {
  const decipher = createDecipheriv(
    'aes-128-cbc',
    Buffer.from(sessionKey, 'base64'),
    Buffer.from(iv, 'base64'),
  );
  const plain = Buffer.concat([decipher.update(Buffer.from(encryptedData, 'base64')), decipher.final()]);
  return JSON.parse(plain.toString('utf8')) as Record<string, unknown>;
}

describe('GET /sns/jscode2session', () => {
  it('answers openid, session_key and, when bound, unionid', async () => {
    const wechat = await start({ apps: [MINI, { ...MINI, appId: 'wxlonemini', openPlatform: undefined }] });
    const answer = await json(wechat, PATH, params(wechat.loginCode(login)));
    expect(answer).toEqual({
      openid: wechat.openidOf(MINI.appId, 'ming'),
      session_key: expect.stringMatching(/^[\w+/]{22}==$/),
      unionid: wechat.unionidOf(MINI.appId, 'ming'),
    });
    const lone = wechat.loginCode({ appId: 'wxlonemini', user: 'ming' });
    expect(await json(wechat, PATH, { ...params(lone), appid: 'wxlonemini' })).not.toHaveProperty('unionid');
  });

  it('judges what it is given', async () => {
    const wechat = await start();
    const code = wechat.loginCode(login);
    const answer = (changes: Record<string, string>) => json(wechat, PATH, { ...params(code), ...changes });
    expect(await answer({ appid: '' })).toMatchObject({ errcode: 41002 });
    expect(await answer({ appid: OFFICIAL.appId })).toMatchObject({ errcode: 40013 });
    expect(await answer({ secret: '' })).toMatchObject({ errcode: 41004 });
    expect(await answer({ secret: 'x' })).toMatchObject({ errcode: 40125 });
    expect(await answer({ grant_type: 'x' })).toMatchObject({ errcode: 40002 });
    expect(await answer({ js_code: '' })).toMatchObject({ errcode: 41008 });
    expect(await answer({ js_code: wechat.loginCode({ appId: MOBILE.appId, user: 'ming' }) })).toMatchObject({
      errcode: 40029,
    });
    expect(await answer({})).toHaveProperty('session_key');
    expect(await answer({})).toMatchObject({ errcode: 40163 });
  });

  it('lets a code grow old in five minutes', async () => {
    const wechat = await start();
    const code = wechat.loginCode(login);
    wechat.clock.advance(5 * MINUTE);
    expect(await json(wechat, PATH, params(code))).toMatchObject({ errcode: 42003 });
  });

  it('blocks a high-risk user', async () => {
    const wechat = await start();
    wechat.setUser('ming', { blocked: true });
    expect(await json(wechat, PATH, params(wechat.loginCode(login)))).toMatchObject({ errcode: 40226 });
  });
});

describe('loginCode', () => {
  it('is for mini programs and native apps', async () => {
    const wechat = await start();
    expect(() => wechat.loginCode({ appId: OFFICIAL.appId, user: 'ming' })).toThrow(
      /got a official-account\. Use authorize\(\)/,
    );
    expect(() => wechat.loginCode({ appId: 'x', user: 'ming' })).toThrow(/unknown appId/);
    expect(() => wechat.loginCode({ ...login, user: 'x' })).toThrow(/unknown user/);
  });

  it('makes a new session_key that kills the one before, even when codes cross', async () => {
    const wechat = await start();
    const [first, second] = [wechat.loginCode(login), wechat.loginCode(login)];
    const { session_key: newer } = (await json(wechat, PATH, params(second))) as { session_key: string };
    const { session_key: older } = (await json(wechat, PATH, params(first))) as { session_key: string };
    expect(older).not.toBe(newer);
    const sealed = wechat.encrypted(login);
    expect(open(sealed, newer)).toMatchObject({ nickName: '小明' });
    expect(open(wechat.encrypted({ ...login, sessionKey: 'previous' }), older)).toMatchObject({
      nickName: '小明',
    });
    expect(sealed.signature).toBe(
      createHash('sha1')
        .update(sealed.rawData + newer)
        .digest('hex'),
    );
  });
});

describe('encrypted', () => {
  it('needs a wx.login first', async () => {
    const wechat = await start();
    expect(() => wechat.encrypted(login)).toThrow(
      /encrypted\(\) finds no current session_key\. Call loginCode\(\) first/,
    );
    wechat.loginCode(login);
    expect(() => wechat.encrypted({ ...login, sessionKey: 'previous' })).toThrow(/no previous session_key/);
    expect(() => wechat.encrypted({ ...login, user: 'hong' })).toThrow(/no current session_key/);
  });

  it('seals the profile with its watermark, or what the test wants', async () => {
    const wechat = await start();
    const { session_key: key } = (await json(wechat, PATH, params(wechat.loginCode(login)))) as {
      session_key: string;
    };
    wechat.clock.advance(2000);
    const { rawData, ...sealed } = wechat.encrypted(login);
    const watermark = { timestamp: START / 1000 + 2, appid: MINI.appId };
    const opened = open({ ...sealed, rawData }, key);
    expect(opened).toEqual({
      openId: wechat.openidOf(MINI.appId, 'ming'),
      nickName: '小明',
      gender: 0,
      language: 'zh_CN',
      city: '',
      province: '',
      country: '',
      avatarUrl: `${wechat.endpoints.open}/avatar/ming.svg/132`,
      unionId: wechat.unionidOf(MINI.appId, 'ming'),
      watermark,
    });
    expect({
      ...(JSON.parse(rawData) as object),
      openId: opened['openId'],
      unionId: opened['unionId'],
      watermark,
    }).toEqual(opened);
    wechat.setUser('ming', { avatarUrl: 'https://x.test/a.png' });
    expect(open(wechat.encrypted(login), key)['avatarUrl']).toBe('https://x.test/a.png');
    const data = { phoneNumber: '13800000000' };
    expect(open(wechat.encrypted({ ...login, data, watermark: { appid: 'wxother' } }), key)).toEqual({
      ...data,
      watermark: { ...watermark, appid: 'wxother' },
    });
    expect(open(wechat.encrypted({ ...login, watermark: { timestamp: 1 } }), key)['watermark']).toEqual({
      ...watermark,
      timestamp: 1,
    });
  });

  it('signs as WeChat’s published example does', () => {
    const rawData =
      '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}';
    const data = JSON.parse(rawData) as Record<string, unknown>;
    const sealed = sealForMiniProgram(
      { ...data, openId: 'o' },
      { timestamp: 1, appid: 'wx' },
      'HyVFkGl5F5OQWJZZaNzBBg==',
    );
    expect(sealed.rawData).toBe(rawData);
    expect(sealed.signature).toBe('75e81ceda165f4ffa64f4068af58c64b8f54b88c');
  });
});
