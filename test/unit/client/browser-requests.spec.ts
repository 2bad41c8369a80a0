// The browser client: which requests are its own, what goes along with them, and which answers are
// none of its business.
import { WechatClientError } from '../../../lib/client/index.js';
import { failureOf } from '../../support/failure.js';
import { answer, API, PAGE, REFUSED, SCOPE_MISSING, stateOf, Tab } from './browser-kit.js';

const ok = ({ url }: { url: string }) => answer(url, 200, { tea: 'longjing' });

let tab: Tab;
beforeEach(() => {
  tab = new Tab();
});

/** Where a request went, and whether cookies of another origin go along. */
function sentTo(): [url: string, credentials: unknown] {
  const { url, init } = tab.seen.at(-1)!;
  return [url, init['credentials']];
}

describe('The address of a request', () => {
  it.each([
    [API, '/orders?page=2', `${API}/orders?page=2`],
    [API, 'orders', `${API}/orders`],
    [`${API}/`, '/orders', `${API}/orders`],
    [`${API}/v1`, '/orders', `${API}/v1/orders`],
    [`${API}/v1/`, 'orders', `${API}/v1/orders`],
    [`${API}/v1`, '?page=2', `${API}/v1/?page=2`],
    [`${API}/v1`, '', `${API}/v1/`],
    [`${API}/v1`, '/https://evil.example.com/', `${API}/v1/https://evil.example.com/`],
    [`${API}/v1`, '/javascript:alert(1)', `${API}/v1/javascript:alert(1)`],
    [`${API}/v1`, '/\t/evil.example.com', `${API}/v1//evil.example.com`],
    [`${API}/v1`, ' //evil.example.com', `${API}/v1/%20//evil.example.com`],
    [API, `${API}/orders`, `${API}/orders`],
    [API, 'HTTPS://API.EXAMPLE.COM:443/orders', `${API}/orders`],
  ])('below %s, %j is the application’s', async (baseUrl, path, address) => {
    tab.answers = ok;
    await tab.open(PAGE, {}, baseUrl).client.fetch(path);
    expect(sentTo()).toEqual([address, 'include']);
  });

  it.each([
    ['/api', '/orders', 'https://www.example.com/api/orders'],
    [null, '/orders', 'https://www.example.com/orders'],
    [null, 'orders', 'https://www.example.com/teas/orders'],
    [null, '?cups=3', 'https://www.example.com/teas/longjing?cups=3'],
  ])('of the page’s own origin (baseUrl %j): %s', async (baseUrl, path, address) => {
    const { client } = tab.open(PAGE, {}, baseUrl);
    tab.answers = ({ url }) => answer(url, 401, { ...REFUSED, loginUrl: '/wechat/login' });
    expect(await stateOf(client.fetch(path))).toBe('waiting');
    expect(sentTo()).toEqual([address, undefined]);
    expect(tab.trips[0]).toMatch(/^https:\/\/www\.example\.com\/wechat\/login\?/);
  });

  it.each([
    'https://evil.example.com/orders',
    '//evil.example.com/orders',
    '\\\\evil.example.com/orders',
    'http://api.example.com/orders',
    'https://api.example.com:8443/orders',
    'https://api.example.com.evil.com/',
    'https://api.example.com@evil.com/',
    'https://me:secret@api.example.com/orders',
    'blob:https://api.example.com/orders',
    'data:application/json,{}',
    'http://',
  ])('elsewhere is the global fetch’s: %j', async (address) => {
    const init = { headers: { 'X-Tea': '1' } };
    tab.answers = ({ url }) => answer(url, 401, REFUSED);
    const { client } = tab.open();
    expect(await stateOf(client.fetch(address, init))).toMatchObject({ status: 401 });
    expect(tab.seen[0]).toEqual({ url: address, init });
    expect(tab.seen[0]!.init).toBe(init);
    expect(tab.trips).toEqual([]);
  });

  it('may be a URL or a Request, which goes out as it is', async () => {
    tab.answers = ok;
    const { client } = tab.open();
    await client.fetch(new URL('/orders', API));
    expect(sentTo()).toEqual([`${API}/orders`, 'include']);
    await client.fetch(new Request(`${API}/orders`, { method: 'POST' }), { headers: { 'X-Tea': '1' } });
    expect(sentTo()).toEqual([`${API}/orders`, 'include']);
    expect(tab.seen[1]!.init['headers']).toEqual({ 'X-Tea': '1' });
    await client.fetch(new Request('https://evil.example.com/'));
    expect(sentTo()).toEqual(['https://evil.example.com/', undefined]);
  });

  it('that is none is refused by the global fetch, not by a fault of ours', async () => {
    tab.answers = ({ url }) => answer(url, 200, {});
    await tab.open().client.fetch(null as never);
    expect(sentTo()).toEqual([`${API}/null`, 'include']);
    await tab.open().client.fetch('/orders', null as never);
    expect(sentTo()).toEqual([`${API}/orders`, 'include']);
  });
});

describe('Cookies', () => {
  it.each(['omit', 'include'] as const)('go along as the caller says: %s', async (credentials) => {
    tab.answers = ok;
    const { client } = tab.open();
    await client.fetch('/orders', { credentials });
    expect(sentTo()[1]).toBe(credentials);
    await client.fetch(new Request(`${API}/orders`, { credentials }));
    // The request itself says it.
    expect(sentTo()[1]).toBeUndefined();
  });

  it('that stay at home cannot sign anybody in, so nobody leaves', async () => {
    const given = await tab.open().client.fetch('/orders', { credentials: 'omit' });
    expect(await given.json()).toEqual(REFUSED);
    expect(tab.trips).toEqual([]);
  });
});

describe('An answer', () => {
  const LOGIN_URL = `${API}/wechat/login`;

  it.each<[string, number, unknown, string?]>([
    ['200', 200, REFUSED],
    ['204', 204, undefined],
    ['400', 400, REFUSED],
    ['401 of another kind', 401, { message: 'Unauthorized' }],
    ['401 without a loginUrl', 401, { ...REFUSED, loginUrl: undefined }],
    ['401 with a reason', 401, { ...REFUSED, reason: 'ORIGIN_NOT_ALLOWED' }],
    ['401 with an empty reason', 401, { ...REFUSED, reason: '' }],
    ['401 with what belongs to 403', 401, SCOPE_MISSING],
    ['403 with what belongs to 401', 403, REFUSED],
    ['403 in WeChat only', 403, { ...REFUSED, code: 'OPEN_IN_WECHAT' }],
    ['403 of a refusal', 403, { ...REFUSED, code: 'LOGIN_REFUSED' }],
    ['401 of a page', 401, '<html>', 'text/html'],
    ['401 of a page that holds JSON', 401, JSON.stringify(REFUSED), 'text/html'],
    ['401 with half of a body', 401, '{"code":"WECHAT_LOGIN_REQ'],
    ['401 with null', 401, null],
    ['401 with a list', 401, [REFUSED]],
    ['401 with a text', 401, '"WECHAT_LOGIN_REQUIRED"'],
    ['503', 503, { ...REFUSED, code: 'STORE_UNAVAILABLE' }],
  ])('with %s is handed over, unread', async (_what, ...[status, body, type]) => {
    tab.answers = ({ url }) => answer(url, status, body, type);
    const given = await tab.open().client.fetch('/orders');
    expect([given.status, given.bodyUsed, tab.trips]).toEqual([status, false, []]);
    const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
    expect(await given.text()).toBe(text);
  });

  it.each([
    'https://evil.example.com/wechat/login',
    '//evil.example.com/wechat/login',
    '/\\evil.example.com/wechat/login',
    'http://api.example.com/wechat/login',
    'https://api.example.com:8443/wechat/login',
    'https://api.example.com@evil.com/',
    'https://me:secret@api.example.com/',
    'https://api.example.com.evil.com/',
    'javascript:alert(1)//https://api.example.com/',
    'data:text/html,https://api.example.com/',
    'blob:https://api.example.com/x',
    'https://',
    '',
    7,
    {},
    [LOGIN_URL],
  ])('leads nobody elsewhere: the loginUrl %j', async (loginUrl) => {
    tab.answers = ({ url }) => answer(url, 401, { ...REFUSED, loginUrl });
    expect(await stateOf(tab.open().client.fetch('/orders'))).toMatchObject({ status: 401 });
    expect(tab.trips).toEqual([]);
  });

  it.each([
    LOGIN_URL,
    '/wechat/login',
    'https://www.example.com/wechat/login',
    `${LOGIN_URL}?app=a&returnTo=b`,
  ])('leads to the application or to the page’s own host: %s', async (loginUrl) => {
    tab.answers = ({ url }) => answer(url, 401, { ...REFUSED, loginUrl });
    await stateOf(tab.open().client.fetch('/orders'));
    expect(new URL(tab.trips[0]!).searchParams.getAll('returnTo')).toEqual([PAGE]);
  });

  it('leads to the origin it was told, and says once in the console where it was told none', async () => {
    const loginUrl = 'http://localhost:3000/wechat/login';
    tab.answers = ({ url }) => answer(url, 401, { ...REFUSED, loginUrl });
    const warned: string[] = [];
    const { client, page } = tab.open();
    Object.assign(page, { console: { warn: (text: string) => warned.push(text) } });
    await client.fetch('/orders');
    await client.fetch('/orders');
    expect([tab.trips, warned.length]).toEqual([[], 1]);
    expect(warned[0]).toContain('Set loginOrigin: "http://localhost:3000"');

    await stateOf(tab.open(PAGE, { loginOrigin: 'http://localhost:3000' }).client.fetch('/orders'));
    expect(tab.trips).toEqual([`${loginUrl}?returnTo=${encodeURIComponent(PAGE)}`]);
  });

  it.each(['localhost:3000', 'http://localhost:3000/', 'null', '', '*', '//localhost'])(
    'takes no loginOrigin %j',
    (loginOrigin) => {
      expect(() => tab.open(PAGE, { loginOrigin })).toThrow(/loginOrigin must be an origin/);
    },
  );

  it('of a host that the application redirected to has no say', async () => {
    tab.answers = () => answer('https://cdn.example.com/orders', 401, REFUSED);
    expect(await stateOf(tab.open().client.fetch('/orders'))).toMatchObject({ status: 401 });
  });

  it.each([7, {}, ['a'], null])('names no app and scope but in words: %j', async (odd) => {
    tab.answers = ({ url }) => answer(url, 401, { ...REFUSED, app: odd, scope: odd, message: odd, ref: odd });
    const { client, page } = tab.open();
    const waiting = client.fetch('/orders');
    await stateOf(waiting);
    expect([...new URL(tab.trips[0]!).searchParams.keys()]).toEqual(['returnTo']);
    page.show(true);
    expect(await stateOf(waiting)).toMatchObject({
      message: 'The page left to sign in and was shown again.',
    });
  });

  it('whose body never ends is handed over after a while', async () => {
    const endless = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{')) });
    tab.answers = () =>
      new Response(endless, { status: 401, headers: { 'content-type': 'application/json' } });
    const { client, page } = tab.open();
    const waiting = client.fetch('/orders');
    expect(await stateOf(waiting)).toBe('waiting');
    page.pass(10_000);
    expect(await stateOf(waiting)).toMatchObject({ status: 401 });
  });

  it('that does not come is the caller’s to know', async () => {
    const down = new TypeError('Failed to fetch');
    tab.answers = () => Promise.reject(down);
    expect(await failureOf(() => tab.open().client.fetch('/orders'))).toBe(down);
  });
});

describe('The login', () => {
  it('goes where it is told, with what it is told', async () => {
    const { client } = tab.open();
    void client.login({ app: 'website', scope: 'snsapi_login', returnTo: '/account?a=1#b' });
    await stateOf(new Promise(() => undefined));
    expect(Object.fromEntries(new URL(tab.trips[0]!).searchParams)).toEqual({
      app: 'website',
      scope: 'snsapi_login',
      returnTo: 'https://www.example.com/account?a=1#b',
    });
  });

  it.each(['javascript:alert(1)', 'data:text/html,1', 'https://me@www.example.com/', 'http://'])(
    'does not come back to %s',
    async (returnTo) => {
      expect(await failureOf(() => tab.open().client.login({ returnTo }))).toBeInstanceOf(TypeError);
      expect(tab.trips).toEqual([]);
    },
  );

  it('is the trip: a page that comes back as a stranger does not go again by itself', async () => {
    await stateOf(tab.open().client.login());
    expect(await stateOf(tab.open().client.fetch('/orders'))).toMatchObject({ status: 401 });
    const { client } = tab.open();
    tab.answers = ({ url }) => answer(url, 200, { user: { openid: 'o1' } });
    await client.me();
    expect(tab.kept.size).toBe(0);
  });

  it.each([
    [API, '/wechat', `${API}/wechat/login`],
    [`${API}/v1/`, '/auth/wechat/', `${API}/v1/auth/wechat/login`],
    ['/api', '/wechat', 'https://www.example.com/api/wechat/login'],
    [null, '/wechat', 'https://www.example.com/wechat/login'],
  ])('stands below baseUrl %j at loginPath %j', async (baseUrl, loginPath, address) => {
    await stateOf(tab.open(PAGE, { loginPath }, baseUrl).client.login());
    expect(tab.trips[0]!.split('?')[0]).toBe(address);
  });
});

describe('me and logout', () => {
  it('ask with cookies, and for JSON', async () => {
    const user = { app: 'official', openid: 'o1', nickname: '小明' };
    tab.answers = ({ url }) => (url.endsWith('/me') ? answer(url, 200, { user }) : answer(url, 204));
    const { client } = tab.open();
    expect(await client.me()).toEqual({ user });
    expect(sentTo()).toEqual([`${API}/wechat/me`, 'include']);
    expect(await client.logout()).toBeUndefined();
    expect(tab.seen[1]).toEqual({
      url: `${API}/wechat/logout`,
      init: { method: 'POST', credentials: 'include', headers: { Accept: 'application/json' } },
    });
  });

  it('ask the page’s own origin where nothing else is said', async () => {
    tab.answers = ({ url }) => answer(url, 200, { user: null });
    expect(await tab.open(PAGE, {}, null).client.me()).toEqual({ user: null });
    expect(sentTo()).toEqual(['https://www.example.com/wechat/me', 'same-origin']);
  });

  it('say what the application says', async () => {
    tab.answers = ({ url }) =>
      answer(url, 503, { code: 'LOGOUT_INCOMPLETE', message: '未能完全退出', ref: 'AB12' });
    const { client } = tab.open();
    for (const call of [() => client.me(), () => client.logout()]) {
      const failure = await failureOf(call);
      expect(failure).toBeInstanceOf(WechatClientError);
      expect(failure).toMatchObject({
        name: 'WechatClientError',
        message: '未能完全退出',
        statusCode: 503,
        code: 'LOGOUT_INCOMPLETE',
        ref: 'AB12',
      });
    }
    expect(tab.kept.size).toBe(0);
    tab.answers = ({ url }) => answer(url, 404, '<html>', 'text/html');
    expect((await failureOf(() => client.me())).message).toBe('/wechat/me answered with 404.');
  });

  it('send nobody to sign in', async () => {
    const { client } = tab.open();
    expect(await failureOf(() => client.me())).toMatchObject({ statusCode: 401 });
    expect(tab.trips).toEqual([]);
  });

  it.each(['<html>', '{}', '{"user":7}', 'null', '[]'])('take %s for no answer', async (body) => {
    tab.answers = ({ url }) => answer(url, 200, body);
    expect((await failureOf(() => tab.open().client.me())).message).toMatch(/loginPath/);
  });

  it('sign nobody in again by itself who has signed out', async () => {
    const { client } = tab.open();
    tab.answers = ({ url }) => answer(url, 204);
    await client.logout();
    tab.answers = ({ url }) => answer(url, 401, REFUSED);
    expect(await stateOf(client.fetch('/orders'))).toMatchObject({ status: 401 });
    expect(await stateOf(client.login())).toBe('waiting');
  });
});

describe('A client is not made', () => {
  it.each([
    '',
    'api.example.com',
    'orders',
    '//api.example.com',
    '/\\api.example.com',
    'ftp://api.example.com',
    'https://',
    'https://me:secret@api.example.com',
    'https://api.example.com?a=1',
    'https://api.example.com/#a',
    'javascript:alert(1)',
    7 as never,
  ])('with the baseUrl %j', (baseUrl) => {
    expect(() => tab.open(PAGE, {}, baseUrl)).toThrow(/^baseUrl must be an address or a path/);
  });

  it.each(['', '/', 'wechat', '//evil.example.com', '/\\evil.example.com', '/wechat?a', '/wechat#a'])(
    'with the loginPath %j',
    (loginPath) => {
      expect(() => tab.open(PAGE, { loginPath })).toThrow(/^loginPath must be a path/);
    },
  );
});

describe('The fetch that makes the requests', () => {
  it('may be another, and is looked up when it is needed', async () => {
    const asked: unknown[] = [];
    const other = async (input: unknown) => {
      asked.push(input);
      return answer(String(input), 200, {});
    };
    const { client, page } = tab.open(PAGE, { fetch: other as typeof fetch });
    await client.fetch('/a');
    const plain = tab.clientOf(page);
    page.fetch = other;
    await plain.fetch('/b');
    expect(asked).toEqual([`${API}/a`, `${API}/b`]);
  });
});
