// sample/01-quick-start from its start to Ctrl+C, through every door. Leaves screenshots beside
// this file.
import type { Browser as Chromium } from 'playwright-core';
import { AGENTS, Browser } from '../support/browser.js';
import { freePorts, occupy, Sample } from './sample.js';
import { launchChromium, Visitor } from './visitor.js';

const FOLDER = 'sample/01-quick-start';
const OPENID = /^o[\w-]{27}$/;

describe('The quick start', () => {
  let browser: Chromium;
  let sample: Sample;
  let ports: Awaited<ReturnType<typeof freePorts>>;
  let home: string;
  let visitor: Visitor;

  beforeAll(async () => {
    browser = await launchChromium();
    ports = await freePorts();
    sample = Sample.start({ env: ports });
    home = await sample.address();
    // The first start builds the library and the sample.
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await sample?.kill();
  });

  afterEach(async () => {
    await visitor?.context.close();
  });

  async function openHome(
    ...[screen, options]: [
      screen: 'phone' | 'desktop',
      options?: { javaScript?: boolean; userAgent?: string },
    ]
  ) {
    visitor = await Visitor.open(browser, screen, options);
    await visitor.page.goto(home);
    return visitor;
  }

  /** Silent: the mock asks whose phone it is, and WeChat would not. */
  async function signInInsideWechat(person: string): Promise<void> {
    await visitor.press('sign-in');
    await visitor.press(`user-${person}`);
  }

  it('says where it is and what to try', () => {
    expect(home).toBe(`http://127.0.0.1:${ports.PORT}`);
    expect(sample.output).toContain(`http://127.0.0.1:${ports.MOCK_PORT}`);
    expect(sample.output).toMatch(/微信.*电脑.*小程序/s);
  });

  it('signs in silently inside WeChat, and asks for the profile only when it is wanted', async () => {
    const { page } = await openHome('phone', { javaScript: false });
    expect(await visitor.text('who')).toContain('未登录');
    expect(await visitor.text('price-note')).toContain('登录后');
    await visitor.photograph('wechat-1-home');

    await visitor.press('sign-in');
    await visitor.photograph('wechat-2-whose-phone');
    await visitor.press('user-ming');

    expect(page.url()).toBe(`${home}/account#`);
    expect(await visitor.text('openid')).toMatch(OPENID);
    expect(await visitor.text('name')).toBe('茶客');
    expect(await visitor.fact('app')).toBe('official');
    expect(await visitor.fact('scope')).toBe('snsapi_base');
    expect(await visitor.fact('nickname')).toBe('—');
    expect(await visitor.text('decision')).toContain('/connect/oauth2/authorize snsapi_base');
    await visitor.photograph('wechat-3-silent');
    const openid = await visitor.text('openid');

    await visitor.press('show-profile');
    expect(await page.getByTestId('consent-page').innerText()).toContain('申请获取你的昵称、头像');
    await visitor.photograph('wechat-4-consent');
    await visitor.press('allow');

    expect(page.url()).toBe(`${home}/account/profile#`);
    expect(await visitor.text('name')).toBe('小明');
    expect(await visitor.text('openid')).toBe(openid);
    expect(await visitor.fact('scope')).toBe('snsapi_userinfo');
    expect(await visitor.fact('unionid')).toMatch(OPENID);
    expect(await visitor.text('decision')).toContain('/sns/userinfo');
    const picture = page.getByTestId('card').getByTestId('avatar');
    expect(await picture.getAttribute('src')).toMatch(`http://127.0.0.1:${ports.MOCK_PORT}/avatar/`);
    expect(visitor.to('/avatar/ming.svg/132').at(-1)!.status()).toBe(200);
    await visitor.photograph('wechat-5-profile');

    await page.reload();
    expect(await visitor.text('decision')).toContain('未请求微信');

    await visitor.press('home');
    expect(await visitor.text('who')).toBe('小明');
    expect(await visitor.text('price-note')).toContain('会员价');
    await visitor.photograph('wechat-6-home');
    expect(visitor.errors).toEqual([]);
  });

  it.each(['frame', 'window'])('signs in by the code beside a password form, in the %s', async (mode) => {
    const { page } = await openHome('desktop');
    await visitor.press('device-desktop');
    await visitor.press('sign-in-page');
    if (mode === 'window') await visitor.press('other-mode');
    const code = page.frameLocator('[data-testid="wechat-code"] iframe');
    await code.getByTestId('scan-as-hong').waitFor();
    await visitor.photograph(`desktop-code-in-the-${mode}`);
    await code.getByTestId('scan-as-hong').click();
    await code.getByTestId('allow').click();
    await page.waitForURL(/\/account#?$/);
    expect(await visitor.fact('app')).toBe('website');
    expect(visitor.errors).toEqual([]);
  });

  it('leaves no code or state in the address, and nothing for scripts in the cookies', async () => {
    const { context } = await openHome('phone');
    await signInInsideWechat('ming');

    const callback = visitor.to('/account').find((response) => response.url().includes('code='))!;
    expect(callback.status()).toBe(302);
    expect(await callback.headerValue('location')).toBe(`${home}/account#`);
    expect(await callback.headerValue('cache-control')).toBe('no-store');
    expect(await callback.headerValue('referrer-policy')).toBe('no-referrer');
    const cookies = (await context.cookies(home)).filter(({ name }) => name.startsWith('wechat_'));
    expect(cookies.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^wechat_session_/));
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    expect(visitor.hosts()).toEqual(['127.0.0.1']);
  });

  it('stays signed in silently when the profile is refused', async () => {
    const { page } = await openHome('phone');
    await signInInsideWechat('hong');
    await visitor.press('show-profile');
    await visitor.press('refuse');

    expect(await page.getByRole('main').innerText()).toContain('LOGIN_REFUSED');
    expect(visitor.to('/account/profile').at(-1)!.status()).toBe(403);
    await visitor.photograph('wechat-7-refused');

    await page.goto(`${home}/account`);
    expect(await visitor.fact('scope')).toBe('snsapi_base');
    expect(await visitor.text('decision')).toContain('未请求微信');
  });

  it('asks again after a refusal, by the button of the page', async () => {
    const { page } = await openHome('phone');
    await signInInsideWechat('hong');
    await visitor.press('show-profile');
    await visitor.press('refuse');
    await page.getByRole('link', { name: '重试' }).click();
    await visitor.press('allow');

    expect(page.url()).toBe(`${home}/account/profile#`);
    expect(await visitor.text('name')).toContain('小红');
  });

  it('signs in by QR code on a desktop, without a script', async () => {
    const { page } = await openHome('desktop', { javaScript: false });
    await visitor.press('device-desktop');
    expect(page.url()).toBe(`${home}/`);
    await visitor.photograph('desktop-1-home');

    await visitor.press('sign-in');
    expect(await page.getByTestId('qr-code').isVisible()).toBe(true);
    await visitor.photograph('desktop-2-qr-code');
    await visitor.press('scan-as-hong');
    await visitor.photograph('desktop-3-confirm');
    await visitor.press('allow');

    expect(page.url()).toBe(`${home}/account#`);
    expect(await visitor.text('name')).toContain('小红');
    expect(await visitor.fact('app')).toBe('website');
    expect(await visitor.fact('scope')).toBe('snsapi_login');
    expect(await page.getByTestId('show-profile').count()).toBe(0);
    await visitor.photograph('desktop-4-account');
    await visitor.press('home');
    await visitor.photograph('desktop-5-home');
    expect(visitor.errors).toEqual([]);
  });

  it.each(['phone', 'desktop'] as const)('signs in as a mini program does, on a %s', async (screen) => {
    const { page, context } = await openHome(screen);
    expect(await page.getByText('这台设备').isVisible()).toBe(true);
    await visitor.press('device-mini');
    expect(await visitor.text('who')).toContain('未登录');
    await page.getByTestId('mini-user').selectOption('ming');
    await page.getByTestId('mini-login').click();
    await page.locator('#mini-points.done').waitFor();

    expect(await visitor.text('mini-name')).toContain('小明');
    expect(await visitor.text('who')).toContain('小明');
    expect(await visitor.text('who')).not.toContain('未登录');
    expect(await visitor.text('mini-token')).toContain('"app": "mini"');
    expect(await visitor.text('mini-points')).toContain('"points": 88');
    const request = visitor.to('/account/points').at(-1)!.request();
    expect(await request.headerValue('authorization')).toMatch(/^Bearer v1\./);
    expect(await request.headerValue('cookie')).toBeNull();
    const cookies = (await context.cookies(home)).map(({ name }) => name);
    expect(cookies.filter((name) => name.startsWith('wechat_session_'))).toEqual([]);
    await visitor.photograph(`mini-${screen}`);
    expect(visitor.errors).toEqual([]);
  });

  it('binds a phone number, also when the session key has gone stale meanwhile', async () => {
    const { page } = await openHome('phone');
    await visitor.press('device-mini');
    await page.getByTestId('mini-user').selectOption('ming');
    await page.getByTestId('mini-login').click();
    await page.locator('#mini-points.done').waitFor();

    const statuses = () => visitor.to('/account/phone').map((response) => response.status());
    await page.getByTestId('mini-phone').click();
    await page.locator('#mini-bound.done').waitFor();
    expect(await visitor.text('mini-bound')).toMatch(/"phone": "1\d\d\*{4}\d{4}"/);
    expect(statuses()).toEqual([200]);

    const logins = visitor.to('/wechat/session').length;
    const answered = page.waitForResponse('**/demo/wx-login');
    await page.getByTestId('mini-stale').click();
    await answered;
    await page.getByTestId('mini-phone').click();
    await page.waitForResponse((response) => response.url().endsWith('/account/phone') && response.ok());
    expect(statuses()).toEqual([200, 409, 200]);
    expect(visitor.to('/wechat/session')).toHaveLength(logins + 1);
    await visitor.photograph('mini-phone-number');
  });

  it.each([
    ['an iPhone', AGENTS.wechat, /\/share$/],
    ['Android', AGENTS.wechatAndroid, /\/share\/longjing\?from=menu$/],
  ])('sets a share card by the JS-SDK, after a change of route too, on %s', async (_, userAgent, signed) => {
    const { page } = await openHome('phone', { userAgent });
    await visitor.press('to-share');
    await page.getByTestId('share').click();
    await page.locator('#js-share.done').waitFor();
    expect(await visitor.text('js-sign')).toContain(`"url": "${home}/share"`);
    expect(await visitor.text('js-config')).toContain('config:ok');
    expect(await visitor.text('js-share')).toContain('updateAppMessageShareData:ok');
    await visitor.photograph(`share-${userAgent === AGENTS.wechat ? 'iphone' : 'android'}`);

    await page.getByTestId('route').click();
    expect(page.url()).toBe(`${home}/share/longjing?from=menu#card`);
    await page.getByTestId('share').click();
    await page.locator('#js-share:not(.done)').waitFor();
    await page.locator('#js-share.done').waitFor();
    const asked = visitor.to('/js-sdk').map((response) => new URL(response.url()).searchParams.get('url'));
    expect(asked).toEqual([`${home}/share`, expect.stringMatching(signed)]);
    expect(visitor.hosts()).toEqual(['127.0.0.1']);
    expect(visitor.errors).toEqual([]);
  });

  it('signs no page but its own', async () => {
    const { context } = await openHome('desktop');
    const answer = await context.request.get(
      `${home}/js-sdk?url=${encodeURIComponent('https://evil.example/')}`,
    );

    expect(answer.status()).toBe(400);
    expect(await answer.text()).not.toContain('signature');
  });

  it('tells a program what is missing instead of redirecting it', async () => {
    const { context } = await openHome('desktop');
    const answer = await context.request.get(`${home}/account/points`, { maxRedirects: 0 });

    expect(answer.status()).toBe(401);
    expect(await answer.json()).toMatchObject({
      code: 'WECHAT_LOGIN_REQUIRED',
      loginUrl: `${home}/wechat/login`,
    });
  });

  it('signs out, and the next person signs in', async () => {
    const { page, context } = await openHome('desktop', { javaScript: false });
    await visitor.press('device-desktop');
    await visitor.press('sign-in');
    await visitor.press('scan-as-ming');
    await visitor.press('allow');
    expect(await visitor.text('name')).toBe('小明');

    await visitor.press('sign-out');
    expect(page.url()).toBe(`${home}/`);
    expect(await visitor.text('who')).toContain('未登录');
    const left = (await context.cookies(home)).map(({ name }) => name);
    expect(left.filter((name) => /^wechat_(session|flow)_/.test(name))).toEqual([]);
    await page.goto(`${home}/account`);
    expect(await page.getByTestId('qr-code').isVisible()).toBe(true);

    await visitor.press('scan-as-hong');
    await visitor.press('allow');
    expect(await visitor.text('name')).toContain('小红');
  });

  it('knows nobody on another device', async () => {
    await openHome('desktop');
    await signInInsideWechat('ming');
    await visitor.page.goto(home);
    await visitor.press('device-desktop');

    expect(await visitor.text('who')).toContain('未登录');
  });

  it('leads people from localhost to the one address that cookies count on', async () => {
    const { page } = await openHome('desktop');
    await page.goto(`http://localhost:${ports.PORT}/`);

    expect(page.url()).toBe(`${home}/`);
  });

  it('stops on Ctrl+C and frees both ports', async () => {
    sample.interrupt();
    // npm ends by the signal itself, whatever the sample says.
    await sample.end();

    expect(sample.output).toContain('Stopped');
    for (const port of [ports.PORT, ports.MOCK_PORT]) await (await occupy(Number(port))).release();
  });
});

describe('A start that fails', () => {
  const REAL = {
    WECHAT_APP_ID: 'wx0123456789abcdef',
    WECHAT_SECRET: '0123456789abcdef0123456789abcdef',
    PUBLIC_URL: 'https://tea.example.com',
    SESSION_SECRET: 'quite-a-long-secret-for-nobody-but-this-test',
  };
  let sample: Sample | undefined;

  afterEach(async () => {
    await sample?.kill();
  });

  /** What the sample itself said; npm adds lines of its own. */
  async function failure(env: Record<string, string>, folder?: string): Promise<string[]> {
    sample = Sample.start({ env: { ...(await freePorts()), ...env }, folder, built: true });
    expect(await sample.end()).toBe(1);
    return sample.output.split('\n').filter((line) => line !== '' && !/^(npm |> )/.test(line));
  }

  it.each(['PORT', 'MOCK_PORT'])(
    'names the port that is taken, and how to take another: %s',
    async (variable) => {
      const { port, release } = await occupy();
      try {
        const lines = await failure({ [variable]: String(port) }, FOLDER);

        expect(lines).toEqual([expect.stringContaining(`Port ${port} is taken. Try: ${variable}=`)]);
      } finally {
        await release();
      }
    },
  );

  it.each([
    ['half of the keys', { ...REAL, WECHAT_SECRET: '' }, /WECHAT_SECRET missing/],
    ['no session secret', { ...REAL, SESSION_SECRET: '' }, /SESSION_SECRET missing.*openssl rand/],
    ['an address that is none', { ...REAL, PUBLIC_URL: 'tea' }, /PUBLIC_URL.*is not a URL/],
    ['an address without TLS', { ...REAL, PUBLIC_URL: 'http://tea.example.com' }, /PUBLIC_URL.*Use https/],
    ['a short session secret', { ...REAL, SESSION_SECRET: 'short' }, /SESSION_SECRET.*shorter than 32 bytes/],
    ['a port that is none', { PORT: 'three' }, /PORT is "three"/],
    ['production with the mock', { NODE_ENV: 'production' }, /NODE_ENV=production/],
  ])('says in one line what is wrong: %s', async (_, env, message) => {
    const lines = await failure(env);

    expect(lines).toEqual([expect.stringMatching(message)]);
    expect(lines.join()).not.toContain(REAL.WECHAT_SECRET);
  });

  it('starts with the real WeChat, and sends a phone there', async () => {
    const ports = await freePorts();
    sample = Sample.start({ env: { ...REAL, ...ports }, built: true });
    await sample.printed(/真实微信/);

    const phone = new Browser(AGENTS.wechat);
    const answer = await phone.visit(`http://127.0.0.1:${ports.PORT}/account`);
    expect(answer.headers.location).toMatch(
      /^https:\/\/open\.weixin\.qq\.com\/connect\/oauth2\/authorize\?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Ftea\.example\.com%2Faccount&/,
    );
    const { body: page } = await phone.visit(`http://127.0.0.1:${ports.PORT}/`);
    expect(page).toContain('微信登录');
    expect(page).not.toContain('device-desktop');
  });
});
