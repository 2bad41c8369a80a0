// What goes out to WeChat, byte for byte, and when a call is sent again.
import { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import axios, { type AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WechatApiError, WechatNetworkError, WechatResponseError } from '../../../lib/errors/errors.js';
import { withoutDefaults } from '../../../lib/api/own-client.js';
import { MemoryTokenStore, WechatOAuthModule, WechatOAuthService } from '../../../lib/index.js';
import type { WechatEvent } from '../../../lib/common/wechat-events.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { APP_ID, APP_SECRET, makeParts, type Parts } from '../../support/parts.js';
import { Fault, Raw, Wire, type WireRequest } from '../../support/wire.js';

const OPENID = 'oABCDEF-0123_456789';
const TOKEN = {
  access_token: 'AT',
  expires_in: 7200,
  refresh_token: 'RT',
  openid: OPENID,
  scope: 'snsapi_base',
};
const BUSY = { errcode: -1, errmsg: 'system error, rid: 6172-6126-040f' };

let wire: Wire;
let parts: Parts;

beforeEach(() => {
  wire = new Wire();
  parts = makeParts();
});
afterEach(() => wire.close());

describe('A request to WeChat', () => {
  const calls: [name: string, send: (parts: Parts) => Promise<unknown>, answer: object, line: string][] = [
    [
      'exchangeCode',
      ({ api, app }) => api.exchangeCode(app, 'CODE'),
      TOKEN,
      `/sns/oauth2/access_token?appid=${APP_ID}&secret=${APP_SECRET}&code=CODE&grant_type=authorization_code`,
    ],
    [
      'refresh',
      ({ api, app }) => api.refresh(app, 'RT'),
      TOKEN,
      `/sns/oauth2/refresh_token?appid=${APP_ID}&grant_type=refresh_token&refresh_token=RT`,
    ],
    [
      'verify',
      ({ api }) => api.verify(OPENID, 'AT'),
      { errcode: 0, errmsg: 'ok' },
      `/sns/auth?access_token=AT&openid=${OPENID}`,
    ],
    [
      'userInfo',
      ({ api }) => api.userInfo(OPENID, 'AT', 'zh_TW'),
      { openid: OPENID },
      `/sns/userinfo?access_token=AT&openid=${OPENID}&lang=zh_TW`,
    ],
    [
      'codeToSession',
      ({ api, app }) => api.codeToSession(app, 'CODE'),
      { openid: OPENID, session_key: 'K' },
      `/sns/jscode2session?appid=${APP_ID}&secret=${APP_SECRET}&js_code=CODE&grant_type=authorization_code`,
    ],
  ];

  it.each(calls)('of %s is one GET with exactly these parameters', async (_name, send, answer, line) => {
    wire.on(line.split('?')[0]!, answer);
    await send(parts);
    expect(wire.requests.map(({ raw }) => raw)).toEqual([line]);
  });

  it.each(calls)(
    'of %s carries no cookie, no authorization and no body',
    async (_name, send, answer, line) => {
      wire.on(line.split('?')[0]!, answer);
      await send(parts);
      const { headers } = wire.requests[0]!;
      expect(headers['accept']).toBe('application/json');
      expect(Object.keys(headers)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(cookie|authorization|content-type|referer)$/)]),
      );
    },
  );

  it.each([['x&appid=evil#'], ['"abc"'], ['a+b/c=='], ['a%26b'], ['?code=1;code=2'], ["'()*!~"]])(
    'takes the value %p to the server as one value',
    async (value) => {
      wire
        .on('/sns/oauth2/access_token', TOKEN)
        .on('/sns/jscode2session', { openid: OPENID, session_key: 'K' });
      wire.on('/sns/oauth2/refresh_token', TOKEN).on('/sns/auth', { errcode: 0 });
      await parts.api.exchangeCode(parts.app, value);
      await parts.api.codeToSession(parts.app, value);
      await parts.api.refresh(parts.app, value);
      await parts.api.verify(value, value);
      expect(wire.requests.map(({ query }) => query)).toEqual([
        { appid: APP_ID, secret: APP_SECRET, code: value, grant_type: 'authorization_code' },
        { appid: APP_ID, secret: APP_SECRET, js_code: value, grant_type: 'authorization_code' },
        { appid: APP_ID, grant_type: 'refresh_token', refresh_token: value },
        { access_token: value, openid: value },
      ]);
      expect(wire.requests.map(({ raw }) => raw).join(' ')).not.toContain('#');
    },
  );

  it('goes to the configured endpoint, path included', async () => {
    wire.close();
    wire = new Wire('https://proxy.example.com').on('/wechat/sns/auth', { errcode: 0 });
    const { api } = makeParts({ endpoints: { api: 'https://proxy.example.com/wechat/' } });
    await expect(api.verify(OPENID, 'AT')).resolves.toBe(true);
  });

  it('is not touched by what the application does to its own default axios', async () => {
    wire.on('/sns/userinfo', { errcode: 40003, errmsg: 'invalid openid' });
    const seen: (string | undefined)[] = [];
    const spy = (config: InternalAxiosRequestConfig) => {
      seen.push(config.url);
      return config;
    };
    const onRequest = axios.interceptors.request.use(spy);
    const onResponse = axios.interceptors.response.use((response) => {
      seen.push(response.config.url);
      return response;
    });
    const module = await Test.createTestingModule({
      imports: [
        WechatOAuthModule.forRoot({
          appId: APP_ID,
          secret: APP_SECRET,
          tokenStore: { useValue: new MemoryTokenStore() },
        }),
      ],
    }).compile();
    // What a bare HttpModule, and everybody who imports axios, works with.
    new HttpService().axiosRef.interceptors.request.use(spy);
    try {
      wire.on('/sns/auth', { errcode: 0, errmsg: 'ok' });
      await expect(module.get(WechatOAuthService).verifyToken(OPENID, 'AT')).resolves.toBe(true);
      expect(wire.count('/sns/auth')).toBe(1);
      expect(seen).toEqual([]);
    } finally {
      axios.interceptors.request.eject(onRequest);
      axios.interceptors.response.eject(onResponse);
      axios.interceptors.request.clear();
      await module.close();
    }
  });

  it('is never sent with TLS verification switched off', () => {
    const lib = join(import.meta.dirname, '../../../lib');
    const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    expect(files).toContain(join('api', 'transport.ts'));
    const guilty = files.filter((name) =>
      /rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity/.test(
        readFileSync(join(lib, name), 'utf8'),
      ),
    );
    expect(guilty).toEqual([]);
  });
});

describe('A call that failed', () => {
  const userInfo = () => parts.api.userInfo(OPENID, 'AT', 'en');

  it.each([
    ['a refused connection', new Fault('ECONNREFUSED')],
    ['an unreachable host', new Fault('EHOSTUNREACH')],
    ['an unreachable network', new Fault('ENETUNREACH')],
    ['a name that does not resolve', new Fault('ENOTFOUND')],
    ['a name server that does not answer', new Fault('EAI_AGAIN')],
    ['a bad certificate', new Fault('CERT_HAS_EXPIRED')],
    ['a certificate for another name', new Fault('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['a reset', new Fault('ECONNRESET')],
    ['a broken pipe', new Fault('EPIPE')],
    ['a connection that timed out', new Fault('ETIMEDOUT')],
    ['an answer that broke off', new Fault('ERR_BAD_RESPONSE')],
    ['a 500', new Raw(500, '')],
    ['a 502', new Raw(502, 'Bad Gateway')],
    ['a 503 in JSON', new Raw(503, '{"message":"busy"}')],
    ['errcode -1', BUSY],
    ['errcode "-1"', { errcode: '-1', errmsg: 'system error' }],
  ])('by %s is sent again, and succeeds', async (_name, failure) => {
    wire.queue('/sns/userinfo', failure, failure, { openid: OPENID, nickname: 'Ming' });
    await expect(userInfo()).resolves.toMatchObject({ nickname: 'Ming' });
    expect(wire.count('/sns/userinfo')).toBe(3);
  });

  it('pauses before each repetition, longer each time, and asks chance how long', async () => {
    wire.on('/sns/userinfo', BUSY);
    const pauses: number[][] = [];
    for (const chance of [0, 0.5, 0.999]) {
      parts = makeParts();
      parts.runtime.chance = chance;
      await failureOf(userInfo);
      pauses.push(parts.runtime.pauses);
    }
    expect(pauses).toEqual([
      [100, 200],
      [200, 400],
      [expect.closeTo(300, 0), expect.closeTo(600, 0)],
    ]);
  });

  it('is given up after three attempts, and the error keeps what WeChat said', async () => {
    wire.on('/sns/userinfo', BUSY);
    const error = await failureOf(userInfo);
    expect(error).toBeInstanceOf(WechatApiError);
    expect(error).toMatchObject({
      errcode: -1,
      rid: '6172-6126-040f',
      attempts: 3,
      retryable: true,
      kind: 'upstream',
      endpoint: '/sns/userinfo',
    });
    expect(wire.count('/sns/userinfo')).toBe(3);
  });

  it('by the network counts its attempts too', async () => {
    wire.on('/sns/userinfo', new Fault('ENOTFOUND'));
    const error = await failureOf(userInfo);
    expect(error).toMatchObject({ fault: 'dns', sent: false, attempts: 3 });
    expect(error.message).toContain('3 attempts');
    expect(wire.count('/sns/userinfo')).toBe(3);
  });

  it('tells of the last failure when there were different ones', async () => {
    wire.queue('/sns/userinfo', BUSY, new Fault('ENOTFOUND'), new Fault('ECONNRESET'));
    expect(await failureOf(userInfo)).toMatchObject({ fault: 'reset', attempts: 3 });
    expect(wire.count('/sns/userinfo')).toBe(3);
  });

  it.each([
    ['HPE_INVALID_CONSTANT', 'unknown'],
    ['', 'unknown'],
    ['EPROTO', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ])('by %p (%s) is not sent again', async (code, fault) => {
    wire.on('/sns/userinfo', new Fault(code));
    const error = await failureOf(userInfo);
    expect(error).toBeInstanceOf(WechatNetworkError);
    expect(error).toMatchObject({
      fault,
      sent: true,
      attempts: 1,
      kind: 'network',
      endpoint: '/sns/userinfo',
    });
    expect(wire.count('/sns/userinfo')).toBe(1);
    expect(parts.runtime.pauses).toEqual([]);
  });

  it.each([
    ['ECONNREFUSED', 'refused', false],
    ['EHOSTUNREACH', 'refused', false],
    ['ENETUNREACH', 'refused', false],
    ['ENOTFOUND', 'dns', false],
    ['EAI_AGAIN', 'dns', false],
    ['CERT_HAS_EXPIRED', 'tls', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls', false],
    ['ECONNRESET', 'reset', true],
    ['EPIPE', 'reset', true],
    ['ETIMEDOUT', 'timeout', true],
    ['ECONNABORTED', 'timeout', true],
    ['ERR_BAD_RESPONSE', 'aborted', true],
  ])(
    'by %p is called %s; with a code in it, it is sent again only if it never left',
    async (code, fault, sent) => {
      wire.on('/sns/userinfo', new Fault(code)).on('/sns/oauth2/access_token', new Fault(code));
      wire.on('/sns/jscode2session', new Fault(code));
      const of = { fault, sent, kind: 'network' };
      expect(await failureOf(userInfo)).toMatchObject({ ...of, attempts: 3 });
      const attempts = sent ? 1 : 3;
      for (const call of [
        () => parts.api.exchangeCode(parts.app, 'CODE'),
        () => parts.api.codeToSession(parts.app, 'CODE'),
      ]) {
        expect(await failureOf(call)).toMatchObject({ ...of, attempts });
      }
      expect(wire.requests).toHaveLength(3 + 2 * attempts);
    },
  );

  it.each([[40001], [45011], [45009], [48001], [-2]])('by errcode %d is not sent again', async (errcode) => {
    wire.on('/sns/userinfo', { errcode, errmsg: 'no' });
    expect(await failureOf(userInfo)).toMatchObject({ errcode, attempts: 1 });
    expect(wire.count('/sns/userinfo')).toBe(1);
  });

  it.each([
    ['HTML', '<html>'],
    ['nothing', ''],
    ['a 404', new Raw(404, 'Not Found')],
    ['a redirect', new Raw(302, '', { location: 'https://example.com/' })],
  ])('by an answer of %s is not sent again', async (_name, answer) => {
    wire.on('/sns/userinfo', answer);
    expect(await failureOf(userInfo)).toBeInstanceOf(WechatResponseError);
    expect(wire.count('/sns/userinfo')).toBe(1);
  });

  it.each([
    ['reset', new Fault('ECONNRESET')],
    ['answered with -1', BUSY],
    ['answered with a 502', new Raw(502, 'Bad Gateway')],
    ['answered with 45011', { errcode: 45011, errmsg: 'api minute-quota reach limit' }],
  ])('with a code in it is not sent again when %s', async (_name, failure) => {
    wire.on('/sns/oauth2/access_token', failure).on('/sns/jscode2session', failure);
    const errors = [
      await failureOf(() => parts.api.exchangeCode(parts.app, 'CODE')),
      await failureOf(() => parts.api.codeToSession(parts.app, 'CODE')),
    ];
    expect(wire.requests).toHaveLength(2);
    expect(parts.runtime.pauses).toEqual([]);
    expect(errors.map((error) => (error as WechatApiError).attempts ?? 1)).toEqual([1, 1]);
    // The caller must not repeat it either.
    expect(errors.map((error) => (error as WechatApiError).retryable ?? false)).toEqual([false, false]);
  });

  it.each([
    ['refresh', () => parts.api.refresh(parts.app, 'RT'), '/sns/oauth2/refresh_token', TOKEN],
    ['verify', () => parts.api.verify(OPENID, 'AT'), '/sns/auth', { errcode: 0 }],
    ['userInfo', userInfo, '/sns/userinfo', { openid: OPENID }],
  ])('without a code in it, as that of %s, is', async (_name, call, endpoint, answer) => {
    wire.queue(endpoint, BUSY, answer);
    await call();
    expect(wire.count(endpoint)).toBe(2);
  });

  it.each([[null], [undefined], ['text'], [{}], [{ code: 7, message: 8 }]])(
    'with %p in place of an error is a network error all the same',
    async (thrown) => {
      const client = axios.create();
      // An interceptor that an application added on purpose may throw anything.
      // oxlint-disable-next-line prefer-promise-reject-errors -- that is the point
      client.interceptors.request.use(() => Promise.reject(thrown));
      const { api } = makeParts({}, { http: new HttpService(client) });
      expect(await failureOf(() => api.verify(OPENID, 'AT'))).toMatchObject({ fault: 'unknown', sent: true });
    },
  );
});

describe('The limit of a call', () => {
  const partsWith = (client: AxiosInstance) =>
    makeParts({ http: { timeout: 60 } }, { http: withoutDefaults(new HttpService(client)) });

  it('holds where an interceptor never answers', async () => {
    const client = axios.create();
    client.interceptors.request.use(() => new Promise(() => undefined));
    const error = await failureOf(() => partsWith(client).api.verify(OPENID, 'AT'));
    expect(error).toMatchObject({ fault: 'timeout', attempts: 1 });
  });

  it('ends the pause before the next attempt', async () => {
    wire.on('/sns/auth', BUSY);
    const late = partsWith(axios.create());
    late.runtime.sleep = () => new Promise(() => undefined);
    expect(await failureOf(() => late.api.verify(OPENID, 'AT'))).toMatchObject({ errcode: -1, attempts: 1 });
  });
});

it('A call that an interceptor sends twice may have been sent, however its second sending ended', async () => {
  wire.queue('/sns/oauth2/access_token', new Fault('ECONNRESET'), new Fault('EWHATEVER'));
  const client = axios.create();
  const { api, app } = makeParts({}, { http: withoutDefaults(new HttpService(client)) });
  let again = true;
  client.interceptors.response.use(undefined, (error: AxiosError) => {
    if (!again) throw error;
    again = false;
    return client.request(error.config!);
  });
  expect(await failureOf(() => api.exchangeCode(app, 'CODE'))).toMatchObject({ sent: true, attempts: 1 });
  expect(wire.requests).toHaveLength(2);
});

it('Each request is an event, with how it ended and nothing secret', async () => {
  const seen: WechatEvent[] = [];
  parts.events.events$.subscribe((event) => seen.push(event));
  wire.on('/sns/userinfo', (_request: WireRequest, nth: number) => {
    if (nth < 3) return nth === 1 ? BUSY : new Fault('ECONNREFUSED');
    parts.runtime.time += 70;
    return { openid: OPENID };
  });
  wire.on('/sns/oauth2/access_token', '<html>');
  await parts.api.userInfo(OPENID, 'AT-canary', 'en');
  await failureOf(() => parts.api.exchangeCode(parts.app, 'CODE-canary'));
  const call = { type: 'api.call', endpoint: '/sns/userinfo', ms: 0 };
  expect(seen).toEqual([
    { ...call, ok: false, kind: 'upstream', errcode: -1, rid: '6172-6126-040f' },
    { ...call, ok: false, kind: 'network' },
    { ...call, ok: true, ms: 70 },
    { ...call, endpoint: '/sns/oauth2/access_token', ok: false, kind: 'upstream' },
  ]);
  expectFreeOf(seen, ['AT-canary', 'CODE-canary', APP_SECRET]);
});

describe('A call with a body', () => {
  const PATH = '/cgi-bin/x';
  const post = (more: object = {}) => {
    const call = { method: 'POST' as const, endpoint: PATH, query: {}, body: '{"名":"小红🌸"}', secret: [] };
    return parts.transport.call({ ...call, repeatable: false, ...more });
  };

  it('is one POST with these bytes, and no question mark where there is no query', async () => {
    wire.on(PATH, { errcode: 0 });
    await post();
    const [{ method, raw, body, headers }] = wire.requests as [WireRequest];
    expect({ method, raw, body }).toEqual({ method: 'POST', raw: PATH, body: '{"名":"小红🌸"}' });
    expect(headers).toMatchObject({ 'content-type': 'application/json' });
  });

  it('has a hidden value taken out of what WeChat says', async () => {
    wire.on(PATH, { errcode: 40013, errmsg: 'no appsecret-canary here' });
    const error = await failureOf(() => post({ hidden: ['appsecret-canary'] }));
    expect(error.message).toContain('no [redacted] here');
  });

  it.each([
    [64, undefined],
    [1024, 1024 * 1024],
  ])('takes an answer of %d KiB and no more', async (kib, limit) => {
    const most = kib * 1024 - '{"a":""}'.length;
    wire.queue(PATH, { a: 'x'.repeat(most) }, { a: 'x'.repeat(most + 1) });
    expect(await post({ limit })).toHaveProperty('a');
    expect(await failureOf(() => post({ limit }))).toMatchObject({
      problem: `the body is larger than ${kib} KiB`,
    });
  });

  it('follows no redirect', async () => {
    wire.on(PATH, new Raw(302, '', { location: 'https://evil.example/' }));
    expect(await failureOf(() => post())).toBeInstanceOf(WechatResponseError);
  });
});
