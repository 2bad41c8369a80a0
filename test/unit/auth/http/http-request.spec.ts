// What is read off a request: its path, and whether a person is looking at a page.
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const request = (url: string | undefined, headers: Record<string, string> = {}, method = 'GET') =>
  new HttpRequest({ method, url, headers });

describe('A request line', () => {
  it.each<[string | undefined, path: string, search: string]>([
    ['/', '/', ''],
    ['/orders', '/orders', ''],
    ['/orders?', '/orders', ''],
    ['/orders?a=b&c', '/orders', '?a=b&c'],
    ['/orders?a=b?c', '/orders', '?a=b?c'],
    ['/orders#x', '/orders', ''],
    ['/orders?a#b?c', '/orders', '?a'],
    ['//evil.example/x', '//evil.example/x', ''],
    ['/\\evil.example', '/\\evil.example', ''],
    ['http://evil.example/orders?x=1', '/orders', '?x=1'],
    ['https://user:pw@evil.example:81/orders#x', '/orders', ''],
    ['http://evil.example', '/', ''],
    ['HTTP://EVIL.EXAMPLE/Orders', '/Orders', ''],
    ['http:///orders', '/', ''],
    ['javascript:alert(1)', '/alert(1)', ''],
    ['data:,x?y', '/,x', '?y'],
    ['evil.example/orders', '/', ''],
    ['*', '/', ''],
    ['', '/', ''],
    [undefined, '/', ''],
    ['/%zz%', '/%zz%', ''],
    ['?a=b', '/', ''],
  ])('%j means the path %s and the query %s', (url, path, search) => {
    const read = request(url);
    expect([read.path, read.search]).toEqual([path, search]);
    expect(read.path.startsWith('/')).toBe(true);
  });

  it('names a host in HTTP/1, and in HTTP/2 in a field of its own', () => {
    expect(request('/', { host: 'shop.example.com' }).host).toBe('shop.example.com');
    expect(request('/', { ':authority': 'shop.example.com' }).host).toBe('shop.example.com');
    expect(request('/').host).toBeUndefined();
  });

  it('is the one before sub-applications took their part off', () => {
    expect(new HttpRequest({ url: '/orders', originalUrl: '/shop/orders?x', headers: {} }).path).toBe(
      '/shop/orders',
    );
  });

  it('may lack everything', () => {
    const read = new HttpRequest({});
    expect([read.method, read.path, read.search, read.header('host'), read.isPageNavigation]).toEqual([
      'GET',
      '/',
      '',
      undefined,
      false,
    ]);
  });

  it.each<[string, object]>([
    ['an upgrade', { method: 'GET', headers: { upgrade: 'websocket' } }],
    ['an upgrade in capitals', { method: 'GET', headers: { upgrade: 'WebSocket' } }],
    ['an upgrade to one of several', { method: 'GET', headers: { upgrade: 'h2c, websocket' } }],
    ['an upgrade field twice', { method: 'GET', headers: { upgrade: ['h2c', 'websocket'] } }],
    ['a key without an upgrade', { method: 'GET', headers: { 'sec-websocket-key': 'x' } }],
    ['a handshake of socket.io', { headers: { cookie: 'a=1' }, url: '/socket.io/', auth: {} }],
  ])('of %s is no safe method', (_name, raw) => {
    expect(HttpRequest.outsideHttp(raw).method).toBe('WEBSOCKET');
  });

  it.each(['h2c', 'websockets', 'x-websocket2', ''])('with an upgrade to %j stays what it is', (upgrade) => {
    const raw = { method: 'GET', headers: { upgrade } };
    expect(HttpRequest.outsideHttp(raw).method).toBe('GET');
  });

  it('gives parameters as often as they were sent, without meaning in brackets', () => {
    const { query } = request('/?code=a&code=b&state[]=x&state[y]=z&__proto__=p');
    expect(query.getAll('code')).toEqual(['a', 'b']);
    expect(query.get('state')).toBeNull();
    expect(Object.getPrototypeOf({})).not.toHaveProperty('p');
  });

  it('gives a header that came twice as one', () => {
    expect(new HttpRequest({ headers: { 'x-a': ['1', '2'] } as never }).header('x-a')).toBe('1, 2');
  });
});

describe('A page navigation', () => {
  it.each<[boolean, string, Record<string, string>]>([
    // Browsers that say what they are doing.
    [true, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
    [true, 'GET', { 'sec-fetch-mode': 'navigate' }],
    [true, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'application/json' }],
    [
      true,
      'GET',
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' },
    ],
    // What a service worker makes of a navigation that it passes on.
    [true, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'empty', accept: '*/*' }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate, navigate', 'sec-fetch-dest': 'document', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document, empty', accept: HTML }],
    [false, 'GET', { 'sec-fetch-site': 'none', accept: HTML }],
    [false, 'GET', { 'sec-fetch-dest': 'document', accept: HTML }],
    [false, 'GET', { 'sec-fetch-user': '?1', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'nested-navigate', 'sec-fetch-dest': 'document', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'fencedframe', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'frame', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'embed', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': '', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'same-origin', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'websocket', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': '', accept: HTML }],
    [false, 'GET', { 'sec-fetch-mode': 'NAVIGATE', accept: HTML }],
    // WeChat's and older ones, that do not.
    [true, 'GET', { accept: HTML }],
    [true, 'GET', { accept: 'text/html' }],
    [true, 'GET', { accept: 'TEXT/HTML' }],
    [true, 'GET', { accept: 'application/xhtml+xml' }],
    [true, 'GET', { accept: HTML, 'x-requested-with': 'com.tencent.mm' }],
    [true, 'GET', { accept: HTML, 'x-requested-with': 'com.android.browser' }],
    [true, 'GET', { accept: HTML, 'x-requested-with': '' }],
    [false, 'GET', { accept: HTML, 'x-requested-with': 'XMLHttpRequest' }],
    [false, 'GET', { accept: HTML, 'x-requested-with': 'xmlhttprequest' }],
    [false, 'GET', { accept: 'application/json' }],
    [false, 'GET', { accept: 'application/json, text/plain, */*' }],
    [false, 'GET', { accept: '*/*' }],
    [false, 'GET', { accept: '' }],
    [false, 'GET', {}],
    // Nothing but GET, however it is dressed.
    ...['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', ''].flatMap(
      (method): [boolean, string, Record<string, string>][] => [
        [false, method, { accept: HTML }],
        [false, method, { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
      ],
    ),
  ])('is %s for %s with %j', (expected, method, headers) => {
    expect(request('/orders', headers, method).isPageNavigation).toBe(expected);
  });

  it('is a GET in any spelling', () => {
    expect(request('/', { accept: HTML }, 'get').isPageNavigation).toBe(true);
  });

  it('is not what a form sends, though a page answers it', () => {
    const form = request('/', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 'POST');
    expect([form.opensPage, form.isPageNavigation]).toEqual([true, false]);
  });

  it('is never the handshake of a socket', () => {
    const socket = HttpRequest.ofSocket({ method: 'GET', url: '/', headers: { accept: HTML } });
    expect([socket.method, socket.isPageNavigation]).toEqual(['WEBSOCKET', false]);
  });
});

describe('Fetching ahead', () => {
  it.each<[boolean, Record<string, string>]>([
    [true, { 'sec-purpose': 'prefetch' }],
    [true, { 'sec-purpose': 'prefetch;prerender' }],
    [true, { 'sec-purpose': 'prefetch;anonymous-client-ip' }],
    [true, { purpose: 'prefetch' }],
    [true, { purpose: 'preview' }],
    [true, { 'x-purpose': 'preview' }],
    [true, { 'x-moz': 'prefetch' }],
    [true, { 'x-moz': 'Prefetch' }],
    [false, {}],
    [false, { 'sec-purpose': '' }],
    [false, { 'x-purpose': 'instant' }],
    [false, { 'sec-fetch-mode': 'navigate' }],
  ])('is %s for %j', (expected, headers) => {
    expect(request('/', headers).isPrefetch).toBe(expected);
  });
});

describe('The language of an answer', () => {
  it.each<[boolean, string | undefined]>([
    [true, undefined],
    [true, 'zh-CN'],
    [true, 'zh'],
    [true, 'ZH-hant-TW'],
    [true, 'zh-CN,zh;q=0.9,en;q=0.8'],
    [true, 'fr,zh;q=0.5,en;q=0.4'],
    [true, 'en;q=0.1,zh;q=0.2'],
    [true, ' zh-CN ; q=0.9 , en ; q=0.8'],
    [true, 'en;q=0,zh;q=0.1'],
    [false, 'en'],
    [false, 'en-US,en;q=0.9,zh;q=0.8'],
    [false, 'zh;q=0,en'],
    [false, 'zh;q=0.1,en;q=0.2'],
    [false, 'en,zh'],
    [false, 'fr,de'],
    [false, ''],
    [false, '*'],
    [false, 'zhuang'],
    [true, 'zh;q=nonsense'],
    [false, ',;=q,,;'],
    [false, `${'x'.repeat(600)},zh`],
  ])('is Chinese: %s, for %j', (expected, header) => {
    const headers: Record<string, string> = header === undefined ? {} : { 'accept-language': header };
    expect(request('/', headers).prefersChinese).toBe(expected);
  });

  it('is found in no time in a megabyte of anything', () => {
    const started = process.hrtime.bigint();
    for (const part of ['zh;q=', 'q=0.', ',', ';', 'zh-', '0.0.']) {
      void request('/', { 'accept-language': part.repeat(200_000) }).prefersChinese;
    }
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1_000);
  });
});
