import {
  codeIn,
  exchange,
  LONE,
  MINI,
  MOBILE,
  OFFICIAL,
  officialLink,
  start,
  userinfo,
  WEBSITE,
} from './kit.js';
import type { MockUnsure } from '../../../../lib/testing/index.js';

const DESKTOP = 'Mozilla/5.0 (X11; Linux x64) Chrome/126.0';

describe('the link to the page inside WeChat', () => {
  it('sends the browser back with code, then state', async () => {
    const wechat = await start();
    const { redirectTo, page } = await wechat.authorize(
      officialLink({ redirect_uri: 'http://127.0.0.1:3000/cb?x=%E4%BD%A0&y' }),
    );
    expect(redirectTo).toMatch(
      /^http:\/\/127\.0\.0\.1:3000\/cb\?x=%E4%BD%A0&y&code=[A-Za-z0-9]{32}&state=abc123$/,
    );
    expect(page).toBeUndefined();
  });

  it('takes the address of this server as well, and none that is no authorize link', async () => {
    const wechat = await start();
    const path = officialLink().replace('https://open.weixin.qq.com', '');
    expect((await wechat.authorize(wechat.endpoints.open + path)).redirectTo).toBeDefined();
    expect((await wechat.authorize(path)).redirectTo).toBeDefined();
    await expect(wechat.authorize('https://example.com/')).rejects.toThrow(
      /authorize\(\) got "https:\/\/example.com\/"/,
    );
    await expect(wechat.authorize(path, { user: 'nobody' })).rejects.toThrow(/unknown user "nobody"/);
  });

  it.each<[string, string, number | undefined, RegExp]>([
    ['no appid', officialLink({ appid: '' }), 10012, /appid 不能为空/],
    [
      'no redirect_uri',
      officialLink({ redirect_uri: ' ' }).replace('redirect_uri=%20', 'redirect_uri='),
      10011,
      /redirect_uri 不能为空/,
    ],
    ['no scope', officialLink({ scope: '' }), 10010, /scope 不能为空/],
    ['no state', officialLink({ state: ' ' }).replace('state=%20', 'state='), 10013, /state 不能为空/],
    [
      'another response_type',
      officialLink({ response_type: 'token' }),
      undefined,
      /response_type 必须是 code/,
    ],
    [
      'no response_type',
      officialLink({ response_type: ' ' }).replace('response_type=%20&', ''),
      undefined,
      /链接格式错误/,
    ],
    ['an unknown appid', officialLink({ appid: 'wxnobody' }), 40013, /appid 参数错误/],
    ['a website’s appid', officialLink({ appid: WEBSITE.appId }), 10016, /qrconnect/],
    ['a native app’s appid', officialLink({ appid: MOBILE.appId }), 10016, /不支持微信开放平台的 Appid/],
    ['a mini program’s appid', officialLink({ appid: MINI.appId }), 10005, /没有任何 scope/],
    ['a website’s scope', officialLink({ scope: 'snsapi_login' }), 10005, /snsapi_base、snsapi_userinfo/],
    [
      'a list of scopes',
      officialLink({ scope: 'snsapi_base,snsapi_userinfo' }),
      10005,
      /没有这些 scope 的权限/,
    ],
    ['a long state', officialLink({ state: 'a'.repeat(129) }), undefined, /state 参数过长/],
    ['a state with an underscore', officialLink({ state: 'a_b' }), undefined, /state 参数错误/],
    [
      'another order',
      officialLink().replace(/(scope=\w+)&(state=\w+)/, '$2&$1'),
      undefined,
      /参数必须依次是/,
    ],
    [
      'something in between',
      officialLink().replace('&scope', '&b=1&scope'),
      undefined,
      /appid、redirect_uri、response_type、b、scope、state/,
    ],
    ['something behind', officialLink({}, '&forcepopup=true'), undefined, /链接格式错误/],
    ['forcePopup twice', officialLink({}, '&forcePopup=true&forcePopup=true'), undefined, /链接格式错误/],
    [
      'forcePopup behind forceSnapShot',
      officialLink({}, '&forceSnapShot=true&forcePopup=true'),
      undefined,
      /链接格式错误/,
    ],
  ])('shows an error page for %s', async (_what, link, errcode, text) => {
    const wechat = await start();
    const { page, redirectTo } = await wechat.authorize(link);
    expect(redirectTo).toBeUndefined();
    expect(page).toMatchObject({ status: 200 });
    expect(page!.errcode).toBe(errcode);
    expect(page!.html).toMatch(text);
    expect(page!.html).toContain('data-testid="error-page"');
    expect(wechat.calls.at(-1)!.answered).toEqual(
      errcode === undefined ? { status: 200 } : { status: 200, errcode },
    );
  });

  it.each([
    [
      'all optional parameters',
      '&component_appid=wx3&forcePopup=false&forceSnapShot=false&connect_redirect=1',
    ],
    ['connect_redirect alone', '&connect_redirect=1'],
  ])('takes %s', async (_what, tail) => {
    const wechat = await start();
    expect((await wechat.authorize(officialLink({ state: 'a'.repeat(128) }, tail))).redirectTo).toBeDefined();
  });

  it.each<[keyof MockUnsure, unknown, string]>([
    ['strictOrder', false, officialLink().replace(/(scope=\w+)&(state=\w+)/, '$2&$1&more=1')],
    ['stateOptional', true, officialLink({ state: ' ' }).replace('&state=%20', '&connect_redirect=1')],
    ['stateCharset', false, officialLink({ state: 'a_b' })],
    ['scopeList', true, officialLink({ scope: 'snsapi_base,snsapi_userinfo' })],
  ])('is taken the other way with unsure.%s', async (name, way, link) => {
    const strict = await start();
    expect((await strict.authorize(link)).page).toBeDefined();
    const wechat = await start({ unsure: { [name]: way } });
    expect((await wechat.authorize(link)).redirectTo).toMatch(/code=/);
  });

  it('returns no state that was not sent', async () => {
    const wechat = await start({ unsure: { stateOptional: true } });
    const link = officialLink({ state: ' ' }).replace('&state=%20', '');
    expect((await wechat.authorize(link)).redirectTo).toMatch(/\?code=\w+$/);
  });

  it('grants the whole list of scopes', async () => {
    const wechat = await start({ unsure: { scopeList: true } });
    const { redirectTo } = await wechat.authorize(officialLink({ scope: 'snsapi_base,snsapi_userinfo' }));
    const tokens = await exchange(wechat, OFFICIAL, codeIn(redirectTo));
    expect(tokens['scope']).toBe('snsapi_base,snsapi_userinfo');
    expect(tokens['unionid']).toBe(wechat.unionidOf(OFFICIAL.appId, 'ming'));
    expect((await userinfo(wechat, tokens as unknown as Record<string, string>))['nickname']).toBe('小明');
  });

  it('knows the rights of an app', async () => {
    const wechat = await start({ apps: [{ ...LONE, scopes: ['snsapi_base'] }] });
    expect(
      (await wechat.authorize(officialLink({ appid: LONE.appId, scope: 'snsapi_base' }))).redirectTo,
    ).toBeDefined();
    expect((await wechat.authorize(officialLink({ appid: LONE.appId }))).page!.errcode).toBe(10005);
  });

  it.each([
    ['http://127.0.0.1:3000/cb', ['127.0.0.1'], true],
    ['http://localhost:3000/cb', ['localhost'], true],
    ['http://shop.localhost:3000/cb', ['shop.localhost'], true],
    ['http://[::1]:3000/cb', ['::1'], true],
    ['http://127.0.0.1:3000/cb', ['localhost'], false],
    ['https://www.qq.com/cb', ['www.qq.com'], true],
    ['https://WWW.QQ.com/cb', ['www.qq.com'], true],
    ['http://www.qq.com:80/cb', ['www.qq.com'], true],
    ['http://www.qq.com:443/cb', ['www.qq.com'], true],
    ['https://www.qq.com:8443/cb', ['www.qq.com'], false],
    ['https://pay.qq.com/cb', ['www.qq.com'], false],
    ['https://qq.com/cb', ['www.qq.com'], false],
    ['https://www.qq.com.evil.com/cb', ['www.qq.com'], false],
    ['https://www.qq.com@evil.com/cb', ['www.qq.com'], false],
    ['https://例子.中国/cb', ['例子.中国'], true],
    ['ftp://www.qq.com/cb', ['www.qq.com'], false],
    ['/cb', ['www.qq.com'], false],
    ['https%3A%2F%2Fwww.qq.com%2Fcb', ['www.qq.com'], false],
  ])('with redirect_uri %s and the domain %j: %s', async (redirect_uri, domains, allowed) => {
    const wechat = await start({ apps: [{ ...OFFICIAL, domains }] });
    const { redirectTo, page } = await wechat.authorize(officialLink({ redirect_uri }));
    expect([redirectTo?.includes('/cb?code='), page?.errcode]).toEqual(
      allowed ? [true, undefined] : [undefined, 10003],
    );
  });

  it.each([
    ['/wechat', true],
    ['/wechat/callback', true],
    ['/wechat/callback?x=1', true],
    ['/wechat?x=1', true],
    ['/wechatting', false],
    ['/Wechat/callback', false],
    ['/', false],
    ['/orders', false],
    ['/wechat/../orders', false],
    ['/wechat/%2e%2e/orders', false],
    ['/orders?/wechat/', false],
  ])('with redirect_uri %s and a domain with a path: %s', async (path, allowed) => {
    const wechat = await start({ apps: [{ ...OFFICIAL, domains: ['www.qq.com'], domainPath: '/wechat' }] });
    const redirect_uri = `https://www.qq.com${path}`;
    const { redirectTo, page } = await wechat.authorize(officialLink({ redirect_uri }));
    expect([redirectTo !== undefined, page?.errcode]).toEqual([allowed, allowed ? undefined : 10003]);
  });

  it('may be allowed any port, for containers', async () => {
    const wechat = await start({ apps: [{ ...OFFICIAL, domains: ['app'], anyPort: true }] });
    expect(
      (await wechat.authorize(officialLink({ redirect_uri: 'http://app:3000/cb' }))).redirectTo,
    ).toBeDefined();
  });

  it('puts the code in front of a fragment', async () => {
    const wechat = await start();
    const { redirectTo } = await wechat.authorize(officialLink({ redirect_uri: 'http://127.0.0.1/#/path' }));
    expect(redirectTo).toMatch(/^http:\/\/127\.0\.0\.1\/\?code=\w+&state=abc123#\/path$/);
  });

  it('adds a path to an address without one', async () => {
    const wechat = await start();
    const { redirectTo } = await wechat.authorize(officialLink({ redirect_uri: 'http://127.0.0.1' }));
    expect(redirectTo).toMatch(/^http:\/\/127\.0\.0\.1\/\?code=/);
  });

  it('can ask for WeChat’s own browser', async () => {
    const wechat = await start({ requireWechatUserAgent: true });
    expect((await wechat.authorize(officialLink())).redirectTo).toBeDefined();
    const { page } = await wechat.authorize(officialLink(), { userAgent: DESKTOP });
    expect(page!.html).toContain('请在微信客户端打开链接');
    expect(wechat.calls.at(-1)!.userAgent).toBe(DESKTOP);
    const relaxed = await start();
    expect((await relaxed.authorize(officialLink(), { userAgent: DESKTOP })).redirectTo).toBeDefined();
  });
});

describe('consent', () => {
  it('refused: the page stays, or the state comes back without a code', async () => {
    const wechat = await start();
    const { page, redirectTo } = await wechat.authorize(officialLink(), { allow: false });
    expect(redirectTo).toBeUndefined();
    expect(page!.html).toContain('你已拒绝授权');
    wechat.unsure.refusalRedirects = true;
    expect(await wechat.authorize(officialLink(), { allow: false })).toEqual({
      redirectTo: 'http://127.0.0.1:3000/cb?state=abc123',
    });
  });

  it('is not asked for snsapi_base, so cannot be refused', async () => {
    const wechat = await start();
    expect(
      (await wechat.authorize(officialLink({ scope: 'snsapi_base' }), { allow: false })).redirectTo,
    ).toMatch(/code=/);
  });

  it('is not asked of a follower who comes from the chat, forcePopup or not', async () => {
    const wechat = await start();
    const chat = { user: 'qiang', allow: false, fromChat: true };
    expect((await wechat.authorize(officialLink(), chat)).redirectTo).toMatch(/code=/);
    expect((await wechat.authorize(officialLink({}, '&forcePopup=true'), chat)).redirectTo).toMatch(/code=/);
    expect((await wechat.authorize(officialLink(), { ...chat, fromChat: false })).page).toBeDefined();
    expect((await wechat.authorize(officialLink(), { ...chat, user: 'ming' })).page).toBeDefined();
  });

  it('may be remembered (unsure), until forcePopup asks again', async () => {
    const wechat = await start({ unsure: { silentAfterConsent: true } });
    const refuse = { user: 'ming', allow: false };
    expect((await wechat.authorize(officialLink(), refuse)).page).toBeDefined();
    await wechat.authorize(officialLink(), { user: 'ming' });
    expect((await wechat.authorize(officialLink(), refuse)).redirectTo).toMatch(/code=/);
    expect((await wechat.authorize(officialLink({ appid: LONE.appId }), refuse)).page).toBeDefined();
    expect((await wechat.authorize(officialLink({}, '&forcePopup=true'), refuse)).page).toBeDefined();
    // Those who come back have no snapshot page either.
    const { redirectTo } = await wechat.authorize(officialLink({}, '&forceSnapShot=true'), refuse);
    expect((await exchange(wechat, OFFICIAL, codeIn(redirectTo)))['is_snapshotuser']).toBeUndefined();
    wechat.unsure.silentAfterConsent = false;
    expect((await wechat.authorize(officialLink(), refuse)).page).toBeDefined();
  });

  it('is given at once with autoConsent, which may change while the server runs', async () => {
    const wechat = await start({ autoConsent: 'hong' });
    const visit = async () => {
      const response = await fetch(
        officialLink().replace('https://open.weixin.qq.com', wechat.endpoints.open),
        { redirect: 'manual' },
      );
      return response.headers.get('location');
    };
    const tokens = await exchange(wechat, OFFICIAL, codeIn((await visit())!));
    expect(tokens['openid']).toBe(wechat.openidOf(OFFICIAL.appId, 'hong'));
    expect(wechat.autoConsent).toEqual({ user: 'hong', allow: true });
    wechat.autoConsent = { user: 'ming', allow: false };
    expect(await visit()).toBeNull();
    expect((await wechat.authorize(officialLink())).page!.html).toContain('你已拒绝授权');
    expect((await wechat.authorize(officialLink(), { allow: true })).redirectTo).toBeDefined();
    wechat.autoConsent = undefined;
    expect(await visit()).toBeNull();
    expect(() => (wechat.autoConsent = 'nobody')).toThrow(/autoConsent names the unknown user "nobody"/);
  });

  it('can be given by request headers, so that several people share one server', async () => {
    const wechat = await start({ autoConsent: 'ming' });
    const url = officialLink().replace('https://open.weixin.qq.com', wechat.endpoints.open);
    const visit = (headers: Record<string, string>) => fetch(url, { redirect: 'manual', headers });
    const location = (await visit({ 'x-wechat-mock-user': 'hong' })).headers.get('location')!;
    expect((await exchange(wechat, OFFICIAL, codeIn(location)))['openid']).toBe(
      wechat.openidOf(OFFICIAL.appId, 'hong'),
    );
    const refused = await visit({ 'x-wechat-mock-user': 'hong', 'x-wechat-mock-answer': 'refuse' });
    expect(await refused.text()).toContain('refused-page');
    expect(await (await visit({ 'x-wechat-mock-user': 'nobody' })).text()).toContain('没有这个测试用户');
  });
});
