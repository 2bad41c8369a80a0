// The fields of WeChat's answers, one endpoint each: what is taken over, what is refused, and what
// happens while a secret is being changed.
import {
  WechatTokenNotFoundError,
  WechatApiError,
  WechatInputError,
  WechatNetworkError,
  WechatResponseError,
} from '../../../lib/errors/errors.js';
import { failureOf } from '../../support/failure.js';
import { APP_ID, makeParts, type Parts } from '../../support/parts.js';
import { Fault, Raw, Wire } from '../../support/wire.js';

const OPENID = 'oABCDEF-0123_456789';
const UNIONID = 'uABCDEF-0123_456789';
const EXCHANGE = '/sns/oauth2/access_token';
const SESSION = '/sns/jscode2session';
const TOKEN = {
  access_token: 'AT',
  expires_in: 7200,
  refresh_token: 'RT',
  openid: OPENID,
  scope: 'snsapi_userinfo',
  unionid: UNIONID,
};
const WRONG_SECRET = { errcode: 40125, errmsg: 'invalid appsecret, rid: 6172' };

let wire: Wire;
let parts: Parts;
const exchange = () => parts.api.exchangeCode(parts.app, 'CODE');
const userInfo = () => parts.api.userInfo(OPENID, 'AT', 'en');
const toSession = () => parts.api.codeToSession(parts.app, 'CODE');

beforeEach(() => {
  wire = new Wire();
  parts = makeParts();
});
afterEach(() => wire.close());

describe('A token answer', () => {
  it('is read field by field', async () => {
    wire.on(EXCHANGE, { ...TOKEN, errcode: 0, more: 'ignored' });
    expect(await exchange()).toStrictEqual({
      accessToken: 'AT',
      expiresIn: 7200,
      refreshToken: 'RT',
      openid: OPENID,
      unionid: UNIONID,
      scope: ['snsapi_userinfo'],
      isSnapshotUser: false,
    });
  });

  it('may leave out all that is not needed', async () => {
    wire.on(EXCHANGE, { access_token: 'AT', expires_in: 7200, openid: OPENID });
    expect(await exchange()).toStrictEqual({
      accessToken: 'AT',
      expiresIn: 7200,
      refreshToken: undefined,
      openid: OPENID,
      unionid: undefined,
      scope: undefined,
      isSnapshotUser: false,
    });
  });

  it.each([
    ['snsapi_base,snsapi_userinfo', ['snsapi_base', 'snsapi_userinfo']],
    ['snsapi_base, snsapi_userinfo', ['snsapi_base', 'snsapi_userinfo']],
    ['snsapi_base snsapi_userinfo', ['snsapi_base', 'snsapi_userinfo']],
    ['snsapi_userinfo,', ['snsapi_userinfo']],
    [',snsapi_base , ,snsapi_userinfo ', ['snsapi_base', 'snsapi_userinfo']],
    // Another blank is part of a name, which nobody grants.
    ['snsapi_userinfo\u00a0', ['snsapi_userinfo\u00a0']],
    ['', undefined],
    [null, undefined],
    [['snsapi_userinfo'], undefined],
  ])('with the scope %p grants %p', async (scope, expected) => {
    wire.on(EXCHANGE, { ...TOKEN, scope });
    expect((await exchange()).scope).toEqual(expected);
  });

  it.each([
    [1, true],
    ['1', true],
    [0, false],
    ['0', false],
    [null, false],
    ['yes', false],
  ])('with is_snapshotuser %p is of a snapshot user: %p', async (flag, expected) => {
    wire.on(EXCHANGE, { ...TOKEN, is_snapshotuser: flag });
    expect((await exchange()).isSnapshotUser).toBe(expected);
  });

  it.each([[''], [null], [7]])('with the refresh token %p has none', async (refresh_token) => {
    wire.on(EXCHANGE, { ...TOKEN, refresh_token });
    expect((await exchange()).refreshToken).toBeUndefined();
  });

  it('reads expires_in from digits in a string', async () => {
    wire.on(EXCHANGE, { ...TOKEN, expires_in: '7200' });
    expect((await exchange()).expiresIn).toBe(7200);
  });

  it('may live for one second', async () => {
    wire.on(EXCHANGE, { ...TOKEN, expires_in: 1 });
    expect((await exchange()).expiresIn).toBe(1);
  });

  it.each([[undefined], [null], ['soon'], [0], [-1], [''], ['1e999'], [{}]])(
    'with %p for expires_in is refused: it would never end, or never begin',
    async (expires_in) => {
      wire.on(EXCHANGE, { ...TOKEN, expires_in });
      const error = await failureOf(exchange);
      expect(error).toBeInstanceOf(WechatResponseError);
      expect(error).toMatchObject({ problem: 'expires_in is not a number' });
    },
  );

  it.each([[undefined], [null], [''], [7], [{ token: 'AT' }]])(
    'with %p for a token is refused',
    async (access_token) => {
      wire.on(EXCHANGE, { ...TOKEN, access_token });
      expect(await failureOf(exchange)).toMatchObject({ problem: 'access_token is missing' });
    },
  );

  it.each([[undefined], [null], ['']])('with %p for the openid signs nobody in', async (openid) => {
    wire.on(EXCHANGE, { ...TOKEN, openid }).on(SESSION, { openid, session_key: 'K' });
    expect(await failureOf(exchange)).toMatchObject({ problem: 'openid is missing' });
    expect(await failureOf(toSession)).toMatchObject({ problem: 'openid is missing' });
  });

  it.each([
    [7],
    [true],
    [['oABCDEF-0123_456789']],
    [{}],
    ['__proto__'],
    ['constructor'],
    ['toString'],
    ['hasOwnProperty'],
    ['short'],
    ['a'.repeat(129)],
    ['with blank'],
    ['a:token:b'],
    ['oABCDEF\n'],
    ['oABC%00DEF'],
    ['öpenid-1'],
  ])('with %p for an id is refused', async (id) => {
    wire.queue(EXCHANGE, { ...TOKEN, openid: id }, { ...TOKEN, unionid: id });
    wire.queue(SESSION, { openid: id, session_key: 'K' }, { openid: OPENID, unionid: id, session_key: 'K' });
    for (const call of [exchange, toSession]) {
      expect(await failureOf(call)).toMatchObject({
        code: 'WECHAT_RESPONSE',
        problem: 'openid is not an id',
      });
      expect(await failureOf(call)).toMatchObject({ problem: 'unionid is not an id' });
    }
  });

  it('for a refresh is read in the same way', async () => {
    wire.on('/sns/oauth2/refresh_token', TOKEN);
    expect(await parts.api.refresh(parts.app, 'RT')).toMatchObject({ accessToken: 'AT', openid: OPENID });
  });
});

describe('A profile', () => {
  it('is read under names of our own', async () => {
    wire.on('/sns/userinfo', {
      openid: OPENID,
      nickname: '小明🐼',
      sex: 1,
      province: 'P',
      city: 'C',
      country: 'CN',
      headimgurl: 'https://thirdwx.qlogo.cn/x/132',
      privilege: ['chinaunicom'],
      unionid: UNIONID,
    });
    expect(await userInfo()).toStrictEqual({
      openid: OPENID,
      unionid: UNIONID,
      nickname: '小明🐼',
      avatarUrl: 'https://thirdwx.qlogo.cn/x/132',
      sex: 1,
      province: 'P',
      city: 'C',
      country: 'CN',
      privilege: ['chinaunicom'],
    });
  });

  it('has a value for each field, whatever is missing or of another kind', async () => {
    const empty = {
      openid: OPENID,
      nickname: '',
      avatarUrl: '',
      sex: 0,
      province: '',
      city: '',
      country: '',
      privilege: [],
    };
    wire.queue(
      '/sns/userinfo',
      { openid: OPENID },
      { openid: OPENID, nickname: null, sex: 'x', headimgurl: 7, privilege: 'none', city: [], unionid: '' },
    );
    expect(await userInfo()).toStrictEqual(empty);
    expect(await userInfo()).toStrictEqual(empty);
  });

  it.each([
    ['2', 2],
    ['0', 0],
    [1.5, 0],
    [null, 0],
  ])('reads sex %p as %d', async (sex, expected) => {
    wire.on('/sns/userinfo', { openid: OPENID, sex });
    expect((await userInfo()).sex).toBe(expected);
  });

  it('loses control characters, and nothing else, from its texts', async () => {
    wire.on(
      '/sns/userinfo',
      Buffer.from(
        `{"openid":"${OPENID}","nickname":"a\\u0000b\\nc\\u2028d\\u0085 <b>'\\"&🐼","city":"\u0007x","privilege":["\\u0000a",1]}`,
      ),
    );
    const { nickname, city, privilege } = await userInfo();
    expect(nickname).toBe(`abcd <b>'"&🐼`);
    expect(city).toBe(' x');
    expect(privilege).toEqual(['a', '']);
  });

  it.each([['oSomebodyElse'], [undefined], [null], [[OPENID]], [{}]])(
    'of %p instead of the person who was asked for is refused',
    async (openid) => {
      wire.on('/sns/userinfo', { openid, nickname: 'Mallory' });
      const error = await failureOf(userInfo);
      expect(error).toBeInstanceOf(WechatResponseError);
      expect(error).toMatchObject({ problem: 'the profile belongs to another openid' });
    },
  );
});

describe('A session of a mini program', () => {
  it('is openid, unionid and session key', async () => {
    wire.on(SESSION, { openid: OPENID, unionid: UNIONID, session_key: 'K==', errcode: 0 });
    expect(await toSession()).toStrictEqual({ openid: OPENID, unionid: UNIONID, sessionKey: 'K==' });
  });

  it.each([[undefined], [''], [null], [7]])('with %p for a key is refused', async (session_key) => {
    wire.on(SESSION, { openid: OPENID, session_key });
    expect(await failureOf(toSession)).toMatchObject({ problem: 'session_key is missing' });
  });

  it.each([
    [40226, 'blocked'],
    [40029, 'code'],
    [45011, 'quota'],
    [40001, 'config'],
  ])('that WeChat refuses with %d is of kind %s', async (errcode, kind) => {
    wire.on(SESSION, { errcode, errmsg: 'no' });
    expect(await failureOf(toSession)).toMatchObject({ errcode, kind });
  });
});

describe('verify', () => {
  const verify = () => parts.api.verify(OPENID, 'AT');

  it('is true when WeChat says so', async () => {
    wire.on('/sns/auth', { errcode: 0, errmsg: 'ok' });
    expect(await verify()).toBe(true);
  });

  it.each([[40001], [40003], [40014], [42001], [42007], [41001]])(
    'is false when WeChat refuses the pair with %d',
    async (errcode) => {
      wire.on('/sns/auth', { errcode, errmsg: 'invalid openid' });
      expect(await verify()).toBe(false);
    },
  );

  it.each([
    ['refused', new Fault('ECONNREFUSED'), WechatNetworkError],
    ['reset', new Fault('ECONNRESET'), WechatNetworkError],
    ['timed out', new Fault('ETIMEDOUT'), WechatNetworkError],
    ['busy', { errcode: -1, errmsg: 'system error' }, WechatApiError],
    ['out of quota', { errcode: 45011, errmsg: 'limit' }, WechatApiError],
    ['of an unknown code', { errcode: 1234, errmsg: '?' }, WechatApiError],
    ['HTML', '<html>captive portal</html>', WechatResponseError],
    ['empty', '', WechatResponseError],
    ['a gateway error', new Raw(502, ''), WechatResponseError],
    // Any proxy may say this; it must not make a token valid.
    ['an object without an errcode', {}, WechatResponseError],
    ['a good status of something else', { status: 'ok' }, WechatResponseError],
  ])('is an error, neither true nor false, when the answer is %s', async (_name, answer, type) => {
    wire.on('/sns/auth', answer);
    expect(await failureOf(verify)).toBeInstanceOf(type);
  });
});

describe('An argument that WeChat cannot have given', () => {
  const values: [unknown][] = [
    [undefined],
    [null],
    [''],
    [7],
    [{}],
    [['CODE']],
    ['with blank'],
    ['line\nend'],
    ['nul\u0000'],
    ['code\u007f'],
    ['ü'],
    ['a'.repeat(1_025)],
    [{ toString: () => 'CODE' }],
  ];

  it.each(values)('as %p is refused before anything is sent', async (value) => {
    const text = value as string;
    const { api, app } = parts;
    const calls: [kind: string, parameter: string, call: () => unknown][] = [
      ['code', 'code', () => api.exchangeCode(app, text)],
      ['code', 'code', () => api.codeToSession(app, text)],
      ['token', 'refreshToken', () => api.refresh(app, text)],
      ['token', 'openid', () => api.verify(text, 'AT')],
      ['token', 'accessToken', () => api.verify(OPENID, text)],
      ['token', 'openid', () => api.userInfo(text, 'AT', 'en')],
    ];
    for (const [kind, parameter, call] of calls) {
      const error = await failureOf(call);
      expect(error).toBeInstanceOf(WechatInputError);
      expect(error).toMatchObject({ kind, parameter, code: 'WECHAT_INPUT' });
    }
    expect(wire.requests).toEqual([]);
  });

  it('may be as long as 1,024 characters', async () => {
    wire.on(EXCHANGE, TOKEN);
    await parts.api.exchangeCode(parts.app, 'a'.repeat(1_024));
    expect(wire.requests[0]!.query['code']).toHaveLength(1_024);
  });
});

describe('While the app secret is being changed', () => {
  const secretsSent = () => wire.requests.map(({ query }) => query['secret']);
  /** WeChat takes only this secret; it looks at it before it looks at the code. */
  const accept = (secret: string, answer: object = TOKEN) =>
    wire.on(EXCHANGE, ({ query }: { query: Record<string, string> }) =>
      query['secret'] === secret ? answer : WRONG_SECRET,
    );

  beforeEach(() => {
    parts = makeParts({ appId: APP_ID, secret: ['NEW', 'OLD'] });
  });

  it('the current one is tried first, and if WeChat takes it, alone', async () => {
    accept('NEW');
    await exchange();
    await exchange();
    expect(secretsSent()).toEqual(['NEW', 'NEW']);
  });

  it('the other one is tried once with the same code, and remembered', async () => {
    accept('OLD');
    await expect(exchange()).resolves.toMatchObject({ openid: OPENID });
    await exchange();
    expect(secretsSent()).toEqual(['NEW', 'OLD', 'OLD']);
    expect(wire.requests.map(({ query }) => query['code'])).toEqual(['CODE', 'CODE', 'CODE']);
  });

  it('the right one is found again after WeChat has changed its mind', async () => {
    let valid = 'OLD';
    wire.on(EXCHANGE, ({ query }: { query: Record<string, string> }) =>
      query['secret'] === valid ? TOKEN : WRONG_SECRET,
    );
    await exchange();
    valid = 'NEW';
    await exchange();
    await exchange();
    expect(secretsSent()).toEqual(['NEW', 'OLD', 'OLD', 'NEW', 'NEW']);
  });

  it('the error of the last one is thrown when both are wrong, after two calls', async () => {
    wire.on(EXCHANGE, WRONG_SECRET);
    expect(await failureOf(exchange)).toMatchObject({ errcode: 40125, kind: 'config', retryable: false });
    expect(secretsSent()).toEqual(['NEW', 'OLD']);
    await failureOf(exchange);
    expect(secretsSent()).toEqual(['NEW', 'OLD', 'NEW', 'OLD']);
  });

  it('mini programs change theirs in the same way', async () => {
    wire.queue(SESSION, WRONG_SECRET, { openid: OPENID, session_key: 'K' });
    await expect(toSession()).resolves.toMatchObject({ sessionKey: 'K' });
    expect(secretsSent()).toEqual(['NEW', 'OLD']);
  });

  it('each app remembers its own', async () => {
    const two = makeParts({
      apps: {
        one: { type: 'website', appId: 'wx1111', secret: ['NEW', 'OLD'] },
        two: { type: 'website', appId: 'wx2222', secret: ['NEW', 'OLD'] },
      },
    });
    accept('OLD');
    const [one, other] = [...two.config.apps.values()];
    await two.api.exchangeCode(one!, 'CODE');
    await two.api.exchangeCode(other!, 'CODE');
    expect(secretsSent()).toEqual(['NEW', 'OLD', 'NEW', 'OLD']);
  });

  it.each([
    ['40029', { errcode: 40029, errmsg: 'invalid code' }],
    ['40163', { errcode: 40163, errmsg: 'code been used' }],
    ['40001', { errcode: 40001, errmsg: 'invalid credential' }],
    ['40013', { errcode: 40013, errmsg: 'invalid appid' }],
    ['-1', { errcode: -1, errmsg: 'system error' }],
    ['an empty answer', ''],
    ['a refused connection', new Fault('ECONNREFUSED')],
    ['a timeout', new Fault('ETIMEDOUT')],
  ])('the other one is not tried after %s', async (_name, answer) => {
    wire.on(EXCHANGE, answer);
    await failureOf(exchange);
    expect(new Set(secretsSent())).toEqual(new Set(['NEW']));
  });

  it('the code error that the second secret meets is the one that counts', async () => {
    wire.queue(EXCHANGE, WRONG_SECRET, { errcode: 40029, errmsg: 'invalid code' });
    expect(await failureOf(exchange)).toMatchObject({ errcode: 40029, kind: 'code' });
    expect(secretsSent()).toEqual(['NEW', 'OLD']);
  });

  it('one secret alone is tried once', async () => {
    parts = makeParts();
    wire.on(EXCHANGE, WRONG_SECRET);
    expect(await failureOf(exchange)).toMatchObject({ errcode: 40125 });
    expect(wire.requests).toHaveLength(1);
  });
});

describe('An error', () => {
  it('takes 40001 for a wrong secret on calls with a secret, for a stale token elsewhere', async () => {
    const stale = { errcode: 40001, errmsg: 'invalid credential' };
    wire.on(EXCHANGE, stale).on('/sns/userinfo', stale).on('/sns/oauth2/refresh_token', stale);
    expect(await failureOf(exchange)).toMatchObject({ kind: 'config' });
    expect(await failureOf(userInfo)).toMatchObject({ kind: 'token' });
    expect(await failureOf(() => parts.api.refresh(parts.app, 'RT'))).toMatchObject({ kind: 'token' });
  });

  it('has a name, a code and a kind that can be relied on', () => {
    const errors = [
      new WechatApiError({ errcode: 45009, errmsg: 'quota', endpoint: '/x', rid: 'R-1' }),
      new WechatNetworkError('/x', 'timeout', true, 1),
      new WechatResponseError('/x', 200, 'the body is empty'),
      new WechatTokenNotFoundError(OPENID),
      new WechatTokenNotFoundError(OPENID, 'session key'),
    ];
    expect(errors.map(({ name, code, kind }) => [name, code, kind])).toEqual([
      ['WechatApiError', 'WECHAT_API', 'quota'],
      ['WechatNetworkError', 'WECHAT_NETWORK', 'network'],
      ['WechatResponseError', 'WECHAT_RESPONSE', 'upstream'],
      ['WechatTokenNotFoundError', 'WECHAT_TOKEN_NOT_FOUND', 'token'],
      ['WechatTokenNotFoundError', 'WECHAT_TOKEN_NOT_FOUND', 'token'],
    ]);
    expect(errors[0]!.message).toContain('45009 (quota, rid R-1)');
    expect(errors[0]).toMatchObject({ attempts: 1, retryable: false });
    expect(errors[3]!.message).toMatch(/^No token for oABCDEF-0123_456789, please authorize first\./);
    expect(errors[4]!.message).toMatch(/^No session key for oABCDEF-0123_456789, .*wx\.login/);
  });
});
