import {
  codeFor,
  codeIn,
  DAY,
  exchange,
  get,
  json,
  LONE,
  MINI,
  MINUTE,
  MOBILE,
  OFFICIAL,
  officialLink,
  qrLink,
  refresh,
  signIn,
  start,
  START,
  userinfo,
  WEBSITE,
} from './kit.js';
import type { MockUnsure } from '../../../../lib/testing/index.js';

const TOKEN = '/sns/oauth2/access_token';
const errcodeOf = async (answer: Promise<{ errcode?: number | string }>) => (await answer).errcode;

describe('GET /sns/oauth2/access_token', () => {
  it('answers text/plain JSON with what WeChat documents', async () => {
    const wechat = await start();
    const code = await codeFor(wechat, 'ming');
    const params = { appid: OFFICIAL.appId, secret: OFFICIAL.secret, code, grant_type: 'authorization_code' };
    const { status, headers, body } = await get(wechat, TOKEN, params);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain');
    expect(JSON.parse(body)).toEqual({
      access_token: expect.stringMatching(/^\d\d_[\w-]{86}$/),
      expires_in: 7200,
      refresh_token: expect.stringMatching(/^\d\d_[\w-]{86}$/),
      openid: wechat.openidOf(OFFICIAL.appId, 'ming'),
      scope: 'snsapi_userinfo',
      unionid: wechat.unionidOf(OFFICIAL.appId, 'ming'),
    });
  });

  it('judges app, secret, grant type and code in this order, and spends nothing until all are right', async () => {
    const wechat = await start();
    const code = await codeFor(wechat, 'ming');
    const steps: [Record<string, string>, number][] = [
      [{}, 41002],
      [{ appid: 'wxnobody' }, 40013],
      [{ appid: MINI.appId }, 40013],
      [{ appid: OFFICIAL.appId }, 41004],
      [{ secret: 'wrong' }, 40125],
      [{ secret: OFFICIAL.secret }, 40002],
      [{ grant_type: 'client_credential' }, 40002],
      [{ grant_type: 'authorization_code' }, 41008],
      [{ code: '' }, 41008],
      [{ code: 'nonsense' }, 40029],
    ];
    const params: Record<string, string> = {};
    for (const [more, errcode] of steps) {
      Object.assign(params, more);
      const answer = await get(wechat, TOKEN, params);
      expect([answer.status, (JSON.parse(answer.body) as { errcode: number }).errcode]).toEqual([
        200,
        errcode,
      ]);
    }
    expect((await exchange(wechat, OFFICIAL, code)).errcode).toBeUndefined();
  });

  it('wants GET', async () => {
    const wechat = await start();
    for (const method of ['POST', 'PUT']) {
      const { status, body } = await get(wechat, TOKEN, {}, { method, body: 'x=1' });
      expect([status, JSON.parse(body)]).toEqual([
        200,
        { errcode: 43001, errmsg: expect.stringMatching(/^require GET method, rid: /) },
      ]);
    }
    expect(wechat.calls[0]).toMatchObject({
      method: 'POST',
      body: 'x=1',
      answered: { status: 200, errcode: 43001 },
    });
  });

  it('takes each of several secrets', async () => {
    const wechat = await start({ apps: [{ ...OFFICIAL, secret: ['current', 'previous'] }] });
    for (const secret of ['current', 'previous']) {
      expect(
        (await exchange(wechat, { ...OFFICIAL, secret }, await codeFor(wechat, 'ming'))).errcode,
      ).toBeUndefined();
    }
    expect(await errcodeOf(exchange(wechat, { ...OFFICIAL, secret: 'older' }, 'x'))).toBe(40125);
  });

  it('takes a code once', async () => {
    const wechat = await start();
    const code = await codeFor(wechat, 'ming');
    await exchange(wechat, OFFICIAL, code);
    expect(await exchange(wechat, OFFICIAL, code)).toMatchObject({
      errcode: 40163,
      errmsg: expect.stringMatching(/^code been used/),
    });
    wechat.unsure.usedCode = 40029;
    expect(await errcodeOf(exchange(wechat, OFFICIAL, code))).toBe(40029);
    expect(await errcodeOf(exchange(wechat, OFFICIAL, code.toLowerCase()))).toBe(40029);
  });

  it('takes a code of its own app only', async () => {
    const wechat = await start();
    const code = await codeFor(wechat, 'ming');
    expect(await errcodeOf(exchange(wechat, LONE, code))).toBe(40029);
    wechat.unsure.foreignCode = 40242;
    expect(await errcodeOf(exchange(wechat, LONE, code))).toBe(40242);
    expect((await exchange(wechat, OFFICIAL, code)).errcode).toBeUndefined();
  });

  it.each([
    ['official account', OFFICIAL, officialLink(), 5],
    ['website', WEBSITE, qrLink(), 10],
  ] as const)('lets the code of an %s grow old', async (_what, app, link, minutes) => {
    const wechat = await start();
    const codes = [await codeFor(wechat, 'ming', link), await codeFor(wechat, 'ming', link)];
    wechat.clock.advance(minutes * MINUTE - 1);
    expect((await exchange(wechat, app, codes[0]!)).errcode).toBeUndefined();
    wechat.clock.advance(1);
    expect(await errcodeOf(exchange(wechat, app, codes[1]!))).toBe(42003);
    wechat.unsure.expiredCode = 40029;
    expect(await errcodeOf(exchange(wechat, app, codes[1]!))).toBe(40029);
  });

  it('gives a unionid where there is one and the scope allows it', async () => {
    const wechat = await start();
    const lone = officialLink({ appid: LONE.appId });
    expect(await exchange(wechat, LONE, await codeFor(wechat, 'ming', lone))).not.toHaveProperty('unionid');
    expect(await signIn(wechat, 'ming', 'snsapi_base')).not.toHaveProperty('unionid');
    const unionid = wechat.unionidOf(OFFICIAL.appId, 'ming');
    expect(await exchange(wechat, WEBSITE, await codeFor(wechat, 'ming', qrLink()))).toMatchObject({
      scope: 'snsapi_login',
      unionid,
    });
    const native = wechat.loginCode({ appId: MOBILE.appId, user: 'ming' });
    expect(await exchange(wechat, MOBILE, native)).toMatchObject({ scope: 'snsapi_userinfo', unionid });
    wechat.unsure.unionidOnBase = true;
    expect(await signIn(wechat, 'ming', 'snsapi_base')).toMatchObject({ unionid });
  });

  it('gives a snapshot user virtual ids and the flag', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat, 'visitor');
    expect(tokens).toMatchObject({
      is_snapshotuser: 1,
      openid: wechat.openidOf(OFFICIAL.appId, 'visitor', { virtual: true }),
      unionid: wechat.unionidOf(OFFICIAL.appId, 'visitor', { virtual: true }),
    });
    expect(await signIn(wechat, 'visitor', 'snsapi_base')).not.toHaveProperty('is_snapshotuser');
    const forced = await wechat.authorize(officialLink({}, '&forceSnapShot=true'), { user: 'ming' });
    expect(await exchange(wechat, OFFICIAL, codeIn(forced.redirectTo))).toMatchObject({ is_snapshotuser: 1 });
    // Nothing is asked on a snapshot page, so nothing is refused.
    expect((await wechat.authorize(officialLink(), { user: 'visitor', allow: false })).redirectTo).toMatch(
      /code=/,
    );
    wechat.setUser('visitor', { snapshot: false });
    expect(await signIn(wechat, 'visitor')).toMatchObject({
      openid: wechat.openidOf(OFFICIAL.appId, 'visitor'),
    });
    wechat.setUser('visitor', { snapshot: true });
    Object.assign(wechat.unsure, {
      snapshotVirtualOpenid: false,
      snapshotFlag: false,
    } satisfies Partial<MockUnsure>);
    const real = await signIn(wechat, 'visitor');
    expect(real).toMatchObject({
      openid: wechat.openidOf(OFFICIAL.appId, 'visitor'),
      unionid: wechat.unionidOf(OFFICIAL.appId, 'visitor'),
    });
    expect(real).not.toHaveProperty('is_snapshotuser');
  });
});

describe('answers', () => {
  const broken = async (unsure: Partial<MockUnsure>) => {
    const wechat = await start({ unsure });
    return get(wechat, '/sns/auth');
  };

  it('carry a rid made of the time and random numbers', async () => {
    const { body } = await broken({});
    const time = Math.floor(START / 1000).toString(16);
    expect(JSON.parse(body)).toEqual({
      errcode: 41001,
      errmsg: expect.stringMatching(
        new RegExp(`^access_token missing, rid: ${time}-[0-9a-f]{8}-[0-9a-f]{8}$`),
      ),
    });
  });

  it.each([
    ['hints', /^access_token missing, hints: \[ req_id: [0-9a-f]{8} \]$/],
    ['hint', /^access_token missing hint: \[[0-9a-f]{8}\]$/],
    ['none', /^access_token missing$/],
  ] as const)('may end with %s instead', async (errmsgSuffix, pattern) => {
    const { body } = await broken({ errmsgSuffix });
    expect((JSON.parse(body) as { errmsg: string }).errmsg).toMatch(pattern);
  });

  it('may have another type, an errcode in a string, or one in good answers', async () => {
    const unsure = {
      contentType: 'application/json; encoding=utf-8',
      errcodeAsString: true,
      errcodeZeroOnSuccess: true,
    };
    const { headers, body } = await broken(unsure);
    expect(headers.get('content-type')).toBe('application/json; encoding=utf-8');
    expect(JSON.parse(body)).toMatchObject({ errcode: '41001' });
    const wechat = await start({ unsure });
    const tokens = await exchange(wechat, OFFICIAL, await codeFor(wechat, 'ming'));
    expect(tokens).toMatchObject({ errcode: '0', errmsg: 'ok', scope: 'snsapi_userinfo' });
    wechat.unsure.errcodeAsString = false;
    wechat.unsure.scopeInTokenAnswer = false;
    const again = await exchange(wechat, OFFICIAL, await codeFor(wechat, 'ming'));
    expect(again).toMatchObject({ errcode: 0 });
    expect(again).not.toHaveProperty('scope');
  });

  it('are a 404 for paths WeChat does not have', async () => {
    const wechat = await start();
    for (const path of ['//', '/index.html', '/sns/nothing', '/avatar/', '/mock', '/mock/authorize']) {
      const { status, body } = await get(wechat, path);
      expect([status, JSON.parse(body)]).toEqual([
        404,
        { errcode: 40066, errmsg: expect.stringMatching(/^invalid url, rid:/) },
      ]);
    }
    expect(wechat.calls.map(({ path }) => path)).toEqual(['//', '/index.html', '/sns/nothing', '/mock']);
  });
});

describe('GET /sns/oauth2/refresh_token', () => {
  it('wants no secret, and judges what it is given', async () => {
    const wechat = await start();
    const path = '/sns/oauth2/refresh_token';
    const tokens = await signIn(wechat);
    expect(await json(wechat, path)).toMatchObject({ errcode: 41002 });
    expect(await json(wechat, path, { appid: OFFICIAL.appId })).toMatchObject({ errcode: 40002 });
    expect(await json(wechat, path, { appid: OFFICIAL.appId, grant_type: 'refresh_token' })).toMatchObject({
      errcode: 41003,
    });
    expect(await refresh(wechat, 'nonsense')).toMatchObject({ errcode: 40030 });
    expect(await refresh(wechat, tokens['refresh_token']!, LONE.appId)).toMatchObject({ errcode: 40030 });
    expect(await refresh(wechat, tokens['refresh_token']!, MINI.appId)).toMatchObject({ errcode: 40013 });
  });

  it('extends a live access_token, or makes a new one (unsure)', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat);
    wechat.clock.advance(100 * MINUTE);
    expect(await refresh(wechat, tokens['refresh_token']!)).toEqual({
      access_token: tokens['access_token'],
      expires_in: 7200,
      refresh_token: tokens['refresh_token'],
      openid: tokens['openid'],
      scope: 'snsapi_userinfo',
    });
    wechat.clock.advance(100 * MINUTE);
    expect(await userinfo(wechat, tokens)).toMatchObject({ nickname: '小明' });
    wechat.unsure.refreshKeepsLiveToken = false;
    const next = (await refresh(wechat, tokens['refresh_token']!)) as unknown as Record<string, string>;
    expect(next['access_token']).not.toBe(tokens['access_token']);
    expect(await userinfo(wechat, tokens)).toMatchObject({ errcode: 40001 });
    expect(await userinfo(wechat, next)).toMatchObject({ nickname: '小明' });
  });

  it('replaces an expired access_token', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat);
    wechat.clock.advance(120 * MINUTE);
    expect(await userinfo(wechat, tokens)).toMatchObject({ errcode: 42001 });
    const next = (await refresh(wechat, tokens['refresh_token']!)) as unknown as Record<string, string>;
    expect(next['access_token']).not.toBe(tokens['access_token']);
    expect(await userinfo(wechat, next)).toMatchObject({ nickname: '小明' });
    expect(await userinfo(wechat, tokens)).toMatchObject({ errcode: 42001 });
  });

  it.each<[Partial<MockUnsure>, number, boolean]>([
    [{}, 30, false],
    [{ refreshTokenDays: 180 }, 180, false],
    [{ refreshTokenRenews: true }, 30, true],
  ])('with %j ends %i days after the login; renewed: %s', async (unsure, days, renewed) => {
    const wechat = await start({ unsure });
    const { refresh_token: token } = await signIn(wechat);
    wechat.clock.advance(days * DAY - 1);
    expect((await refresh(wechat, token!)).errcode).toBeUndefined();
    wechat.clock.advance(1);
    expect((await refresh(wechat, token!)).errcode).toBe(renewed ? undefined : 42002);
  });

  it('keeps the refresh_token, or rotates it in two ways (unsure)', async () => {
    const wechat = await start();
    const { refresh_token: first } = await signIn(wechat);
    expect(await refresh(wechat, first!)).toMatchObject({ refresh_token: first });
    wechat.unsure.rotateRefreshToken = 'old-lives';
    const second = (await refresh(wechat, first!))['refresh_token'] as string;
    expect(second).not.toBe(first);
    expect((await refresh(wechat, first!)).errcode).toBeUndefined();
    wechat.unsure.rotateRefreshToken = true;
    const third = (await refresh(wechat, second))['refresh_token'] as string;
    expect(await refresh(wechat, second)).toMatchObject({ errcode: 40030 });
    expect((await refresh(wechat, third)).errcode).toBeUndefined();
  });

  it('may lose older refresh_tokens by a new login (unsure)', async () => {
    const wechat = await start();
    const [first, other] = [await signIn(wechat), await signIn(wechat, 'hong')];
    await signIn(wechat);
    expect((await refresh(wechat, first['refresh_token']!)).errcode).toBeUndefined();
    wechat.unsure.newLoginKillsRefreshToken = true;
    await signIn(wechat, 'ming', 'snsapi_base');
    expect(await refresh(wechat, first['refresh_token']!)).toMatchObject({ errcode: 40030 });
    expect((await refresh(wechat, other['refresh_token']!)).errcode).toBeUndefined();
  });
});

describe('GET /sns/userinfo and /sns/auth', () => {
  it('answer what WeChat still answers', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat, 'hong');
    expect(await userinfo(wechat, tokens)).toEqual({
      openid: tokens['openid'],
      nickname: '小红🌸',
      sex: 0,
      province: '',
      city: '',
      country: '',
      headimgurl: `${wechat.endpoints.open}/avatar/hong.svg/132`,
      privilege: [],
      unionid: tokens['unionid'],
    });
    wechat.setUser('hong', { nickname: '红红', avatarUrl: '' });
    expect(await userinfo(wechat, tokens)).toMatchObject({ nickname: '红红', headimgurl: '' });
    const { access_token, openid } = tokens as { access_token: string; openid: string };
    expect(await json(wechat, '/sns/auth', { access_token, openid })).toEqual({ errcode: 0, errmsg: 'ok' });
    wechat.unsure.errcodeAsString = true;
    expect(await json(wechat, '/sns/auth', { access_token, openid })).toEqual({ errcode: '0', errmsg: 'ok' });
  });

  it.each(['/sns/userinfo', '/sns/auth'])('%s judges token and openid', async (path) => {
    const wechat = await start();
    const { access_token } = (await signIn(wechat)) as { access_token: string };
    expect(await json(wechat, path)).toMatchObject({ errcode: 41001 });
    expect(await json(wechat, path, { access_token })).toMatchObject({ errcode: 41009 });
    expect(await json(wechat, path, { access_token, openid: 'o' })).toMatchObject({ errcode: 40003 });
    expect(await json(wechat, path, { access_token: 'x', openid: 'o' })).toMatchObject({ errcode: 40001 });
    wechat.unsure.invalidToken = 40014;
    expect(await json(wechat, path, { access_token: 'x', openid: 'o' })).toMatchObject({ errcode: 40014 });
  });

  it('refuse the profile to a base token', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat, 'ming', 'snsapi_base');
    expect(await userinfo(wechat, tokens)).toMatchObject({ errcode: 48001 });
    expect(
      await json(wechat, '/sns/auth', { access_token: tokens['access_token']!, openid: tokens['openid']! }),
    ).toMatchObject({ errcode: 0 });
  });

  it('show a snapshot user as nobody, or not at all (unsure)', async () => {
    const wechat = await start();
    const tokens = await signIn(wechat, 'visitor');
    expect(await userinfo(wechat, tokens)).toMatchObject({
      openid: tokens['openid'],
      unionid: tokens['unionid'],
      nickname: '微信用户',
      headimgurl: `${wechat.endpoints.open}/avatar/virtual.user.svg/132`,
    });
    wechat.unsure.snapshotUserinfo = false;
    expect(await userinfo(wechat, tokens)).toMatchObject({ errcode: 48001 });
  });

  it('give no unionid for an app of its own', async () => {
    const wechat = await start();
    const tokens = await exchange(
      wechat,
      LONE,
      await codeFor(wechat, 'ming', officialLink({ appid: LONE.appId })),
    );
    expect(await userinfo(wechat, tokens as unknown as Record<string, string>)).not.toHaveProperty('unionid');
  });
});

describe('expireTokens and revokeTokens', () => {
  it('end the tokens of one person, of all apps or one', async () => {
    const wechat = await start();
    const [ming, hong] = [await signIn(wechat), await signIn(wechat, 'hong')];
    wechat.expireTokens('ming', { appId: LONE.appId });
    expect((await userinfo(wechat, ming)).errcode).toBeUndefined();
    wechat.expireTokens('ming');
    expect(await userinfo(wechat, ming)).toMatchObject({ errcode: 42001 });
    expect((await userinfo(wechat, hong)).errcode).toBeUndefined();
    const next = (await refresh(wechat, ming['refresh_token']!)) as unknown as Record<string, string>;
    expect((await userinfo(wechat, next)).errcode).toBeUndefined();
    wechat.expireTokens('ming', { refreshTokens: true });
    expect(await refresh(wechat, ming['refresh_token']!)).toMatchObject({ errcode: 42002 });
    expect(() => wechat.expireTokens('nobody')).toThrow(/expireTokens\(\)/);
  });

  it('answer 42007 after a change of password, or what is wanted', async () => {
    const wechat = await start();
    const [ming, hong] = [await signIn(wechat), await signIn(wechat, 'hong')];
    wechat.revokeTokens('ming');
    expect(await userinfo(wechat, ming)).toMatchObject({ errcode: 42007 });
    expect(await refresh(wechat, ming['refresh_token']!)).toMatchObject({ errcode: 42007 });
    wechat.revokeTokens('hong', { appId: OFFICIAL.appId, errcode: 40001 });
    expect(await userinfo(wechat, hong)).toMatchObject({ errcode: 40001 });
    expect((await userinfo(wechat, await signIn(wechat))).errcode).toBeUndefined();
    expect(() => wechat.revokeTokens('nobody')).toThrow(/revokeTokens\(\)/);
  });
});

describe('memory', () => {
  it('forgets the oldest', async () => {
    const { BoundedMap } = await import('../../../../lib/testing/mock-server/grants/bounded-map.js');
    const map = new BoundedMap<number>(2).set('a', 1).set('b', 2).set('c', 3);
    expect([...map.keys()]).toEqual(['b', 'c']);
  });
});
