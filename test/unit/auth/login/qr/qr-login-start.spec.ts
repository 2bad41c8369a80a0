// A login by a QR code in a page, as it begins: what the page gets, what the browser keeps.
import { type HttpException, Logger } from '@nestjs/common';
import { readCookies } from '../../../../../lib/auth/http/cookies.js';
import { readQrQuery } from '../../../../../lib/auth/login/qr/qr-query.js';
import { writeLogoutMark } from '../../../../../lib/auth/session/logout-mark.js';
import type { WechatQrLoginOptions } from '../../../../../lib/index.js';
import { failureOf } from '../../../../support/failure.js';
import { HOST, type Login, makeLogin, pairOf } from '../../../../support/login-parts.js';

beforeAll(() => Logger.overrideLogger(false));

const WWW = 'https://www.example.com';
const APPS = {
  official: { type: 'official-account', appId: 'wx00000000official', secret: 'a' },
  website: { type: 'website', appId: 'wx000000000website', secret: 'b' },
  second: { type: 'website', appId: 'wx0000000000second', secret: 'c', publicUrl: 'https://two.example.com' },
} as const;

let login: Login;
beforeEach(() => {
  login = makeLogin({ apps: APPS, returnTo: { origins: [WWW, 'https://www.coffee.test'] } });
});

const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

function begin(
  options: WechatQrLoginOptions = {},
  headers: Record<string, string> = SCRIPT,
  cookies: string[] = [],
) {
  const response = new Map<string, string>();
  const request = login.requestOf({ path: '/wechat/login/qr', headers, cookies });
  const parameters = login.qrLogins.start(request, response, options);
  const lines = response.get('Set-Cookie')!.split('\n');
  const received = readCookies(lines.map(pairOf).join('; '));
  const app = [...login.config.apps.values()].find(({ appId }) => appId === parameters.appid)!;
  const flow = login.pendingLogins.find(app, received, parameters.state)!;
  return {
    parameters,
    response,
    lines,
    flow,
    redirect: new URL(decodeURIComponent(parameters.redirect_uri)),
  };
}
const refusal = (options: WechatQrLoginOptions | undefined, headers: Record<string, string> = SCRIPT) => {
  const response = new Map<string, string>();
  const request = login.requestOf({ path: '/wechat/login/qr', headers });
  try {
    login.qrLogins.start(request, response, options);
    throw new Error('began');
  } catch (error) {
    return { response, body: (error as HttpException).getResponse() as Record<string, unknown> };
  }
};

describe('The parameters', () => {
  it('are those of WeChat’s script, encoded as it puts them together raw', () => {
    const { parameters, redirect, flow, lines } = begin({ returnTo: '/茶?cups=2&code=mine#notes' });
    const returnTo = `${HOST}/%E8%8C%B6?cups=2&code=mine#notes`;
    expect(parameters).toEqual({
      appid: 'wx000000000website',
      scope: 'snsapi_login',
      redirect_uri: encodeURIComponent(`${HOST}/wechat/login?${new URLSearchParams({ returnTo })}`),
      state: expect.stringMatching(/^e[0-9a-f]{31}$/),
      self_redirect: false,
      expiresAt: login.runtime.time + 1_800_000,
    });
    for (const text of Object.values(parameters)) expect(String(text)).toMatch(/^[\w.%~-]+$/);
    expect(redirect.searchParams.get('returnTo')).toBe(returnTo);
    expect(flow).toMatchObject({ returnTo, scope: 'snsapi_login', qr: 'top' });
    expect(lines[0]).toMatch(
      /^__Host-wechat_flow_\w+=v1\.[\w-]+; Max-Age=1800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('are of the website app of the host that was asked, or of the one that was named', () => {
    expect(begin().parameters.appid).toBe('wx000000000website');
    expect(begin({}, { ...SCRIPT, host: 'two.example.com' }).parameters.appid).toBe('wx0000000000second');
    const named = begin({ app: 'second', scope: 'snsapi_userinfo' });
    expect([named.parameters.appid, named.parameters.scope]).toEqual(['wx0000000000second', 'snsapi_login']);
    expect(named.redirect.origin).toBe('https://two.example.com');
  });

  it.each([
    ['/account', `${HOST}/account`],
    [`${WWW}/a?b=c`, `${WWW}/a?b=c`],
    [undefined, `${HOST}/`],
    ['https://evil.test/', `${HOST}/`],
    ['//evil.test/', `${HOST}/`],
    ['javascript:alert(1)', `${HOST}/`],
    ['', `${HOST}/`],
  ])('bring back to an allowed address only: %s', (returnTo, kept) => {
    const { flow, redirect } = begin(returnTo === undefined ? {} : { returnTo });
    expect([flow.returnTo, redirect.searchParams.get('returnTo')]).toEqual([kept, kept]);
  });

  it('bring back to the page without its query where a header has no room for that', () => {
    const { flow, lines } = begin({ returnTo: `/account?${'x'.repeat(2_900)}` });
    expect(flow.returnTo).toBe(`${HOST}/account`);
    expect(lines.join().length).toBeLessThan(4_000);
    const nowhere = begin({ returnTo: `/${'x'.repeat(2_900)}` });
    expect(nowhere.flow.returnTo).toBe(`${HOST}/`);
  });

  it('let the login end in the frame only where a browser gives it its cookies there', () => {
    const site = (name: string) => ({ ...SCRIPT, 'sec-fetch-site': name });
    const ends = (options: WechatQrLoginOptions, headers = SCRIPT) => {
      const { parameters, flow } = begin({ selfRedirect: true, ...options }, headers);
      expect([flow.qr === 'frame', parameters.state[0] === 'f']).toEqual([
        parameters.self_redirect,
        parameters.self_redirect,
      ]);
      return parameters.self_redirect;
    };
    expect(ends({})).toBe(true);
    expect(ends({ returnTo: `${WWW}/` }, { ...site('same-site'), origin: WWW } as typeof SCRIPT)).toBe(true);
    expect(ends({ selfRedirect: false })).toBe(false);
    expect(ends({ returnTo: 'https://www.coffee.test/' })).toBe(false);
    expect(ends({}, { ...site('cross-site'), origin: 'https://www.coffee.test' } as typeof SCRIPT)).toBe(
      false,
    );
    expect(ends({}, site('none'))).toBe(false);
    expect(ends({}, {} as typeof SCRIPT)).toBe(false);
  });

  it('keep the mark of the last logout, so that none that was begun before it signs anybody in', () => {
    const mark = pairOf(writeLogoutMark([login.website], 'AAAAAAAAAAA')[0]!);
    const { parameters, lines } = begin({}, SCRIPT, [mark]);
    const find = (...more: string[]) =>
      login.pendingLogins.find(
        login.website,
        readCookies([pairOf(lines[0]!), ...more].join('; ')),
        parameters.state,
      );
    expect(find(mark)).toBeDefined();
    expect(find()).toBeUndefined();
  });

  it('count as a login that has begun', () => {
    const events: object[] = [];
    login.events.events$.subscribe((event) => void events.push(event));
    begin();
    expect(events).toEqual([expect.objectContaining({ type: 'flow.started', app: 'website' })]);
  });

  it('may be read by the listed origin that asked, and by nobody else', () => {
    const { response } = begin({}, { ...SCRIPT, origin: WWW });
    expect(Object.fromEntries(response)).toMatchObject({
      'Access-Control-Allow-Origin': WWW,
      'Access-Control-Allow-Credentials': 'true',
      Vary: 'Origin',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
    expect(begin().response.has('Access-Control-Allow-Origin')).toBe(false);
  });

  it('need a login route to come back to, and a secret', async () => {
    login.loginRoute.path = undefined;
    expect(await failureOf(async () => begin())).toMatchObject({ option: 'loginPath' });
    login = makeLogin({ sessionSecret: undefined as never });
    expect(await failureOf(async () => begin())).toMatchObject({ option: 'sessionSecret' });
  });
});

describe('Whoever', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['is of another origin', { ...SCRIPT, origin: 'https://evil.example.com' }, 'ORIGIN_NOT_ALLOWED'],
    ['is of none', { ...SCRIPT, origin: 'null' }, 'ORIGIN_NOT_ALLOWED'],
    ['does not say which', { ...SCRIPT, 'sec-fetch-site': 'same-site' }, 'ORIGIN_NOT_ALLOWED'],
    ['opens a page', { ...SCRIPT, 'sec-fetch-mode': 'navigate' }, undefined],
    ['fetches ahead', { ...SCRIPT, 'sec-purpose': 'prefetch' }, undefined],
  ])('%s gets nothing and keeps nothing', (_who, headers, reason) => {
    const { response, body } = refusal({}, headers);
    expect(body).toMatchObject({ statusCode: 403, code: 'BAD_LOGIN_REQUEST' });
    expect(body['reason']).toBe(reason);
    expect([...response.keys()].filter((name) => /cookie|access-control/i.test(name))).toEqual([]);
    expect(response.get('Cache-Control')).toBe('no-store');
    expect(JSON.stringify(body)).not.toMatch(/[0-9a-f]{32}/);
  });

  it.each<[string, WechatQrLoginOptions | undefined]>([
    ['an unknown app', { app: 'nobody' }],
    ['an app of another kind', { app: 'official' }],
    ['an empty name', { app: '' }],
    ['a name of every object', { app: 'constructor' }],
    ['an unknown scope', { scope: 'snsapi_all' }],
    ['an empty scope', { scope: '' }],
    ['two things at once', undefined],
    ['a list', { app: ['website'] as unknown as string }],
    ['a word for yes', { selfRedirect: 'true' as unknown as boolean }],
  ])('asks for %s is told so, and keeps nothing', (_what, options) => {
    const { response, body } = refusal(options, { ...SCRIPT, origin: WWW });
    expect(body).toMatchObject({ statusCode: 400, code: 'BAD_LOGIN_REQUEST' });
    expect(response.has('Set-Cookie')).toBe(false);
    // A page of ours may read what is wrong.
    expect(response.get('Access-Control-Allow-Origin')).toBe(WWW);
  });

  it('asks where there is no website app is told so', () => {
    login = makeLogin({ apps: { official: APPS.official } });
    expect(refusal({}).body).toMatchObject({ statusCode: 400 });
  });
});

describe('The question', () => {
  it.each<[string, ReturnType<typeof readQrQuery>]>([
    ['', { selfRedirect: false }],
    ['app=a&scope=b&returnTo=%2Fc&self_redirect=true&more=1', { app: 'a', scope: 'b', returnTo: '/c', selfRedirect: true }],
    ['self_redirect=false', { selfRedirect: false }],
    ['app=', { app: '', selfRedirect: false }],
    ['app=a&app=a', undefined],
    ['returnTo=/a&returnTo=/b', undefined],
    ['scope=a&scope=', undefined],
    ['self_redirect=true&self_redirect=true', undefined],
    ['self_redirect=', undefined],
    ['self_redirect=1', undefined],
    ['self_redirect=default', undefined],
    ['self_redirect=TRUE', undefined],
  ])('%s', (query, options) => {
    expect(readQrQuery(new URLSearchParams(query))).toEqual(options);
  }); // prettier-ignore
});
