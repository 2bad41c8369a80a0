import { connect } from 'node:net';
import type { MockFault, WechatMockServer } from '../../../../lib/testing/index.js';
import {
  codeFor,
  exchange,
  failureOf,
  get,
  json,
  OFFICIAL,
  officialLink,
  signIn,
  start,
  userinfo,
} from './kit.js';

const TOKEN = '/sns/oauth2/access_token';
const AUTH = '/sns/auth';

const inject = async (fault: MockFault, path = AUTH) => {
  const wechat = await start();
  wechat.inject(path, fault);
  return { wechat, ...(await get(wechat, path)) };
};

describe('inject', () => {
  it('an errcode, with WeChat’s text or another', async () => {
    const { wechat, status, headers, body } = await inject({ errcode: 45011 });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain']);
    expect(JSON.parse(body)).toEqual({
      errcode: 45011,
      errmsg: expect.stringMatching(/^api minute-quota.*, rid: /),
    });
    expect(wechat.calls[0]!.answered).toEqual({ status: 200, errcode: 45011 });
    wechat.inject(AUTH, { errcode: -1, errmsg: 'busy', status: 503, contentType: 'application/json' });
    const second = await get(wechat, AUTH);
    expect([second.status, second.headers.get('content-type')]).toEqual([503, 'application/json']);
    expect(JSON.parse(second.body)).toMatchObject({
      errcode: -1,
      errmsg: expect.stringMatching(/^busy, rid/),
    });
    wechat.inject(AUTH, { errcode: 99999 });
    expect(await json(wechat, AUTH)).toMatchObject({
      errcode: 99999,
      errmsg: expect.stringMatching(/^error, rid/),
    });
  });

  it('an errcode on a page', async () => {
    const wechat = await start();
    wechat.inject('/connect/oauth2/authorize', { errcode: 10004 });
    wechat.inject('/connect/oauth2/authorize', { errcode: 10009, errmsg: '慢一点' });
    wechat.inject('/connect/oauth2/authorize', { errcode: 12345 });
    const pages = [];
    for (let index = 0; index < 3; index++) pages.push((await wechat.authorize(officialLink())).page!);
    expect(pages.map(({ errcode }) => errcode)).toEqual([10004, 10009, 12345]);
    expect(pages[0]!.html).toContain('此公众号被封禁');
    expect(pages[1]!.html).toContain('慢一点');
    expect(pages[2]!.html).toContain('系统错误');
    expect((await wechat.authorize(officialLink())).redirectTo).toBeDefined();
  });

  it.each<[string, MockFault, number, string | null, string]>([
    [
      'a status',
      { status: 502 },
      502,
      'text/html',
      '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
    ],
    [
      'an odd status',
      { status: 599 },
      599,
      'text/html',
      '<html><head><title>599 </title></head><body><h1>599 </h1></body></html>',
    ],
    ['an empty body', { empty: true }, 200, 'text/html; charset=gbk', ''],
    [
      'an empty body with a type',
      { empty: true, contentType: 'text/plain', status: 500 },
      500,
      'text/plain',
      '',
    ],
    ['a text', { body: 'maintenance' }, 200, 'text/plain', 'maintenance'],
    ['bytes', { body: Buffer.from([0x7b, 0x7d]) }, 200, 'text/plain', '{}'],
    ['broken JSON', { brokenJson: true }, 200, 'text/plain', '{"access_token":"61_cut'],
    ['a redirect', { redirectTo: 'http://127.0.0.1:1/路' }, 302, null, ''],
  ])('%s', async (_what, fault, status, type, body) => {
    const answer = await inject(fault);
    expect([answer.status, answer.headers.get('content-type'), answer.body]).toEqual([status, type, body]);
    expect(answer.headers.get('location')).toBe(fault.redirectTo ? 'http://127.0.0.1:1/%E8%B7%AF' : null);
    expect(answer.wechat.calls[0]!.answered).toEqual({ status });
  });

  it('an answer that differs: fields changed, added, removed', async () => {
    const wechat = await start();
    wechat.inject(TOKEN, { answer: { expires_in: '7200', scope: undefined, more: 1 } });
    const tokens = await exchange(wechat, OFFICIAL, await codeFor(wechat, 'ming'));
    expect(tokens).toMatchObject({
      expires_in: '7200',
      more: 1,
      openid: wechat.openidOf(OFFICIAL.appId, 'ming'),
    });
    expect(tokens).not.toHaveProperty('scope');
    // The token is a real one.
    expect(await userinfo(wechat, tokens as unknown as Record<string, string>)).toMatchObject({
      nickname: '小明',
    });
    wechat.inject(TOKEN, { answer: { openid: 'o' } });
    expect(await exchange(wechat, OFFICIAL, 'nonsense')).toMatchObject({ errcode: 40029 });
    wechat.inject(AUTH, { answer: { errcode: '40001' } });
    const { access_token, openid } = tokens as unknown as Record<string, string>;
    await json(wechat, AUTH, { access_token: access_token!, openid: openid! });
    expect(wechat.calls.at(-1)!.answered).toEqual({ status: 200, errcode: 40001 });
  });

  it('a reset', async () => {
    const wechat = await start();
    wechat.inject(AUTH, { reset: true });
    const error = await failureOf(get(wechat, AUTH));
    expect(error.cause!.code).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(wechat.calls[0]!.answered).toEqual({ status: 0 });
    wechat.inject('/connect/oauth2/authorize', { reset: true });
    await expect(wechat.authorize(officialLink())).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('a hang, which ends when the client gives up or the server closes', async () => {
    const wechat = await start();
    wechat.inject(AUTH, { hang: true, times: 2 });
    const controller = new AbortController();
    const given = failureOf(fetch(`${wechat.endpoints.api}${AUTH}`, { signal: controller.signal }));
    const kept = failureOf(fetch(`${wechat.endpoints.api}${AUTH}`));
    expect(await wechat.waitForCalls(AUTH, 2)).toHaveLength(2);
    controller.abort();
    expect((await given).message).toMatch(/abort/);
    await wechat.close();
    expect((await kept).message).toBe('fetch failed');
    expect(wechat.calls.map(({ answered }) => answered.status)).toEqual([0, 0]);
  });

  it('a delay, alone or before something else', async () => {
    const wechat = await start();
    wechat.inject(AUTH, { delayMs: 30 });
    wechat.inject(AUTH, { delayMs: 30, errcode: -1 });
    const before = performance.now();
    expect(await json(wechat, AUTH)).toMatchObject({ errcode: 41001 });
    expect(await json(wechat, AUTH)).toMatchObject({ errcode: -1 });
    expect(performance.now() - before).toBeGreaterThan(55);
    expect(wechat.clock.now()).toBe(wechat.calls[0]!.at);
  });

  it('a delay that the closing server cuts short', async () => {
    const wechat = await start();
    wechat.inject(AUTH, { delayMs: 2 ** 31 - 1 });
    const cut = failureOf(fetch(`${wechat.endpoints.api}${AUTH}`));
    await wechat.waitForCalls(AUTH);
    await wechat.close();
    expect((await cut).message).toBe('fetch failed');
  });

  it('an answer that got lost: the work is done, or it is not', async () => {
    const wechat = await start();
    const code = await codeFor(wechat, 'ming');
    wechat.inject(TOKEN, { status: 504 });
    const params = { appid: OFFICIAL.appId, secret: OFFICIAL.secret, code, grant_type: 'authorization_code' };
    expect((await get(wechat, TOKEN, params)).status).toBe(504);
    wechat.inject(TOKEN, { brokenJson: true, afterEffect: true });
    const { body } = await get(wechat, TOKEN, params);
    expect(body).toMatch(/^\{"access_token":"\d\d_/);
    expect(() => JSON.parse(body) as unknown).toThrow(SyntaxError);
    expect(await exchange(wechat, OFFICIAL, code)).toMatchObject({ errcode: 40163 });
    wechat.inject(TOKEN, { reset: true, afterEffect: true });
    const other = await codeFor(wechat, 'ming');
    await expect(get(wechat, TOKEN, { ...params, code: other })).rejects.toThrow('fetch failed');
    expect(await exchange(wechat, OFFICIAL, other)).toMatchObject({ errcode: 40163 });
  });

  it('several times, in order, for one path or all, until they are taken back', async () => {
    const wechat = await start();
    const ask = async () => (await json(wechat, AUTH)).errcode;
    const twice = wechat.inject(AUTH, { errcode: -1, times: 2 });
    const next = wechat.inject(AUTH, { errcode: 45011 });
    const always = wechat.inject('*', { errcode: 45009, times: Infinity });
    expect([await ask(), await ask(), await ask(), await ask(), await ask()]).toEqual([
      -1, -1, 45011, 45009, 45009,
    ]);
    expect([twice.hits, next.hits, always.hits]).toEqual([2, 1, 2]);
    expect((await json(wechat, '/sns/userinfo')).errcode).toBe(45009);
    always.remove();
    always.remove();
    expect(await ask()).toBe(41001);
    wechat.inject(AUTH, { errcode: -1 });
    wechat.clearFaults();
    expect(await ask()).toBe(41001);
    // The mock's own addresses are no part of WeChat.
    wechat.inject('*', { errcode: -1 });
    expect((await get(wechat, '/avatar/ming.svg')).status).toBe(200);
    expect(await ask()).toBe(-1);
  });

  it.each<[MockFault, RegExp]>([
    [{}, /got no fault/],
    [{ errmsg: 'x' }, /got no fault/],
    [{ errcode: 1, hang: true }, /got errcode and hang/],
    [{ errcode: 1, times: 0 }, /got times: 0/],
    [{ errcode: 1, times: Number.NaN }, /got times: NaN/],
    [{ delayMs: -1 }, /got delayMs: -1/],
    [{ delayMs: Infinity }, /got delayMs: Infinity/],
    [{ status: 99 }, /got status: 99/],
    [{ status: 600 }, /got status: 600/],
    [{ status: 200.5 }, /got status: 200.5/],
  ])('refuses %j', async (fault, message) => {
    const wechat = await start();
    expect(() => wechat.inject(AUTH, fault)).toThrow(message);
  });

  it('refuses a path WeChat does not have', async () => {
    const wechat = await start();
    expect(() => wechat.inject('/sns/access_token', { errcode: 1 })).toThrow(
      /unknown path "\/sns\/access_token"\. Known: \*, \/connect/,
    );
  });
});

describe('calls', () => {
  it('are kept with what was asked and answered', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat);
    await fetch(`${wechat.endpoints.api}/sns/userinfo?access_token=x&openid=o&openid=p`, {
      headers: { 'user-agent': 'me' },
    });
    expect(wechat.calls.map(({ path }) => path)).toEqual([
      '/connect/oauth2/authorize',
      TOKEN,
      '/sns/userinfo',
    ]);
    expect(wechat.callsTo(TOKEN)[0]).toMatchObject({
      appId: OFFICIAL.appId,
      query: { secret: OFFICIAL.secret },
    });
    expect(wechat.calls[2]).toEqual({
      at: wechat.clock.now(),
      method: 'GET',
      path: '/sns/userinfo',
      query: { access_token: 'x', openid: 'p' },
      body: '',
      userAgent: 'me',
      appId: undefined,
      answered: { status: 200, errcode: 40001 },
    });
    const before = wechat.calls;
    wechat.clearCalls();
    expect([wechat.calls.length, before.length]).toEqual([0, 3]);
    expect(tokens).toBeDefined();
  });

  it('can be waited for', async () => {
    const wechat = await start();
    const [two, one] = [wechat.waitForCalls(AUTH, 2), wechat.waitForCalls(AUTH)];
    await get(wechat, '/sns/userinfo');
    await get(wechat, AUTH);
    expect(await one).toHaveLength(1);
    await get(wechat, AUTH);
    expect(await two).toHaveLength(2);
    expect(await wechat.waitForCalls(AUTH)).toHaveLength(2);
    const never = failureOf(wechat.waitForCalls(AUTH, 3));
    await wechat.close();
    expect((await never).message).toMatch(/waited until the server closed/);
  });

  it('are capped at ten thousand', async () => {
    const { CallLog } = await import('../../../../lib/testing/mock-server/http/call-log.js');
    const log = new CallLog();
    const request = {
      method: 'GET',
      path: '/',
      rawQuery: '',
      query: new URLSearchParams(),
      headers: {},
      body: '',
    };
    for (let at = 0; at < 10_001; at++) log.add(request, at);
    expect([log.all().length, log.all()[0]!.at]).toEqual([10_000, 1]);
  });
});

describe('the socket', () => {
  const raw = (wechat: WechatMockServer, text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(wechat.endpoints.open).port), '127.0.0.1', () =>
        socket.write(text),
      );
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('error', () => resolve(answer));
      socket.on('close', () => resolve(answer));
    });

  it('takes an absolute request line', async () => {
    const wechat = await start();
    const head = 'Host: x\r\nConnection: close\r\n\r\n';
    expect(await raw(wechat, `GET http://api.weixin.qq.com/sns/auth HTTP/1.1\r\n${head}`)).toContain(
      '"errcode":41001',
    );
    expect(await raw(wechat, `GET http://api.weixin.qq.com/x HTTP/1.1\r\n${head}`)).toContain(
      '"errcode":40066',
    );
    expect(await raw(wechat, `GET http://api.weixin.qq.com?x=1 HTTP/1.1\r\n${head}`)).toContain('desk-page');
    expect(wechat.calls.map(({ path }) => path)).toEqual(['/sns/auth', '/x']);
  });

  it('is cut for a body without end, and the server lives on', async () => {
    const wechat = await start();
    const large = 'x'.repeat(70_000);
    await raw(wechat, `POST /sns/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n${large}`);
    expect(wechat.calls).toEqual([]);
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
  });

  it('is cut when the clock of the test throws, and the server lives on', async () => {
    let broken = false;
    const wechat = await start({
      now: () => {
        if (broken) throw new Error('no time');
        return 0;
      },
    });
    broken = true;
    await expect(get(wechat, AUTH)).rejects.toThrow('fetch failed');
    broken = false;
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
  });

  it('is cut when an endpoint meets something that is not WeChat’s to answer', async () => {
    let calls = 2;
    const wechat = await start({
      now: () => {
        calls += 1;
        if (calls === 2) throw new Error('no time');
        return 0;
      },
    });
    const { access_token, openid } = (await signIn(wechat)) as { access_token: string; openid: string };
    calls = 0;
    await expect(get(wechat, AUTH, { access_token, openid })).rejects.toThrow('fetch failed');
  });
});
