// Hostile and broken input, from browsers and from WeChat: a typed answer for each, nobody signed
// in, and no secret in any answer, log line or error.
import { Controller, Get, UseGuards } from '@nestjs/common';
import { inspect } from 'node:util';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatOAuthService,
  WechatUser,
} from '../../lib/index.js';
import type { MockFault, WechatMockServer } from '../../lib/testing/index.js';
import { signInAs } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  PLATFORMS,
  type Running,
  SESSION_SECRET,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';

const EXCHANGE = '/sns/oauth2/access_token';
let handled = 0;

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(@WechatUser('openid') openid: string) {
    handled++;
    return { openid };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile(@WechatUser() user: unknown) {
    handled++;
    return { user };
  }
}

describe.each(PLATFORMS)('Bad input on %s', (_name, adapter) => {
  let wechat: WechatMockServer;
  let running: Running;
  let browser: Browser;
  /** Everything that was answered, thrown or logged in a test. */
  let seen: string[];

  beforeEach(async () => {
    handled = 0;
    seen = [];
    wechat = await startWechat();
    running = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController, WechatAuthController],
      options: { apps: ALL_APPS, defaultApp: 'official', http: { timeout: 500 } },
    });
    browser = new Browser().route(SHOP, running.port);
  });

  afterEach(async () => {
    const text = [...seen, running.logs.text].join('\n');
    expect(secretsOf(wechat).filter((canary) => text.includes(canary))).toEqual([]);
    await running.app.close();
    await wechat.close();
  });

  function keep(answer: Answer): Answer {
    const { location, ...headers } = answer.headers;
    // The way to WeChat and the sealed cookies are the two things that leave on purpose.
    seen.push(JSON.stringify([answer.status, { ...headers, 'set-cookie': undefined }, answer.body]));
    seen.push(String(location ?? '').replace(/state=[0-9a-f]{32}/, ''));
    return answer;
  }

  async function callbackFor(path = '/orders'): Promise<URL> {
    const start = await browser.visit(SHOP + path);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user: 'ming' });
    return new URL(redirectTo!);
  }

  const sessionOf = (answer: Answer) => answer.setCookies.filter((line) => /wechat_session\w*=v1/.test(line));

  it.each<[string, (url: URL) => void]>([
    ['code twice', (url) => url.searchParams.append('code', 'x')],
    ['state twice', (url) => url.searchParams.append('state', 'x')],
    ['its state twice', (url) => url.searchParams.append('state', url.searchParams.get('state')!)],
    ['a state in front of its own', (url) => (url.search = `?state=x&${url.searchParams}`)],
    ['a code far too long', (url) => url.searchParams.set('code', 'c'.repeat(513))],
    ['a code with control characters', (url) => url.searchParams.set('code', 'a\u0000b')],
    ['a code with line breaks', (url) => url.searchParams.set('code', 'a\r\nSet-Cookie: x=y')],
  ])('answers a callback with %s with 400 and no exchange', async (_what, spoil) => {
    const callback = await callbackFor();
    spoil(callback);

    const answer = keep(await browser.visit(callback.href));

    expect(answer.status).toBe(400);
    expect(answer.body).toContain('BAD_LOGIN_REQUEST');
    expect(wechat.callsTo(EXCHANGE)).toHaveLength(0);
    expect(sessionOf(answer)).toEqual([]);
    expect(handled).toBe(0);
  });

  it.each(['code[]=a', 'code[a]=b', 'code=a&code[0]=b', '__proto__[x]=1', 'constructor=1'])(
    'is not confused by ?%s beside a genuine state',
    async (query) => {
      const callback = await callbackFor();
      callback.searchParams.delete('code');

      const answer = keep(await browser.visit(`${callback.href}&${query}`));

      expect([302, 400, 403]).toContain(answer.status);
      expect(sessionOf(answer)).toEqual([]);
      expect(handled).toBe(0);
    },
  );

  it.each([
    '',
    'x',
    '0'.repeat(31),
    '0'.repeat(33),
    'F'.repeat(32),
    '0'.repeat(32),
    '__proto__',
    'a'.repeat(5_000),
  ])('takes the state %j for somebody else’s, and starts a login of its own', async (state) => {
    const answer = keep(await browser.visit(`${SHOP}/orders?code=abc&state=${state}`));

    expect(answer.status).toBe(302);
    expect(answer.headers.location).toContain('/connect/oauth2/authorize');
    expect(wechat.callsTo(EXCHANGE)).toHaveLength(0);
  });

  it.each(['GET http://evil.example/orders', 'GET https://shop.example.com@evil.example/orders'])(
    'takes only the path of an absolute request line (%s)',
    async (line) => {
      const answer = keep(await browser.visit(`${SHOP}/orders`, { target: line.slice(4) }));

      // Express answers 404 to some of these by itself; whoever is redirected goes to WeChat with
      // our own address.
      if (answer.status === 302) {
        const redirect = new URL(answer.headers.location!).searchParams.get('redirect_uri')!;
        expect(new URL(redirect).origin).toBe(SHOP);
      } else expect([400, 404]).toContain(answer.status);
      expect(handled).toBe(0);
    },
  );

  it.each([
    '//orders',
    '/orders/',
    '/%6frders',
    '/ORDERS',
    '//evil.example/orders',
    '/orders%2f',
    '/orders;x=y',
  ])('never runs a guarded handler for %s without a login', async (path) => {
    keep(await browser.visit(SHOP, { target: path }));
    keep(await browser.fetch(SHOP, { target: path }));
    for (const method of ['HEAD', 'OPTIONS', 'POST'])
      keep(await browser.visit(SHOP, { target: path, method }));

    expect(handled).toBe(0);
  });

  it('answers every kind of broken cookie and bearer token as nobody', async () => {
    const { cookie, bearer } = signInAs(running.app, { openid: 'oSomebodyWithASession0000001' });
    const [name = '', value = ''] = cookie.split(/=(.*)/s);
    const other = await startApplication({
      wechat,
      adapter,
      options: { sessionSecret: 'another-session-secret-0123456789abcdef' },
    });
    const foreign = signInAs(other.app, { openid: 'oSomebodyWithASession0000001' });
    await other.app.close();
    const broken = [
      '',
      'v1',
      'v1.',
      'v2.' + value.slice(3),
      value.slice(0, -1),
      value.slice(0, 40),
      value + 'A',
      value.replace('.', ''),
      value.slice(0, -3) + '!!!',
      value.toUpperCase(),
      'v1.' + 'A'.repeat(40),
      'v1.' + 'A'.repeat(7_000),
      '%00',
      '__proto__',
      foreign.cookie.split(/=(.*)/s)[1]!,
      bearer.slice(7),
      `"${value}x"`,
    ];

    for (const one of broken) {
      const byCookie = keep(await browser.fetch(`${SHOP}/orders`, { headers: { cookie: `${name}=${one}` } }));
      expect([one.slice(0, 20), byCookie.status]).toEqual([one.slice(0, 20), 401]);
    }
    for (const one of broken.filter((text) => text !== bearer.slice(7) && !/[^\x21-\x7e]/.test(text))) {
      const byBearer = keep(
        await browser.fetch(`${SHOP}/orders`, { headers: { authorization: `Bearer ${one}` } }),
      );
      expect([one.slice(0, 20), byBearer.status]).toEqual([one.slice(0, 20), 401]);
    }
    // The cookie's own value is bound to the cookie's name, so it is no bearer token.
    expect(
      (await browser.fetch(`${SHOP}/orders`, { headers: { authorization: `Bearer ${value}` } })).status,
    ).toBe(401);
    expect(
      (await browser.fetch(`${SHOP}/orders`, { headers: { cookie: `${cookie}; ${cookie}` } })).status,
    ).toBe(401);
    expect(handled).toBe(0);
    expect((await browser.fetch(`${SHOP}/orders`, { headers: { cookie } })).status).toBe(200);
  });

  const wechatFaults: [string, MockFault][] = [
    ['HTML', { body: '<html>proxy</html>', contentType: 'text/html' }],
    ['nothing', { empty: true }],
    ['null', { body: 'null' }],
    ['an array', { body: '[]' }],
    ['a number', { body: '42' }],
    ['broken JSON', { brokenJson: true }],
    ['500', { status: 500, body: 'oops' }],
    ['502 with HTML', { status: 502, body: '<html></html>', contentType: 'text/html' }],
    ['a redirect', { redirectTo: 'http://127.0.0.1:9/' }],
    ['an errcode as a string', { body: '{"errcode":"50002","errmsg":"user limited"}' }],
    ['an unknown errcode', { errcode: 99999 }],
    ['-1', { errcode: -1 }],
    ['a wrong secret', { errcode: 40125 }],
    ['an errmsg that holds the secret', { errcode: 40001, errmsg: `bad secretcanaryofficial000000000000` }],
    ['a reset', { reset: true }],
    ['silence', { hang: true }],
    ['a body over the limit', { body: `{"access_token":"${'x'.repeat(70_000)}"}` }],
    ['a token without openid', { answer: { openid: undefined } }],
    ['openid null', { answer: { openid: null } }],
    ['openid __proto__', { answer: { openid: '__proto__' } }],
    ['openid as an object', { answer: { openid: {} } }],
    ['no access_token', { answer: { access_token: undefined } }],
    ['expires_in as a word', { answer: { expires_in: 'soon' } }],
  ];

  it.each(wechatFaults.filter(([what]) => what !== '-1'))(
    'turns %s instead of a token into a page, and signs nobody in',
    async (_what, fault) => {
      wechat.inject(EXCHANGE, { ...fault, times: Infinity });
      const callback = await callbackFor();

      const answer = keep(await browser.visit(callback.href));

      expect(answer.status).toBe(502);
      expect(answer.body).toContain('LOGIN_FAILED');
      expect(sessionOf(answer)).toEqual([]);
      expect(await browser.fetch(`${SHOP}/orders`).then(keep)).toMatchObject({ status: 401 });
      expect(handled).toBe(0);
    },
  );

  it.each<[string, MockFault]>([
    ...wechatFaults.slice(0, 9),
    ['a profile of another openid', { answer: { openid: 'oSomebodyElse000000000000001' } }],
    ['a profile of another unionid', { answer: { unionid: 'uSomebodyElse000000000000001' } }],
    ['a profile without openid', { answer: { openid: undefined } }],
  ])('turns %s instead of a profile into a page, and signs nobody in', async (_what, fault) => {
    wechat.inject('/sns/userinfo', { ...fault, times: Infinity });
    const callback = await callbackFor('/orders/profile');

    const answer = keep(await browser.visit(callback.href));

    expect(answer.status).toBe(502);
    expect(sessionOf(answer)).toEqual([]);
    expect(handled).toBe(0);
  });

  it('takes a nickname as it is, without its control characters', async () => {
    wechat.inject('/sns/userinfo', { answer: { nickname: '茶\u0000\u001b[31m🌸<b>\u2028' }, times: 1 });

    const answers = await browser.follow(`${SHOP}/orders/profile`);

    expect(keep(answers.at(-1)!).json()).toMatchObject({ user: { nickname: '茶[31m🌸<b>' } });
  });

  it.each([
    ['no body', undefined],
    ['no app', '{"code":"x"}'],
    ['an unknown app', '{"app":"nope","code":"x"}'],
    ['an app of another type', '{"app":"official","code":"x"}'],
    ['the app __proto__', '{"app":"__proto__","code":"x"}'],
    ['no code', '{"app":"mini"}'],
    ['a code that is an array', '{"app":"mini","code":["x"]}'],
    ['a body that is null', 'null'],
    ['broken JSON', '{"app":'],
  ])('answers a mini program that sends %s with 400', async (_what, body) => {
    const answer = keep(
      await browser.fetch(`${SHOP}/wechat/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      }),
    );

    expect(answer.status).toBe(400);
  });

  it.each([
    ['an empty code', ''],
    ['a code far too long', 'c'.repeat(2_000)],
    ['a code with blanks', 'a b'],
    ['a code nobody issued', 'nope'],
  ])('answers a mini program that sends %s with 401', async (_what, code) => {
    const answer = keep(
      await browser.fetch(`${SHOP}/wechat/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ app: 'mini', code }),
      }),
    );

    expect(answer.status).toBe(401);
    expect(answer.json()).toMatchObject({ code: 'WECHAT_LOGIN_REQUIRED', statusCode: 401 });
  });

  it.each([
    ['/wechat/login?app=nope'],
    ['/wechat/login?app=official&app=website'],
    ['/wechat/login?scope=snsapi_everything'],
    ['/wechat/login?app=__proto__'],
    ['/wechat/login?returnTo=/a&returnTo=/b'],
  ])('answers %s with 400', async (path) => {
    const answer = keep(await browser.visit(SHOP + path));

    expect(answer.status).toBe(400);
    expect(answer.body).toContain('BAD_LOGIN_REQUEST');
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/%09/evil.example',
    'https:evil.example',
    'https:/evil.example',
    'http://shop.example.com/',
    'https://shop.example.com@evil.example',
    'https://shop.example.com.evil.example',
    'https://evil.example#@shop.example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    '\tjavascript:alert(1)',
    ' //evil.example',
    'https://shop.example.com:8443/',
    'https://user:pw@shop.example.com/',
    '/\t/evil.example',
    '/\n/evil.example',
    'blob:https://shop.example.com/x',
    'https://ｅvil.example',
    '///evil.example',
    '////evil.example',
    '/.//evil.example',
    './/evil.example',
    'x'.repeat(1_025),
    '',
    'wss://shop.example.com/',
    'https://[::1]/',
    'https://shop.example.com\\@evil.example',
    'ht\ntps://evil.example',
  ])('never returns to %j', async (returnTo) => {
    const answers = await browser.follow(`${SHOP}/wechat/login?returnTo=${encodeURIComponent(returnTo)}`);

    const last = answers.findLast(({ headers }) => headers.location !== undefined)!;
    expect(new URL(last.headers.location!).origin).toBe(SHOP);
    expect(last.headers.location!.startsWith(`${SHOP}/`)).toBe(true);
  });

  it('builds nothing from Host and X-Forwarded headers', async () => {
    const answer = keep(
      await browser.visit(`${SHOP}/orders`, {
        headers: {
          host: 'evil.example',
          'x-forwarded-host': 'evil.example',
          'x-forwarded-proto': 'http',
          forwarded: 'host=evil.example',
          'x-original-url': '/evil',
        },
      }),
    );

    expect(new URL(answer.headers.location!).searchParams.get('redirect_uri')).toBe(`${SHOP}/orders`);
    expect(answer.setCookies.join()).toMatch(/^__Host-.*; Secure/);
    expect(JSON.stringify(answer)).not.toContain('evil.example');
  });

  it('survives a megabyte of user agent, languages and cookies in the parts that look at them', async () => {
    const { detectClient } = await import('../../lib/auth/http/client-detection.js');
    const { HttpRequest } = await import('../../lib/auth/http/http-request.js');
    const started = process.hrtime.bigint();
    detectClient('MicroMessenger/'.repeat(70_000));
    const request = new HttpRequest({
      method: 'GET',
      url: `/?${'a=b&'.repeat(10_000)}`,
      headers: { 'accept-language': 'zh;q='.repeat(200_000), accept: 'text/'.repeat(200_000) },
    });
    expect([request.prefersChinese, request.isPageNavigation]).toEqual([expect.any(Boolean), false]);
    // Not a measurement: a pattern that backtracks would take minutes.
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(2_000);
  });

  it('gives typed errors that hold no secret to code that calls the service', async () => {
    const service = running.app.get(WechatOAuthService);
    const mini = service.app('mini');
    const encrypted = await (async () => {
      const code = wechat.loginCode({ appId: 'wx00000000000mini0', user: 'ming' });
      const { openid } = await mini.getSessionKey(code);
      return { openid, ...wechat.encrypted({ appId: 'wx00000000000mini0', user: 'ming' }) };
    })();
    const { openid, encryptedData, iv } = encrypted;
    const attempts: [string, () => unknown][] = [
      ['WechatConfigError', () => service.app('nope')],
      ['WechatConfigError', () => service.app('__proto__')],
      ['WechatInputError', () => service.getAuthorizeURL(`${SHOP}/#x`)],
      ['WechatInputError', () => service.getAuthorizeURL('ftp://shop.example.com')],
      ['WechatInputError', () => service.getAuthorizeURL('nonsense')],
      ['WechatInputError', () => service.getAuthorizeURL(SHOP, 'a'.repeat(129))],
      ['WechatInputError', () => service.getAuthorizeURL(SHOP, 'a b')],
      ['WechatInputError', () => service.getAccessToken('')],
      ['WechatInputError', () => service.getAccessToken(['x'] as never)],
      ['WechatInputError', () => service.getUser('__proto__ ')],
      ['WechatTokenNotFoundError', () => service.getUser('oNobodyEverSignedIn000000001')],
      [
        'WechatTokenNotFoundError',
        () => mini.verifySignature({ openid: 'oNobody00000', rawData: '', signature: '' }),
      ],
      ['WechatConfigError', () => service.login('x')],
      ['WechatApiError', () => service.getAccessToken('nobody-issued-this')],
      ['WechatApiError', () => service.refreshAccessToken('nobody-issued-this')],
      ...['', 'A', encryptedData.slice(0, 20), encryptedData.slice(0, 22), '!!!', encryptedData.slice(4)].map(
        (data): [string, () => unknown] => [
          'WechatDecryptError',
          () => mini.decryptMiniProgramUser({ openid, encryptedData: data, iv }),
        ],
      ),
      [
        'WechatDecryptError',
        () => mini.decryptMiniProgramUser({ sessionKey: 'AAAAAAAAAAAAAAAAAAAAAA==', encryptedData, iv }),
      ],
      ['WechatDecryptError', () => mini.decryptMiniProgramUser({ openid, encryptedData, iv: 'AAAA' })],
      [
        'WechatDecryptError',
        () =>
          mini.decryptMiniProgramUser({
            openid,
            ...wechat.encrypted({
              appId: 'wx00000000000mini0',
              user: 'ming',
              watermark: { appid: 'wxother' },
            }),
          }),
      ],
    ];

    for (const [index, [name, attempt]] of attempts.entries()) {
      const error = await Promise.resolve()
        .then(attempt)
        .then(
          () => undefined,
          (reason: unknown) => reason as Error,
        );
      expect([index, error?.constructor.name]).toEqual([index, name]);
      seen.push(
        inspect(error, { depth: 10, showHidden: true }),
        JSON.stringify(error),
        String(error),
        error!.stack!,
      );
      expect(error).not.toHaveProperty('cause');
    }
    seen.push(inspect(service, { depth: 12, showHidden: true }));
  });

  it('tells visitors of the snapshot page to leave it, and gives them no session', async () => {
    wechat.autoConsent = 'visitor';
    const answers = await browser.follow(`${SHOP}/orders/profile`);

    const last = keep(answers.at(-1)!);
    expect(last.status).toBe(403);
    expect(last.body).toContain('SNAPSHOT_USER');
    expect((await browser.fetch(`${SHOP}/orders`)).status).toBe(401);
  });

  it('signs in on a desktop by QR code, with all of that in place', async () => {
    const desktop = browser.another(AGENTS.desktop);

    const answers = await desktop.follow(`${SHOP}/orders`);

    expect(answers.at(-1)!.json()).toEqual({ openid: wechat.openidOf('wx000000000website', 'ming') });
  });
});

/**
 * Whatever must not be seen: the configured secrets, and every code and token that went over the
 * wire.
 */
function secretsOf(wechat: WechatMockServer): string[] {
  const sent = wechat.calls.flatMap(({ query }) =>
    ['secret', 'code', 'js_code', 'access_token', 'refresh_token'].flatMap((name) => query[name] ?? []),
  );
  const configured = [SESSION_SECRET, ...Object.values(ALL_APPS!).map(({ secret }) => String(secret))];
  // Short hostile values such as "x" appear in every text.
  return [...new Set([...sent, ...configured])].filter((value) => value.length > 8);
}
