import { networkInterfaces } from 'node:os';
import { jest } from '@jest/globals';
import {
  MockServerError,
  WechatMockServer,
  type WechatMockServerOptions,
} from '../../../../lib/testing/index.js';
import { start } from './kit.js';

const app = { type: 'website', appId: 'wx1', secret: 's' } as const;
const wrong = (options: unknown) => WechatMockServer.start(options as WechatMockServerOptions);

describe('WechatMockServer.start', () => {
  it('needs no option, and plays one app of each type and four people', async () => {
    await using wechat = await WechatMockServer.start();
    expect(wechat.endpoints.open).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(wechat.endpoints.api).toBe(wechat.endpoints.open);
    expect(wechat.apps.map(({ type }) => type)).toEqual([
      'official-account',
      'website',
      'mobile',
      'mini-program',
    ]);
    expect(wechat.users.map(({ nickname }) => nickname)).toEqual(['小明', '小红🌸', '阿强', '快照访客']);
    expect(Math.abs(wechat.clock.now() - Date.now())).toBeLessThan(5000);
  });

  it('refuses to start in production', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(WechatMockServer.start()).rejects.toThrow(MockServerError);
      await expect(WechatMockServer.start()).rejects.toThrow(
        /NODE_ENV=production.*development and tests only/,
      );
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it.each([
    [{ port: 70000 }, 'port'],
    [{ port: 1.5 }, 'port'],
    [{ now: 5 }, 'now'],
    [{ apps: [] }, 'apps'],
    [{ apps: 'x' }, 'apps'],
    [{ apps: [null] }, 'apps[0]'],
    [{ apps: [{ ...app, type: 'official' }] }, 'apps[0].type'],
    [{ apps: [{ ...app, appId: '' }] }, 'apps[0].appId'],
    [{ apps: [{ ...app, appId: 7 }] }, 'apps[0].appId'],
    [{ apps: [app, app] }, 'apps[1].appId'],
    [{ apps: [{ ...app, secret: undefined }] }, 'apps[0].secret'],
    [{ apps: [{ ...app, secret: [] }] }, 'apps[0].secret'],
    [{ apps: [{ ...app, secret: ['a', ''] }] }, 'apps[0].secret'],
    [{ apps: [{ ...app, scopes: ['snsapi_base'] }] }, 'apps[0].scopes'],
    [{ apps: [{ ...app, scopes: 'snsapi_login' }] }, 'apps[0].scopes'],
    [{ apps: [{ ...app, type: 'mini-program', scopes: ['snsapi_base'] }] }, 'apps[0].scopes'],
    [{ apps: [{ ...app, domain: ['a.com'] }] }, 'apps[0].domain'],
    [{ apps: [{ ...app, domains: 'a.com' }] }, 'apps[0].domains'],
    [{ apps: [{ ...app, name: '' }] }, 'apps[0].name'],
    [{ apps: [{ ...app, openPlatform: 3 }] }, 'apps[0].openPlatform'],
    [{ apps: [{ ...app, domains: ['a.com', 'https://a.com'] }] }, 'apps[0].domains[1]'],
    [{ apps: [{ ...app, domains: ['a.com:8080'] }] }, 'apps[0].domains[0]'],
    [{ apps: [{ ...app, domains: ['a.com/path'] }] }, 'apps[0].domains[0]'],
    ...['wechat', '/', '/wechat/', '/a//b', '/../x', '/x/..', '/x?y', '//evil.example', '', 7, null].map(
      (domainPath) => [{ apps: [{ ...app, domainPath }] }, 'apps[0].domainPath'] as [object, string],
    ),
    [{ apps: [{ ...app, domains: ['999.1.1.1'] }] }, 'apps[0].domains[0]'],
    [{ apps: [{ ...app, domains: [3] }] }, 'apps[0].domains[0]'],
    [{ users: [] }, 'users'],
    [{ users: {} }, 'users'],
    [{ users: [null] }, 'users[0].id'],
    [{ users: [{ id: 'a b', nickname: '' }] }, 'users[0].id'],
    [{ users: [{ id: 'a' }] }, 'users[0].nickname'],
    [
      {
        users: [
          { id: 'a', nickname: '甲' },
          { id: 'a', nickname: '乙' },
        ],
      },
      'users[1].id',
    ],
    [{ autoConsent: 'nobody' }, 'autoConsent'],
    [{ autoConsent: { user: 'nobody' } }, 'autoConsent'],
    [{ unsure: { rotate: true } }, 'unsure.rotate'],
    [{ unsure: { rotateRefreshToken: 'maybe' } }, 'unsure.rotateRefreshToken'],
    [{ unsure: { scopeInTokenAnswer: 1 } }, 'unsure.scopeInTokenAnswer'],
    [{ unsure: { contentType: true } }, 'unsure.contentType'],
    [{ unsure: { usedCode: 40001 } }, 'unsure.usedCode'],
  ])('refuses %j and names %s', async (options, option) => {
    const error: unknown = await wrong(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MockServerError);
    expect((error as MockServerError).option).toBe(option);
    expect((error as MockServerError).message).toMatch(/^WechatMockServer: .+\. .+\.$/);
  });

  it('takes domains as a console would: IPv6 without brackets, any case, Chinese', async () => {
    const domains = ['::1', '[::1]', 'Shop.Example.com', '例子.中国'];
    const wechat = await start({ apps: [{ ...app, domains, name: '网站', anyPort: true, scopes: [] }] });
    expect(wechat.apps).toEqual([{ type: 'website', appId: 'wx1', name: '网站' }]);
  });

  it('takes an undefined option for one that was left out', async () => {
    const unsure = { rotateRefreshToken: undefined };
    const wechat = await start({ port: undefined, host: undefined, autoConsent: undefined, unsure });
    expect(wechat.unsure.rotateRefreshToken).toBe(false);
    expect(wechat.autoConsent).toBeUndefined();
  });

  it('rejects with Node’s error for a port that is taken', async () => {
    const first = await start();
    const port = Number(new URL(first.endpoints.open).port);
    await expect(WechatMockServer.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each([
    ['0.0.0.0', /^http:\/\/127\.0\.0\.1:/, 1],
    ['::', /^http:\/\/127\.0\.0\.1:/, 1],
    ['', /^http:\/\/127\.0\.0\.1:/, 1],
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:/, 0],
    ['127.0.0.2', /^http:\/\/127\.0\.0\.2:/, 0],
    ['localhost', /^http:\/\/(127\.0\.0\.1|\[::1\]):/, 0],
    ['::1', /^http:\/\/\[::1\]:/, 0],
    ['[::1]', /^http:\/\/\[::1\]:/, 0],
  ])(
    'says how to reach it when it listens on %j, and warns of other machines',
    async (host, origin, warnings) => {
      const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const wechat = await start({ host, ...(warnings > 0 ? { allowRemote: true } : {}) });
      const said = spy.mock.calls.map(([text]) => String(text));
      spy.mockRestore();
      expect(said).toEqual(Array(warnings).fill(expect.stringContaining('can sign in as anybody')));
      expect(wechat.endpoints.open).toMatch(origin);
      expect((await fetch(`${wechat.endpoints.api}/sns/auth`)).status).toBe(200);
    },
  );

  const ofNetwork = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.internal === false && one.family === 'IPv4')?.address;

  describe.each([undefined, 'staging', 'development', 'test'])('with NODE_ENV %s', (environment) => {
    const before = process.env['NODE_ENV'];
    beforeEach(() => {
      if (environment === undefined) delete process.env['NODE_ENV'];
      else process.env['NODE_ENV'] = environment;
    });
    afterEach(() => {
      process.env['NODE_ENV'] = before;
    });

    it.each(['0.0.0.0', '::', '[::]', '', '0', '::ffff:0.0.0.0', '203.0.113.1', ofNetwork ?? '198.51.100.1'])(
      'does not listen on %j unasked',
      async (host) => {
        for (const allowRemote of [undefined, false, 'no' as never]) {
          await expect(
            start({ host, ...(allowRemote === undefined ? {} : { allowRemote }) }),
          ).rejects.toMatchObject({
            name: 'MockServerError',
            option: 'host',
            message: expect.stringMatching(/other machines.*127\.0\.0\.1.*allowRemote: true.*--allow-remote/),
          });
        }
      },
    );
  });

  it('may be closed twice', async () => {
    const wechat = await start();
    await wechat.close();
    await wechat.close();
    await expect(fetch(wechat.endpoints.api)).rejects.toThrow('fetch failed');
  });
});

describe('clock', () => {
  it('stands on `now` and only moves forward', async () => {
    let base = 1000;
    const wechat = await start({ now: () => base });
    wechat.clock.advance(500);
    base = 2000;
    expect(wechat.clock.now()).toBe(2500);
    expect(() => wechat.clock.advance(-1)).toThrow(/clock\.advance\(\) got -1/);
    expect(() => wechat.clock.advance(Number.NaN)).toThrow(MockServerError);
  });
});

describe('users', () => {
  it('are read, added and changed by id', async () => {
    const wechat = await start();
    expect(wechat.user('ming')).toMatchObject({
      nickname: '小明',
      follower: false,
      snapshot: false,
      blocked: false,
    });
    expect(wechat.user('ming').phoneNumber).toMatch(/^199\d{8}$/);
    wechat.addUser({ id: 'lan', nickname: '小兰', phoneNumber: '13800000000' });
    expect(wechat.setUser('lan', { nickname: '兰兰', follower: true })).toMatchObject({
      id: 'lan',
      nickname: '兰兰',
      follower: true,
      phoneNumber: '13800000000',
    });
    expect(() => wechat.addUser({ id: 'lan', nickname: '' })).toThrow(
      /addUser\(\)\.id lan is there twice.*setUser/,
    );
    expect(() => wechat.user('nobody')).toThrow(
      /user\(\) names the unknown user "nobody"\. Known: ming, hong/,
    );
    expect(() => wechat.setUser('nobody', {})).toThrow(MockServerError);
    expect(() => wechat.setUser('lan', { nickname: 3 as unknown as string })).toThrow(
      /setUser\(\)\.nickname/,
    );
  });

  it('have one openid per app and one unionid per open-platform account, the same in every process', async () => {
    const [one, two] = [await start(), await start()];
    const openid = one.openidOf('wxofficial', 'ming');
    expect(openid).toMatch(/^o[\w-]{27}$/);
    expect(two.openidOf('wxofficial', 'ming')).toBe(openid);
    expect(one.openidOf('wxwebsite', 'ming')).not.toBe(openid);
    expect(one.openidOf('wxofficial', 'hong')).not.toBe(openid);
    expect(one.openidOf('wxofficial', 'ming', { virtual: true })).not.toBe(openid);
    const unionid = one.unionidOf('wxofficial', 'ming')!;
    expect(unionid).toMatch(/^o[\w-]{27}$/);
    expect(one.unionidOf('wxwebsite', 'ming')).toBe(unionid);
    expect(one.unionidOf('wxofficial', 'ming', { virtual: true })).not.toBe(unionid);
    expect(one.unionidOf('wxlone', 'ming')).toBeUndefined();
    expect(() => one.openidOf('wx', 'ming')).toThrow(/openidOf\(\) got the unknown appId "wx"/);
    expect(() => one.unionidOf('wxofficial', 'x')).toThrow(/unionidOf\(\)/);
  });
});
