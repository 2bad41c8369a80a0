// Any other API of WeChat: what may be sent, what goes out, what comes back, and that the app's own
// token, which stands in every address, is never seen.
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { WechatApiError, WechatError, WechatInputError } from '../../../lib/errors/errors.js';
import type { WechatCallOptions } from '../../../lib/api/app-call.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { LogCapture } from '../../support/log-capture.js';
import { APP_SECRET, makeParts, type Parts } from '../../support/parts.js';
import { Fault, Raw, Wire, type WireRequest } from '../../support/wire.js';

const STABLE = '/cgi-bin/stable_token';
const PATH = '/cgi-bin/user/info';
const TOKEN = 'canary$1access%26token';
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0x00]);
const stale = { errcode: 40001, errmsg: 'invalid credential, access_token is invalid or not latest' };

let wire: Wire;
let logs: LogCapture;
let parts: Parts;

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  wire = new Wire();
  parts = makeParts();
});
afterEach(() => {
  wire.close();
  Logger.overrideLogger(false);
});

/** Gives out one token after the other; the last one from then on. */
const tokens = (...given: string[]) =>
  wire.queue(STABLE, ...given.map((access_token) => ({ access_token, expires_in: 7200 })));
const call = (path: unknown, options?: unknown) =>
  parts.service.call(path as string, options as WechatCallOptions);
const sentTo = (path: string) => wire.requests.filter(({ endpoint }) => endpoint === path);

describe('A call', () => {
  it('is a GET with the token in front and the rest behind', async () => {
    tokens('AT1');
    wire.on(PATH, { subscribe: 1 });
    const query = { openid: 'o1', lang: 'zh_CN', n: 7, flag: false, none: undefined, name: '小红 &' };
    expect(await call(PATH, { query })).toEqual({ subscribe: 1 });
    const [{ method, raw, body }] = sentTo(PATH) as [WireRequest];
    expect([method, body]).toEqual(['GET', '']);
    expect(raw).toBe(
      `${PATH}?access_token=AT1&openid=o1&lang=zh_CN&n=7&flag=false&name=%E5%B0%8F%E7%BA%A2+%26`,
    );
  });

  it('is a POST with JSON, in UTF-8 and without escapes', async () => {
    tokens('AT1');
    wire.on(PATH, { errcode: 0, errmsg: 'ok', id: 1 });
    const body = { name: '小红🌸 "x"', list: [1, true, null], none: undefined };
    expect(await call(PATH, { method: 'POST', body })).toEqual({ errcode: 0, errmsg: 'ok', id: 1 });
    expect(sentTo(PATH)).toMatchObject([
      {
        method: 'POST',
        raw: `${PATH}?access_token=AT1`,
        body: '{"name":"小红🌸 \\"x\\"","list":[1,true,null]}',
      },
    ]);
  });

  it('gives a file as its bytes, and sees a refusal that comes as one', async () => {
    tokens('AT1');
    const image = { 'content-type': 'image/jpeg' };
    wire.queue(PATH, new Raw(200, PNG, image), new Raw(200, '{"errcode":41030,"errmsg":"no page"}', image));
    const file = await call(PATH, { method: 'POST', body: {} });
    expect(Buffer.isBuffer(file) && file.equals(PNG)).toBe(true);
    expect(await failureOf(() => call(PATH, { method: 'POST', body: {} }))).toMatchObject({ errcode: 41030 });
  });

  it('is told by an event that holds its path alone', async () => {
    tokens('AT1');
    wire.on(PATH, {});
    const events: unknown[] = [];
    parts.events.events$.subscribe((event) => events.push(event));
    await call(PATH, { query: { openid: 'o1' } });
    expect(events).toEqual([
      { type: 'api.call', endpoint: STABLE, ms: 0, ok: true },
      { type: 'api.call', endpoint: PATH, ms: 0, ok: true },
    ]);
  });

  it.each([
    [undefined, 1],
    [false, 1],
    [true, 3],
  ])(
    'with repeatable: %p is sent %d times where WeChat is busy or the line breaks',
    async (repeatable, times) => {
      tokens('AT1');
      for (const fault of [{ errcode: -1, errmsg: 'busy' }, new Fault('ECONNRESET'), new Raw(502, 'x')]) {
        wire.on(PATH, fault);
        wire.requests.length = 0;
        await failureOf(() => call(PATH, repeatable === undefined ? undefined : { repeatable }));
        expect(sentTo(PATH)).toHaveLength(times);
      }
    },
  );

  it.each([
    [undefined, true],
    [true, false],
  ])('with repeatable: %p may %p not even go out again after a dead connection', async (repeatable, once) => {
    tokens('AT1');
    wire.on(PATH, {});
    const sent = jest.spyOn(parts.transport, 'callForAny');
    await call(PATH, repeatable === undefined ? {} : { repeatable });
    expect(sent.mock.calls).toMatchObject([[{ endpoint: PATH, once }]]);
  });

  it('tells its own kind of a lack of rights', async () => {
    tokens('AT1');
    wire.on(PATH, { errcode: 48001, errmsg: 'api unauthorized' });
    expect(await failureOf(() => call(PATH))).toMatchObject({ errcode: 48001, kind: 'config' });
  });

  it('shows no access token where WeChat repeats a request', async () => {
    tokens('AT1');
    const path = '/cgi-bin/openapi/rid/get';
    const request = {
      invoke_time: 1,
      request_url: `access_token=${TOKEN}&openid=o1`,
      request_body: '{"url":"https://x/?ACCESS_TOKEN=abc"}',
    };
    wire.on(path, { errcode: 0, errmsg: 'ok', request });
    const answer = await call(path, { method: 'POST', body: { rid: '66cc41ab-6aaf22fd-1ffae523' } });
    expectFreeOf(answer, [TOKEN, '=abc']);
    expect(answer).toMatchObject({
      request: {
        request_url: 'access_token=[redacted]&openid=o1',
        request_body: '{"url":"https://x/?ACCESS_TOKEN=[redacted]"}',
      },
    });
  });

  it('shows no AppSecret there, which the token endpoints are sent', async () => {
    tokens('AT1');
    const path = '/cgi-bin/openapi/rid/get';
    const sent = JSON.stringify({ appid: parts.app.appId, secret: APP_SECRET, force_refresh: false });
    wire.on(path, { errcode: 0, request: { request_url: '', request_body: sent } });
    const answer = await call(path, { method: 'POST', body: { rid: '66cc41ab-6aaf22fd-1ffae523' } });
    expectFreeOf(answer, [APP_SECRET]);
    expect(answer).toMatchObject({ request: { request_body: sent.replace(APP_SECRET, '[redacted]') } });
  });
});

describe('A call whose token WeChat refuses', () => {
  it.each([40001, 40014, 42001])('with %d is sent once more with another one', async (errcode) => {
    tokens('AT1', 'AT2');
    wire.on(PATH, ({ query }: WireRequest) =>
      query['access_token'] === 'AT1' ? { errcode, errmsg: 'no' } : { ok: 1 },
    );
    expect(await call(PATH, { method: 'POST', body: { a: 1 } })).toEqual({ ok: 1 });
    expect(sentTo(PATH).map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
  });

  it('again and again ends after two', async () => {
    tokens('AT1', 'AT2', 'AT3');
    wire.on(PATH, stale);
    expect(await failureOf(() => call(PATH))).toMatchObject({ errcode: 40001, kind: 'upstream' });
    expect(sentTo(PATH).map(({ query }) => query['access_token'])).toEqual(['AT1', 'AT2']);
    expect(wire.count(STABLE)).toBe(2);
  });

  it('where no other is to be had, ends after one', async () => {
    tokens('AT1');
    wire.on(PATH, stale);
    for (let round = 0; round < 3; round++)
      expect(await failureOf(() => call(PATH))).toMatchObject({ errcode: 40001 });
    expect(sentTo(PATH)).toHaveLength(3);
    // The first, the usual one and the forced one; then nothing for a while.
    expect(wire.count(STABLE)).toBe(3);
  });

  it.each([-1, 40003, 40013, 41001, 45009, 48001])('with %d is not sent again', async (errcode) => {
    tokens('AT1', 'AT2');
    wire.on(PATH, { errcode, errmsg: 'no' });
    expect(await failureOf(() => call(PATH))).toBeInstanceOf(WechatApiError);
    expect([sentTo(PATH).length, wire.count(STABLE)]).toEqual([1, 1]);
  });
});

describe('A path is refused', () => {
  it.each([
    ['nothing', undefined],
    ['no text', 7],
    ['an object that becomes one', { toString: () => PATH }],
    ['empty', ''],
    ['the root', '/'],
    ['no slash', 'cgi-bin/user/info'],
    ['another host', 'https://evil.example/cgi-bin/user/info'],
    ['WeChat’s host', `https://api.weixin.qq.com${PATH}`],
    ['two slashes', '//evil.example/x'],
    ['two slashes inside', '/cgi-bin//token'],
    ['a backslash', '/\\evil.example/x'],
    ['a backslash inside', '/cgi-bin\\token'],
    ['a user', '/@evil.example/'],
    ['a user before a host', '@evil.example/x'],
    ['a port', ':8080/x'],
    ['a step up', '/x/../cgi-bin/token'],
    ['a step up that is encoded', '/x/%2e%2e/cgi-bin/token'],
    ['a step up, half encoded', '/x/.%2E/cgi-bin/token'],
    ['a step of its own', '/./cgi-bin/token'],
    ['an encoded letter', '/cgi-bin/%74oken'],
    ['an encoded slash', '/cgi-bin%2ftoken'],
    ['a query', `${PATH}?openid=o1`],
    ['an empty query', `${PATH}?`],
    ['a fragment', `${PATH}#x`],
    ['an encoded question mark', `${PATH}%3Faccess_token=x`],
    ['a parameter of the path', '/cgi-bin/token;x'],
    ['a blank before it', ` ${PATH}`],
    ['a blank', '/cgi-bin/user info'],
    ['a line end', `${PATH}\n`],
    ['a tab, which URLs drop', '/cgi-bin/to\tken'],
    ['a request line', '/x HTTP/1.1\r\nHost: evil'],
    ['a zero', '/cgi-bin/user\0'],
    ['a letter like another', '/cgi-bin/tоken'],
    ['a slash at its end', '/cgi-bin/token/'],
    ['a thousand letters', `/${'x'.repeat(1_000)}`],
    ['a token endpoint', '/cgi-bin/token'],
    ['the other one', STABLE],
    ['it in capitals', '/CGI-BIN/Stable_Token'],
  ])('that is %s', async (_name, path) => {
    const error = await failureOf(() => call(path));
    expect(error).toBeInstanceOf(WechatInputError);
    expect(error).toMatchObject({ kind: 'input', parameter: 'path' });
    expect(wire.requests).toEqual([]);
  });

  it.each(['/wxa/business/getuserphonenumber', '/cgi-bin/media/get', '/product/spu-get_v2.1', '/x'])(
    'but not %s',
    async (path) => {
      tokens('AT1');
      wire.on(path, { ok: 1 });
      expect(await call(path)).toEqual({ ok: 1 });
    },
  );

  it('at an API host with a path of its own as at WeChat’s', async () => {
    const proxied = makeParts({ endpoints: { api: 'https://api.weixin.qq.com/proxy' } });
    wire.on(`/proxy${STABLE}`, { access_token: 'AT1', expires_in: 7200 });
    wire.on(`/proxy${PATH}`, { ok: 1 });
    expect(await proxied.service.call(PATH)).toEqual({ ok: 1 });
    expect(await failureOf(() => proxied.service.call('/../x'))).toBeInstanceOf(WechatInputError);
  });
});

describe('Arguments are refused', () => {
  const circle: Record<string, unknown> = { canary: 'canary' };
  circle['self'] = circle;
  const post = (body: unknown) => ({ method: 'POST', body });

  it.each([
    ['options that are text', 'POST', 'options'],
    ['options that are null', null, 'options'],
    ['an unknown option', { data: {} }, 'options'],
    ['a method of another kind', { method: 'DELETE' }, 'method'],
    ['a method in small letters', { method: 'post' }, 'method'],
    ['an access token', { query: { access_token: 'canary' } }, 'query'],
    ['an access token in capitals', { query: { ACCESS_TOKEN: 'canary' } }, 'query'],
    ['an access token in both', { query: { Access_Token: 'canary' } }, 'query'],
    ['an access token that is undefined', { query: { access_token: undefined } }, 'query'],
    ['an access token and a blank', { query: { 'access_token ': 'canary' } }, 'query'],
    ['an access token in a list', { query: { 'access_token[]': 'canary' } }, 'query'],
    ['a name with a sign', { query: { 'a&access_token': 'canary' } }, 'query'],
    ['a name of nothing', { query: { '': 'x' } }, 'query'],
    ['a name that objects have', { query: { constructor: 'x' } }, 'query'],
    ['a query that is text', { query: 'access_token=canary' }, 'query'],
    ['a query of another class', { query: new URLSearchParams({ access_token: 'canary' }) }, 'query'],
    ['a list in the query', { query: { a: ['canary'] } }, 'query'],
    ['null in the query', { query: { a: null } }, 'query'],
    ['NaN in the query', { query: { a: NaN } }, 'query'],
    ['a secret in the query', { query: { a: new WechatSecret('canary') } }, 'query'],
    ['a body at a GET', { body: {} }, 'body'],
    ['a body that is written already', post('{"canary":1}'), 'body'],
    ['a body that is null', post(null), 'body'],
    ['a body that is a number', post(7), 'body'],
    ['bytes', post(Buffer.from('canary')), 'body'],
    ['a promise', post(Promise.resolve({})), 'body'],
    ['a map', post(new Map()), 'body'],
    ['a date', post(new Date()), 'body'],
    ['a circle', post(circle), 'body'],
    ['a big number', post({ a: 1n, b: 'canary' }), 'body'],
    ['what throws', post({ toJSON: () => failure('canary') }), 'body'],
    ['what becomes text', post({ toJSON: () => 'canary' }), 'body'],
    ['a secret', post({ list: [{ appsecret: new WechatSecret('canary') }] }), 'body'],
    ['a secret alone', post(new WechatSecret('canary')), 'body'],
    ['too much', post({ a: '茶'.repeat(350_000) }), 'body'],
    ['no time', { timeout: 0 }, 'timeout'],
    ['endless time', { timeout: Infinity }, 'timeout'],
    ['a time as text', { timeout: '10' }, 'timeout'],
    ['a repeatable that is text', { repeatable: 'false' }, 'repeatable'],
  ])('with %s', async (_name, options, parameter) => {
    const error = await failureOf(() => call(PATH, options));
    expect(error).toBeInstanceOf(WechatInputError);
    expect(error).toMatchObject({ kind: 'input', parameter });
    expectFreeOf(error, ['canary']);
    expect(wire.requests).toEqual([]);
  });
});

function failure(text: string): never {
  throw new Error(text);
}

describe('An error of a call', () => {
  const secrets = [TOKEN, 'canary/code+1', 'canary secret'];
  const echo = ({ raw, body, query }: WireRequest) =>
    `invalid ${raw} ${body} ${Object.values(query).join(' ')}, rid: 61-72`;
  const answers: [name: string, answer: unknown][] = [
    ['40029 that quotes the request', (sent: WireRequest) => ({ errcode: 40029, errmsg: echo(sent) })],
    ['40001 that quotes the request', (sent: WireRequest) => ({ errcode: 40001, errmsg: echo(sent) })],
    ['-1 that quotes the request', (sent: WireRequest) => ({ errcode: -1, errmsg: echo(sent) })],
    ['HTML', ({ raw }: WireRequest) => `<html>cannot GET ${raw}</html>`],
    ['JSON that does not end', ({ raw }: WireRequest) => `{"url":"${raw}"`],
    ['a list', ({ raw }: WireRequest) => [raw]],
    ['nothing', ''],
    ['a 500', ({ raw }: WireRequest) => new Raw(500, raw)],
    ['a 302', ({ raw }: WireRequest) => new Raw(302, '', { location: `https://evil.example${raw}` })],
    ['too much', Buffer.alloc(1024 * 1024 + 1, 1)],
    ['a refused connection', new Fault('ECONNREFUSED')],
    ['a reset', new Fault('ECONNRESET')],
    ['something never seen', new Fault('EWHATEVER')],
  ];

  it.each(answers)('after %s holds neither the token nor what was sent', async (_name, answer) => {
    tokens(TOKEN);
    wire.on(PATH, answer);
    const options = {
      query: { code: secrets[1]! },
      body: { appsecret: secrets[2]! },
      method: 'POST',
    } as const;
    const events: unknown[] = [];
    parts.events.events$.subscribe((event) => events.push(event));
    const error = await failureOf(() => call(PATH, options));
    expect(error).toBeInstanceOf(WechatError);
    expect('cause' in error).toBe(false);
    expectFreeOf([error, logs.text, events, parts.service], secrets);
    expectFreeOf(error, secrets);
  });
});
