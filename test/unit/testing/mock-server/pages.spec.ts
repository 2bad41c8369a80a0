// The pages as a browser without JavaScript uses them: links, forms, a cookie.
import { html } from '../../../../lib/testing/mock-server/pages/html.js';
import {
  codeIn,
  exchange,
  get,
  MOBILE,
  OFFICIAL,
  officialLink,
  qrLink,
  signIn,
  start,
  WEBSITE,
} from './kit.js';
import { Tab } from './tab.js';

describe('inside WeChat', () => {
  it('asks once whose phone it is, then for consent, and goes back with a code', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(officialLink());
    expect(tab.shows('choose-user-page')).toBe(true);
    for (const { id } of wechat.users) expect(tab.shows(`user-${id}`)).toBe(true);
    await tab.press('user-hong');
    expect(tab.shows('consent-page')).toBe(true);
    expect(tab.html).toContain('小红🌸');
    expect(tab.html).toContain('示例公众号');
    expect(tab.url).toContain('/connect/oauth2/authorize?');
    await tab.press('allow');
    const tokens = await exchange(wechat, OFFICIAL, codeIn(tab.url));
    expect(tokens['openid']).toBe(wechat.openidOf(OFFICIAL.appId, 'hong'));
    // From now on snsapi_base is silent.
    await tab.open(officialLink({ scope: 'snsapi_base' }));
    expect((await exchange(wechat, OFFICIAL, codeIn(tab.url)))['scope']).toBe('snsapi_base');
    expect(wechat.calls.every(({ path }) => !path.startsWith('/mock'))).toBe(true);
  });

  it('asks whose phone it is for snsapi_base too, and then asks nothing more', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(officialLink({ scope: 'snsapi_base' }));
    await tab.press('user-ming');
    expect(codeIn(tab.url)).toMatch(/^\w{32}$/);
  });

  it('stays on the page after a refusal, where one may choose again', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(officialLink());
    await (await tab.press('user-ming')).press('refuse');
    expect(tab.shows('refused-page')).toBe(true);
    await tab.press('ask-again');
    expect(tab.shows('consent-page')).toBe(true);
    wechat.unsure.refusalRedirects = true;
    await tab.press('refuse');
    expect(tab.url).toBe('http://127.0.0.1:3000/cb?state=abc123');
  });

  it('lets one switch the person, and forgets people who no longer exist', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(officialLink());
    await (await tab.press('user-ming')).press('switch-user');
    expect(tab.shows('choose-user-page')).toBe(true);
    await tab.press('user-hong');
    expect(tab.html).toContain('小红🌸');
    const cookie = { headers: { cookie: 'wechat_mock_phone=gone' } };
    const path = officialLink().slice('https://open.weixin.qq.com'.length);
    expect((await get(wechat, path, {}, cookie)).body).toContain('choose-user-page');
  });

  it('offers a snapshot user the snapshot or the full service', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(officialLink());
    await tab.press('user-visitor');
    expect(tab.shows('snapshot-page')).toBe(true);
    expect(tab.html).toContain('将以虚拟账号浏览');
    await tab.press('snapshot');
    expect(await exchange(wechat, OFFICIAL, codeIn(tab.url))).toMatchObject({ is_snapshotuser: 1 });
    await tab.open(officialLink());
    await tab.press('full');
    expect(tab.shows('consent-page')).toBe(true);
    await tab.press('allow');
    const tokens = await exchange(wechat, OFFICIAL, codeIn(tab.url));
    expect(tokens).toMatchObject({ openid: wechat.openidOf(OFFICIAL.appId, 'visitor') });
    expect(tokens).not.toHaveProperty('is_snapshotuser');
  });

  it('says beside a snapshot user where no snapshot comes of it: a silent login, a QR code', async () => {
    const wechat = await start();
    const tab = new Tab(wechat);
    const note = () => /data-testid="no-snapshot"[^>]*>([^<]*)/.exec(tab.html)?.[1]?.trim();
    await tab.open(officialLink({ scope: 'snsapi_base' }));
    expect(note()).toMatch(/静默登录.*普通身份.*snsapi_userinfo/);
    expect(tab.html.match(/no-snapshot/g)).toHaveLength(1);
    await tab.press('user-visitor');
    const tokens = await exchange(wechat, OFFICIAL, codeIn(tab.url));
    expect(tokens).toMatchObject({ openid: wechat.openidOf(OFFICIAL.appId, 'visitor') });
    expect(tokens).not.toHaveProperty('is_snapshotuser');
    await new Tab(wechat)
      .open(officialLink())
      .then(({ html: text }) => expect(text).not.toContain('no-snapshot'));
    await tab.open(qrLink());
    expect(note()).toMatch(/扫码登录没有快照页/);
    await tab.open(qrLink({}, '&lang=en'));
    expect(note()).toMatch(/QR code knows no snapshot page/);
    const ordinary = await start({ users: [{ id: 'ming', nickname: '小明' }] });
    expect((await new Tab(ordinary).open(qrLink())).html).not.toContain('no-snapshot');
  });

  it('can be opened by GET only, and its buttons only name people who exist', async () => {
    const wechat = await start();
    const path = officialLink().slice('https://open.weixin.qq.com'.length).split('#')[0]!;
    expect((await get(wechat, path, {}, { method: 'POST' })).body).toContain('只能用 GET');
    const button = path.replace('/connect/oauth2/authorize', '/mock/authorize');
    expect((await get(wechat, button, {}, { method: 'POST' })).body).toContain('没有这个测试用户');
    expect(
      (await get(wechat, button, {}, { method: 'POST', body: 'user=gone&answer=allow' })).body,
    ).toContain('没有这个测试用户');
  });
});

describe('on a desktop', () => {
  it('shows a QR code, takes the phone that scans, asks on it, and goes back', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(qrLink());
    expect(tab.shows('qr-page')).toBe(true);
    expect(tab.shows('qr-code')).toBe(true);
    expect(tab.html).toContain('请使用微信扫描二维码登录');
    await tab.press('scan-as-ming');
    expect(tab.shows('confirm-page')).toBe(true);
    expect(tab.html).toContain('申请使用你的微信账号登录');
    await tab.press('refuse');
    expect(tab.shows('refused-page')).toBe(true);
    await (await tab.press('ask-again')).press('allow');
    expect(await exchange(wechat, WEBSITE, codeIn(tab.url))).toMatchObject({
      openid: wechat.openidOf(WEBSITE.appId, 'ming'),
    });
  });

  it('speaks English with lang=en', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(qrLink({}, '&lang=en'));
    expect(tab.html).toContain('<html lang="en">');
    expect(tab.html).toContain('Scan with WeChat to log in');
    expect(tab.html).toContain('qiang · follower');
    await tab.press('scan-as-ming');
    expect(tab.html).toMatch(/> Allow </);
  });

  it('asks a person who is named by a header and answers neither yes nor no', async () => {
    const wechat = await start();
    const path = qrLink().slice('https://open.weixin.qq.com'.length).split('#')[0]!;
    const headers = { 'x-wechat-mock-user': 'hong', 'x-wechat-mock-answer': 'later' };
    const { body } = await get(wechat, path, {}, { headers });
    expect(body).toContain('confirm-page');
    expect(body).toContain('小红🌸');
  });

  it('has no fixed order, and no limit to state', async () => {
    const wechat = await start();
    const state = `a_b=&${'x'.repeat(300)}`;
    const { redirectTo } = await wechat.authorize(
      `https://open.weixin.qq.com/connect/qrconnect?scope=snsapi_login&state=${encodeURIComponent(state)}&response_type=code&appid=${WEBSITE.appId}&redirect_uri=http://localhost/cb`,
    );
    expect(new URL(redirectTo!).searchParams.get('state')).toBe(state);
    const none = await wechat.authorize(qrLink({ state: ' ' }).replace('&state=%20', ''));
    expect(none.redirectTo).toMatch(/code=\w+$/);
    expect(wechat.calls.at(-1)!.userAgent).toContain('Chrome');
  });

  it('puts the code behind a fragment', async () => {
    const wechat = await start();
    const plain = await wechat.authorize(qrLink({ redirect_uri: 'http://localhost/#/path' }));
    expect(plain.redirectTo).toMatch(/^http:\/\/localhost\/#\/path\?code=\w+&state=abc123$/);
    const query = await wechat.authorize(qrLink({ redirect_uri: 'http://localhost/#/path?a=1' }));
    expect(query.redirectTo).toMatch(/#\/path\?a=1&code=/);
  });

  it('can be refused', async () => {
    const wechat = await start();
    expect((await wechat.authorize(qrLink(), { allow: false })).page!.html).toContain('refused-page');
    wechat.unsure.refusalRedirects = true;
    expect(await wechat.authorize(qrLink(), { allow: false })).toEqual({
      redirectTo: 'http://127.0.0.1:3000/cb?state=abc123',
    });
  });

  it.each<[string, string, number | undefined, RegExp]>([
    ['no appid', qrLink({ appid: '' }), 10012, /appid 不能为空/],
    ['no scope', qrLink({ scope: '' }), 10010, /scope 不能为空/],
    ['no response_type', qrLink({ response_type: ' ' }), undefined, /response_type 必须是 code/],
    ['an unknown appid', qrLink({ appid: 'wxnobody' }), 40013, /appid 参数错误/],
    [
      'an official account’s appid',
      qrLink({ appid: OFFICIAL.appId }),
      undefined,
      /不是网站应用，而是 official-account/,
    ],
    ['a native app’s appid', qrLink({ appid: MOBILE.appId }), undefined, /该链接无法访问/],
    [
      'another domain',
      qrLink({ redirect_uri: 'http://evil.com/' }),
      10003,
      /redirect_uri 域名与后台配置不一致/,
    ],
    ['an official account’s scope', qrLink({ scope: 'snsapi_userinfo' }), 10005, /只有 snsapi_login/],
  ])('shows an error page for %s', async (_what, link, errcode, text) => {
    const wechat = await start();
    const { page } = await wechat.authorize(link);
    expect(page!.errcode).toBe(errcode);
    expect(page!.html).toMatch(text);
  });

  it('may stand in the iframe of wxLogin.js, and leads the window or the frame back', async () => {
    const wechat = await start();
    const framed = (rest: string) => qrLink({ response_type: ' ' }, rest).replace('response_type=%20&', '');
    const tab = await new Tab(wechat).open(framed('&login_type=jssdk&self_redirect=default'));
    expect(tab.headers.get('content-security-policy')).toContain('frame-ancestors http: https:');
    await tab.press('scan-as-ming');
    expect(tab.headers.get('content-security-policy')).toContain('frame-ancestors http: https:');
    expect(tab.html).toMatch(/data-testid="allow" formtarget="_top"/);
    expect(tab.html).not.toMatch(/data-testid="refuse" formtarget/);
    await (await tab.open(framed('&login_type=jssdk&self_redirect=true'))).press('scan-as-ming');
    expect(tab.html).not.toContain('formtarget');
  });
});

describe('a button', () => {
  it('leads to a page that was asked for by GET, so that one can go back to it', async () => {
    const wechat = await start();
    const tab = await new Tab(wechat).open(qrLink());
    await (await (await tab.press('scan-as-ming')).press('refuse')).press('ask-again');
    await tab.press('allow');
    await (await tab.open(officialLink())).press('user-ming');
    await (await (await tab.press('refuse')).press('ask-again')).press('switch-user');
    await (await tab.press('user-visitor')).press('full');
    expect(tab.url).toContain('/mock/authorize/visitor/full?appid=');
    await (await (await tab.press('refuse')).press('ask-again')).press('snapshot');
    const pressed = tab.answers.filter(({ method }) => method === 'POST');
    expect(pressed.map(({ status }) => status)).toEqual(Array(13).fill(303));
    expect(wechat.calls.every(({ path }) => path.startsWith('/connect/'))).toBe(true);
    const shown = tab.answers.filter(({ status }) => status === 200);
    expect(shown.length).toBeGreaterThan(10);
    for (const { url } of shown) expect((await fetch(url)).status).toBe(200);
  });

  it('leads to pages of their own links and people only', async () => {
    const wechat = await start();
    const query = (link: string) => /\?[^#]*/.exec(link)![0];
    const qr = `/mock/qrconnect/ming/confirm${query(qrLink())}`;
    expect((await get(wechat, qr)).body).toContain('confirm-page');
    expect((await get(wechat, qr.replace('ming', 'gone'))).body).toContain('没有这个测试用户');
    expect((await get(wechat, qr.replace('appid=', 'appid=x'))).body).toContain('appid 参数错误');
    const inside = `/mock/authorize/ming/full${query(officialLink())}`;
    expect((await get(wechat, inside)).body).toContain('consent-page');
    expect((await get(wechat, inside.replace('scope=', 'x=1&scope='))).body).toContain('参数必须依次是');
    const odd = ['confirm', 'constructor', '', '__proto__'].map((step) => inside.replace('full', step));
    odd.push(inside.replace('ming', 'a%2F..'), inside.replace('ming', 'x'.repeat(65)));
    for (const path of odd) expect((await get(wechat, path)).status).toBe(404);
    for (const method of ['POST', 'PUT']) {
      expect((await get(wechat, qr, {}, { method })).status).toBe(404);
    }
  });
});

describe('every page', () => {
  it('is marked as a test, loads nothing from elsewhere, runs nothing, is kept by nobody', async () => {
    const wechat = await start();
    const tab = new Tab(wechat);
    const pages = [
      (await tab.open(officialLink())).html,
      (await tab.press('user-ming')).html,
      (await tab.press('refuse')).html,
      (await tab.open(qrLink())).html,
      (await tab.open(qrLink({ appid: '' }))).html,
    ];
    for (const text of pages) {
      expect(text).toContain('测试环境');
      expect(text).toContain('这不是微信');
      expect(text).not.toMatch(/https?:\/\/(?!127\.0\.0\.1)|<script|style="|\son\w+=/);
    }
    expect(tab.headers.get('cache-control')).toBe('no-store');
    expect(tab.headers.get('referrer-policy')).toBe('no-referrer');
    expect(tab.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(tab.headers.get('x-wechat-mock-errcode')).toBe('10012');
    const policy = tab.headers.get('content-security-policy')!;
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'nonce-[\w+/=]+'; img-src 'self'; base-uri 'none';/,
    );
    expect(policy).toContain("frame-ancestors 'none'");
    expect(tab.html).toContain(`nonce="${/nonce-([^']+)'/.exec(policy)![1]}"`);
  });

  it('escapes what it shows', async () => {
    const evil = `<img src=x onerror=alert(1)>"'&`;
    const wechat = await start({
      apps: [{ ...OFFICIAL, name: evil }, WEBSITE],
      users: [{ id: 'evil', nickname: evil, blocked: true }],
    });
    const tab = await new Tab(wechat).open(officialLink());
    expect(tab.html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(tab.html).toContain('高风险用户');
    const seen = [tab.html, (await tab.press('user-evil')).html];
    seen.push((await tab.open(officialLink({ redirect_uri: `http://evil.com/${evil}` }))).html);
    seen.push((await tab.open(officialLink({ state: evil }))).html);
    for (const text of seen) expect(text).not.toContain('<img src=x');
  });

  it('is put together from escaped text, HTML, lists and nothing', () => {
    const items = ['<', '>'].map((item) => html`<i>${item}</i>`);
    expect(html`<p title="${'"'}">${items}${undefined}${false}${7}</p>`.text).toBe(
      '<p title="&quot;"><i>&lt;</i><i>&gt;</i>7</p>',
    );
  });
});

describe('pictures', () => {
  it('are drawn for everybody, in the sizes WeChat has', async () => {
    const wechat = await start({
      users: [
        { id: 'hua', nickname: '👩‍🚀花' },
        { id: 'nobody', nickname: ' ' },
      ],
    });
    const { status, headers, body } = await get(wechat, '/avatar/hua.svg/46');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(body).toContain('width="46"');
    expect(body).toMatch(/>\s*👩‍🚀\s*<\/text>/);
    expect((await get(wechat, '/avatar/hua.svg/0')).body).toContain('width="640"');
    expect((await get(wechat, '/avatar/hua.svg')).body).toContain('width="132"');
    const grey = (await get(wechat, '/avatar/virtual.user.svg/132')).body;
    expect(grey).not.toContain('<text');
    expect((await get(wechat, '/avatar/nobody.svg/132')).body).toBe(grey);
    expect((await get(wechat, '/avatar/hua.svg/47')).status).toBe(404);
    expect(wechat.calls).toEqual([]);
    expect((await get(wechat, '/favicon.ico')).status).toBe(204);
  });

  it('are found where userinfo says', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat);
    const params = { access_token: tokens['access_token']!, openid: tokens['openid']! };
    const { headimgurl } = JSON.parse((await get(wechat, '/sns/userinfo', params)).body) as {
      headimgurl: string;
    };
    expect(await (await fetch(headimgurl)).text()).toMatch(/>\s*小\s*<\/text>/);
  });
});
