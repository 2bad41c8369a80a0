// The client of mini programs: how often it signs in, and what becomes of its token.
import { createMiniProgramClient, WechatLoginFailed, type WxLike } from '../../../lib/client/index.js';

type Answer = { statusCode: number; data: unknown };
type Sent = Parameters<WxLike['request']>[0];

/** A phone. What it is answered, the test says; everything happens a turn later. */
function phone(answer: (sent: Sent) => Answer | Promise<Answer>) {
  const storage = new Map<string, unknown>();
  const sent: Sent[] = [];
  let codes = 0;
  const wx: WxLike = {
    login: ({ success }) => void setImmediate(() => success({ code: `code-${++codes}` })),
    request: (options) => {
      sent.push(options);
      setImmediate(() => void Promise.resolve(answer(options)).then(options.success, options.fail));
    },
    getStorageSync: (key) => storage.get(key) ?? '',
    setStorageSync: (key, value) => void storage.set(key, value),
    removeStorageSync: (key) => void storage.delete(key),
  };
  return { wx, storage, sent, logins: () => codes };
}

/** An application that takes the tokens it has issued and not ended. */
function application() {
  const good = new Set<string>();
  let issued = 0;
  const answer = ({ url, data, header }: Sent): Answer => {
    if (url.endsWith('/wechat/session')) {
      const token = `v1.token-${++issued}`;
      good.add(token);
      return { statusCode: 200, data: { token, got: data } };
    }
    const token = header!['Authorization']!.slice(7);
    return good.has(token)
      ? { statusCode: 200, data: token }
      : { statusCode: 401, data: { code: 'WECHAT_LOGIN_REQUIRED' } };
  };
  return { good, answer };
}

const BASE = { baseUrl: 'https://shop.example.com', app: 'mini' };

describe('A mini program', () => {
  it('signs in once for five requests at once, and says which app it is', async () => {
    const { wx, sent, logins } = phone(application().answer);
    const client = createMiniProgramClient({ wx, ...BASE });
    const answers = await Promise.all(Array.from({ length: 5 }, (_, at) => client.request(`/orders/${at}`)));
    expect(answers.map(({ data }) => data)).toEqual(Array(5).fill('v1.token-1'));
    expect(logins()).toBe(1);
    expect(sent[0]).toMatchObject({
      url: 'https://shop.example.com/wechat/session',
      method: 'POST',
      data: { app: 'mini', code: 'code-1' },
    });
    expect(sent.slice(1).map(({ url }) => url.split('/').at(-1))).toEqual(['0', '1', '2', '3', '4']);
  });

  it('keeps its token for the next start, and none of anything else', async () => {
    const { answer } = application();
    const { wx, storage, logins } = phone(answer);
    await createMiniProgramClient({ wx, ...BASE }).request('/orders');
    expect([...storage]).toEqual([['wechat-session', 'v1.token-1']]);
    await createMiniProgramClient({ wx, ...BASE }).request('/orders');
    expect(logins()).toBe(1);
  });

  it('signs in once more for five whose session is over, and sends each again', async () => {
    const { good, answer } = application();
    const { wx, sent, logins } = phone(answer);
    const client = createMiniProgramClient({ wx, ...BASE });
    await client.request('/orders');
    good.clear();
    sent.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.request('/orders', { method: 'POST', data: 'tea' })),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(5).fill(200));
    expect(logins()).toBe(2);
    expect(sent.filter(({ data }) => data === 'tea')).toHaveLength(10);
  });

  it('does not lose a newer token to a 401 that comes late', async () => {
    const { good, answer } = application();
    let release!: () => void;
    const late = new Promise<void>((resolve) => (release = resolve));
    const { wx, storage, logins } = phone(async (sent) => {
      if (!sent.url.endsWith('/slow')) return answer(sent);
      const verdict = answer(sent);
      await late;
      return verdict;
    });
    const client = createMiniProgramClient({ wx, ...BASE });
    await client.request('/orders');
    good.clear();
    const slow = client.request('/slow');
    await client.request('/orders');
    expect([logins(), storage.get('wechat-session')]).toEqual([2, 'v1.token-2']);
    release();
    expect((await slow).data).toBe('v1.token-2');
    expect([logins(), storage.get('wechat-session')]).toEqual([2, 'v1.token-2']);
  });

  it('sends a request again once only', async () => {
    const { wx, sent } = phone(({ url }) =>
      url.endsWith('session')
        ? { statusCode: 200, data: { token: 'v1.t' } }
        : { statusCode: 401, data: 'no' },
    );
    const client = createMiniProgramClient({ wx, ...BASE });
    expect(await client.request('/orders')).toEqual({ statusCode: 401, data: 'no' });
    expect(sent.filter(({ url }) => url.endsWith('/orders'))).toHaveLength(2);
  });

  it.each([200, 204, 302, 400, 403, 404, 409, 500, 503])(
    'hands on an answer with %d as it is',
    async (statusCode) => {
      const { wx, sent } = phone(({ url }) =>
        url.endsWith('session') ? { statusCode: 200, data: { token: 'v1.t' } } : { statusCode, data: 'x' },
      );
      const answer = await createMiniProgramClient({ wx, ...BASE }).request('/orders');
      expect([answer.statusCode, sent.length]).toEqual([statusCode, 2]);
    },
  );

  it('does not remember a login that failed', async () => {
    const { answer } = application();
    let isDown = true;
    const { wx, logins } = phone((sent) =>
      isDown && sent.url.endsWith('session')
        ? { statusCode: 502, data: { code: 'LOGIN_FAILED', message: 'Try again.', ref: 'AB12' } }
        : answer(sent),
    );
    const client = createMiniProgramClient({ wx, ...BASE });
    const failures = await Promise.all(
      [client.request('/a'), client.request('/b')].map((one) => one.catch((error: unknown) => error)),
    );
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(WechatLoginFailed);
      expect(failure).toMatchObject({
        message: 'Try again.',
        statusCode: 502,
        code: 'LOGIN_FAILED',
        ref: 'AB12',
      });
      expect(JSON.stringify(failure)).not.toContain('code-1');
    }
    expect(logins()).toBe(1);
    isDown = false;
    expect((await client.request('/a')).statusCode).toBe(200);
  });

  it.each<[string, Answer]>([
    ['no token', { statusCode: 200, data: {} }],
    ['a token that is none', { statusCode: 200, data: { token: 7 } }],
    ['nothing', { statusCode: 200, data: undefined }],
    ['a page', { statusCode: 404, data: '<html>' }],
  ])('cannot sign in where the application answers with %s', async (_what, answer) => {
    const { wx, storage } = phone(() => answer);
    await expect(createMiniProgramClient({ wx, ...BASE }).login()).rejects.toThrow(
      /answered with \d+ and no token/,
    );
    expect(storage.size).toBe(0);
  });

  it('says what wx says when it is the phone that fails', async () => {
    const { wx } = phone(() => Promise.reject({ errMsg: 'request:fail timeout' })); // oxlint-disable-line prefer-promise-reject-errors
    await expect(createMiniProgramClient({ wx, ...BASE }).request('/a')).rejects.toMatchObject({
      name: 'WechatLoginFailed',
      message: 'request:fail timeout',
    });
    const offline = {
      ...wx,
      login: ({ fail }: Parameters<WxLike['login']>[0]) => fail({ errMsg: 'login:fail' }),
    };
    await expect(createMiniProgramClient({ wx: offline, ...BASE }).login()).rejects.toThrow('login:fail');
  });

  it('goes on where the phone keeps nothing', async () => {
    const { wx, logins } = phone(application().answer);
    const full = () => {
      throw new Error('exceed storage max size');
    };
    const client = createMiniProgramClient({
      wx: { ...wx, getStorageSync: full, setStorageSync: full, removeStorageSync: full },
      ...BASE,
    });
    await client.request('/a');
    await client.request('/b');
    expect(logins()).toBe(1);
    client.logout();
    await client.request('/c');
    expect(logins()).toBe(2);
  });

  it.each(['orders', 'https://evil.example.com/', '//evil.example.com/', '/\\evil.example.com', ''])(
    'sends its token to no other host: %j is refused',
    async (path) => {
      const { wx, sent } = phone(application().answer);
      await expect(createMiniProgramClient({ wx, ...BASE }).request(path)).rejects.toThrow(/path/);
      expect(sent).toEqual([]);
    },
  );

  it('keeps headers of its own, and another address and name where they are said', async () => {
    const { wx, sent, storage } = phone(application().answer);
    const client = createMiniProgramClient({
      wx,
      baseUrl: 'https://shop.example.com/',
      sessionPath: '/api/wechat/session',
      storageKey: 'mine',
    });
    await client.request('/orders', { header: { 'X-Shop': '1', Authorization: 'Bearer other' } });
    expect(sent.map(({ url }) => url)).toEqual([
      'https://shop.example.com/api/wechat/session',
      'https://shop.example.com/orders',
    ]);
    expect(sent[0]!.data).toEqual({ code: 'code-1' });
    expect(sent[1]!.header).toEqual({ 'X-Shop': '1', Authorization: 'Bearer v1.token-1' });
    expect(storage.has('mine')).toBe(true);
  });
});
