// The client of mini programs where `wx` or the application does not behave: nothing waits for
// ever, nothing goes round, and whoever asked reads what went wrong.
import { jest } from '@jest/globals';
import { createMiniProgramClient, WechatLoginFailed, type WxLike } from '../../../lib/client/index.js';
import { failureOf } from '../../support/failure.js';

type Login = Parameters<WxLike['login']>[0];
type Sent = Parameters<WxLike['request']>[0];

const BASE = 'https://shop.example.com';

/** A phone that does what it should, but for what the test replaces. */
function phone(odd: Partial<WxLike> = {}) {
  const storage = new Map<string, unknown>();
  const sent: Sent[] = [];
  let tokens = 0;
  const wx: WxLike = {
    login: ({ success }) => success({ code: 'code' }),
    request: (options) => {
      sent.push(options);
      const isLogin = options.url.endsWith('/session');
      options.success({ statusCode: 200, data: isLogin ? { token: `v1.${++tokens}` } : 'tea' });
    },
    getStorageSync: (key) => storage.get(key) ?? '',
    setStorageSync: (key, value) => void storage.set(key, value),
    removeStorageSync: (key) => void storage.delete(key),
    ...odd,
  };
  return { storage, sent, client: createMiniProgramClient({ wx, baseUrl: BASE }), wx };
}

describe('A login of a mini program', () => {
  afterEach(() => void jest.useRealTimers());

  it.each<[string, WxLike['login'], string]>([
    ['throws', () => raise(new Error('no wx')), 'no wx'],
    ['throws no error', () => raise('no wx'), 'The request failed.'],
    ['fails', ({ fail }) => fail({ errMsg: 'login:fail' }), 'login:fail'],
    ['fails without a word', ({ fail }) => fail(undefined), 'The request failed.'],
    ['returns a promise that fails', () => Promise.reject(new Error('taro')), 'taro'],
    ['gives no result', ({ success }) => success(undefined as never), 'wx.login gave no code.'],
    ['gives no code', ({ success }) => success({ code: '' }), 'wx.login gave no code.'],
    ['gives a number', ({ success }) => success({ code: 7 } as never), 'wx.login gave no code.'],
  ])('fails as one where wx.login %s', async (_what, login, message) => {
    const { client, storage } = phone({ login });
    const failure = await failureOf(() => client.request('/orders'));
    expect(failure).toBeInstanceOf(WechatLoginFailed);
    expect(failure.message).toBe(message);
    expect(storage.size).toBe(0);
  });

  it.each<[string, WxLike['request'], string]>([
    ['throws', () => raise(new Error('no network')), 'no network'],
    ['fails', ({ fail }) => fail({ errMsg: 'request:fail timeout' }), 'request:fail timeout'],
    ['answers nothing', ({ success }) => success(undefined as never), 'The request ended without an answer.'],
    ['answers no status', ({ success }) => success({} as never), 'The request ended without an answer.'],
  ])('fails as one where its request %s', async (_what, request, message) => {
    const failure = await failureOf(() => phone({ request }).client.login());
    expect(failure).toBeInstanceOf(WechatLoginFailed);
    expect(failure.message).toBe(message);
  });

  it('says that WeChat did not take the code, which the application answers with 401', async () => {
    let logins = 0;
    const { client } = phone({
      login: ({ success }) => success({ code: `code-${++logins}` }),
      request: ({ success }) =>
        success({
          statusCode: 401,
          data: { code: 'LOGIN_FAILED', message: 'Signing in did not work.', ref: 'AB12' },
        }),
    });
    const failure = await failureOf(() => client.request('/orders'));
    expect(failure).toBeInstanceOf(WechatLoginFailed);
    expect(failure).toMatchObject({ statusCode: 401, code: 'LOGIN_FAILED', ref: 'AB12' });
    expect(logins).toBe(1);
  });

  it('takes the first of two successes', async () => {
    const { client, sent } = phone({
      login: ({ success }) => {
        success({ code: 'first' });
        success({ code: 'second' });
      },
    });
    await client.login();
    expect(sent.map(({ data }) => data)).toEqual([{ code: 'first' }]);
  });

  it.each<[string, Partial<WxLike>]>([
    ['wx.login', { login: () => undefined }],
    ['its request', { request: () => undefined }],
  ])('has a limit where %s never calls back, and the next one begins anew', async (_what, odd) => {
    jest.useFakeTimers();
    const { wx } = phone(odd);
    const client = createMiniProgramClient({ wx, baseUrl: BASE, timeout: 5_000 });
    const failures = ['/a', '/b'].map((path) => failureOf(() => client.request(path)));
    await jest.advanceTimersByTimeAsync(4_999);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    for (const failure of await Promise.all(failures)) {
      expect(failure).toBeInstanceOf(WechatLoginFailed);
      expect(failure.message).toBe('Signing in took more than 5000 ms.');
    }
    Object.assign(wx, phone().wx);
    expect((await client.request('/a')).data).toBe('tea');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps no token that comes after the limit', async () => {
    jest.useFakeTimers();
    let late!: Login;
    const { wx, storage } = phone({ login: (options) => void (late = options) });
    const client = createMiniProgramClient({ wx, baseUrl: BASE, timeout: 1 });
    const failure = failureOf(() => client.login());
    await jest.advanceTimersByTimeAsync(1);
    await failure;
    late.success({ code: 'late' });
    await jest.advanceTimersByTimeAsync(0);
    expect(storage.size).toBe(0);
  });

  it('does not sign in again who signs out while it is under way', async () => {
    let finish!: Login;
    const { client, storage, sent, wx } = phone({ login: (options) => void (finish = options) });
    const request = client.request('/orders');
    client.logout();
    finish.success({ code: 'late' });
    expect((await request).data).toBe('tea');
    expect(storage.size).toBe(0);
    wx.login = ({ success }) => success({ code: 'next' });
    await client.request('/orders');
    expect(sent.map(({ data, header }) => data ?? header?.['Authorization'])).toEqual([
      { code: 'late' },
      'Bearer v1.1',
      { code: 'next' },
      'Bearer v1.2',
    ]);
  });
});

describe('A request of a mini program', () => {
  it('fails once where Taro rejects its promise and calls fail as well', async () => {
    const { client } = phone({
      request: ({ url, success, fail }) => {
        if (url.endsWith('/session')) return success({ statusCode: 200, data: { token: 'v1.t' } });
        fail({ errMsg: 'request:fail' });
        return Promise.reject(new Error('taro'));
      },
    });
    expect((await failureOf(() => client.request('/orders'))).message).toBe('request:fail');
  });

  it('fails where wx.request throws', async () => {
    const { client, wx } = phone();
    await client.login();
    wx.request = () => raise(new Error('not allowed'));
    const failure = await failureOf(() => client.request('/orders'));
    expect(failure).not.toBeInstanceOf(WechatLoginFailed);
    expect(failure.message).toBe('not allowed');
  });

  it('ends where every new token is refused too', async () => {
    let logins = 0;
    const { client } = phone({
      login: ({ success }) => success({ code: `${++logins}` }),
      request: ({ url, success }) =>
        url.endsWith('/session')
          ? success({ statusCode: 200, data: { token: `v1.${logins}` } })
          : success({ statusCode: 401, data: {} }),
    });
    const answers = await Promise.all(['/a', '/b', '/c'].map((path) => client.request(path)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401]);
    expect(logins).toBe(2);
  });

  it.each(['Authorization', 'authorization', 'AUTHORIZATION'])(
    'carries one token, whatever stands under %s',
    async (name) => {
      const { client, sent } = phone();
      await client.request('/orders', { header: { [name]: 'Bearer other', 'X-Tea': '1' } });
      expect(sent[1]!.header).toEqual({ Authorization: 'Bearer v1.1', 'X-Tea': '1' });
    },
  );

  it('goes to the address it is for, whatever the options say', async () => {
    const { client, sent } = phone();
    const answer = await client.request('/orders', {
      url: 'https://evil.example.com',
      success: () => raise(new Error('not asked')),
      timeout: 1_000,
    });
    expect(answer.data).toBe('tea');
    expect(sent[1]).toMatchObject({ url: `${BASE}/orders`, timeout: 1_000 });
  });

  it.each([{ token: 'v1.t' }, 7, null, true])('takes %j in the storage for no token', async (kept) => {
    const { client, sent } = phone({ getStorageSync: () => kept });
    await client.request('/orders');
    expect(sent).toHaveLength(2);
  });
});

describe('A client of a mini program is not made', () => {
  const { wx } = phone();

  it.each([
    '',
    'shop.example.com',
    '//shop.example.com',
    'ftp://shop.example.com',
    'https://',
    'https:///orders',
    'https://me@shop.example.com',
    'https://shop.example.com?a',
    'https://shop.example.com#a',
    'https://shop.example.com\\@evil.example.com',
    'https://shop.example.com /',
    undefined as never,
  ])('with the baseUrl %j', (baseUrl) => {
    expect(() => createMiniProgramClient({ wx, baseUrl })).toThrow(/^baseUrl must be an address/);
  });

  it.each(['', 'wechat', '@evil.example.com', '//evil.example.com', '/\\evil.example.com'])(
    'with the sessionPath %j',
    (sessionPath) => {
      const make = () => createMiniProgramClient({ wx, baseUrl: BASE, sessionPath });
      expect(make).toThrow(/^sessionPath must be a path/);
    },
  );

  it.each([0, -1, NaN, Infinity, 600_001, '5' as never])('with the timeout %p', (timeout) => {
    const make = () => createMiniProgramClient({ wx, baseUrl: BASE, timeout });
    expect(make).toThrow(/^timeout must be a number of ms/);
  });
});

function raise(error: unknown): never {
  throw error;
}
