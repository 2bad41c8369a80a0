// The injectable front: which app speaks, how its methods come together, and what an instance shows
// when it is logged.
import { Test } from '@nestjs/testing';
import type { CodeLogin } from '../../../lib/auth/login/code-login.js';
import { WechatTokenNotFoundError, WechatConfigError, WechatInputError } from '../../../lib/errors/errors.js';
import { WechatApp, WechatOAuthModule, WechatOAuthService } from '../../../lib/index.js';
import type { WechatOAuthModuleOptions } from '../../../lib/wechat-oauth.options.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { APP_ID, APP_SECRET, makeParts } from '../../support/parts.js';
import { Wire } from '../../support/wire.js';

const OPENID = 'oABCDEF-0123_456789';
const BACK = 'https://shop.example.com/';
const APPS: WechatOAuthModuleOptions['apps'] = {
  official: { type: 'official-account', appId: 'wx1111', secret: 'secret-canary-official' },
  website: { type: 'website', appId: 'wx2222', secret: ['secret-canary-website', 'secret-canary-previous'] },
  mini: { type: 'mini-program', appId: 'wx3333', secret: 'secret-canary-mini' },
  native: { type: 'mobile', appId: 'wx4444', secret: 'secret-canary-native' },
};

let wire: Wire;
beforeEach(() => (wire = new Wire()));
afterEach(() => wire.close());

describe('WechatOAuthService', () => {
  it('speaks for the only app there is, whatever its name', () => {
    const { service } = makeParts({ apps: { shop: APPS!['official']! } });
    expect(service.getAuthorizeURL(BACK)).toContain('appid=wx1111&');
    expect(service.app('shop').getAuthorizeURL(BACK)).toBe(service.getAuthorizeURL(BACK));
  });

  it('calls the one app of the short form "default"', () => {
    const { service } = makeParts();
    expect(service.app('default').getAuthorizeURL(BACK)).toContain(`appid=${APP_ID}&`);
  });

  it('speaks for the default app where there are several', () => {
    const { service } = makeParts({ apps: APPS, defaultApp: 'website' });
    expect(service.getAuthorizeURL(BACK)).toContain('appid=wx2222&');
  });

  it('hands out every app, the same instance each time', () => {
    const { service } = makeParts({ apps: APPS });
    for (const [name, { appId }] of Object.entries(APPS!)) {
      expect(service.app(name)).toBeInstanceOf(WechatApp);
      expect(service.app(name)).toBe(service.app(name));
      expect(service.app(name).getAuthorizeURL(BACK)).toContain(`appid=${appId}&`);
    }
  });

  it.each([
    ['nope'],
    ['Official'],
    [''],
    ['__proto__'],
    ['constructor'],
    [undefined],
    [null],
    [7],
    [Symbol('official')],
  ])('throws at once for the app %p and names those there are', (name) => {
    const { service } = makeParts({ apps: APPS });
    const ask = () => service.app(name as string);
    expect(ask).toThrow(WechatConfigError);
    expect(ask).toThrow(/is not configured\. Ask for one of: official, website, mini, native\.$/);
  });

  it('repeats no more than the beginning of a name that is none', () => {
    const { service } = makeParts({ apps: APPS });
    expect(() => service.app('x'.repeat(10_000))).toThrow(/^.{0,200}$/);
  });

  const methods: [name: string, call: (service: WechatOAuthService) => unknown][] = [
    ['getAuthorizeURL', (service) => service.getAuthorizeURL(BACK)],
    ['getAuthorizeURLForWebsite', (service) => service.getAuthorizeURLForWebsite(BACK)],
    ['getAccessToken', (service) => service.getAccessToken('CODE')],
    ['refreshAccessToken', (service) => service.refreshAccessToken('RT')],
    ['getUser', (service) => service.getUser(OPENID)],
    ['getUserByCode', (service) => service.getUserByCode('CODE')],
    ['getSessionKey', (service) => service.getSessionKey('CODE')],
    [
      'decryptMiniProgramUser',
      (service) => service.decryptMiniProgramUser({ openid: OPENID, encryptedData: 'x', iv: 'y' }),
    ],
    [
      'verifySignature',
      (service) => service.verifySignature({ openid: OPENID, rawData: 'x', signature: 'y' }),
    ],
    ['login', (service) => service.login('CODE')],
  ];

  it.each(methods)('has no app to speak for in %s where several have no default', async (_name, call) => {
    const { service } = makeParts({ apps: APPS });
    const error = await failureOf(() => call(service));
    expect(error).toBeInstanceOf(WechatConfigError);
    expect(error).toMatchObject({ option: 'defaultApp', kind: 'config' });
    expect(error.message).toContain('app(name)');
    expect(wire.requests).toEqual([]);
  });

  it.each([
    ['after it was compiled by Nest', true],
    ['built by hand', false],
  ])('shows no secret when it is logged, %s', async (_name, byNest) => {
    const options = { apps: APPS, sessionSecret: 'session-secret-canary-0123456789abcdef', publicUrl: BACK };
    const secrets = [
      'secret-canary-official',
      'secret-canary-website',
      'secret-canary-previous',
      'secret-canary-mini',
      'secret-canary-native',
      'session-secret-canary-0123456789abcdef',
    ];
    const module = byNest
      ? await Test.createTestingModule({ imports: [WechatOAuthModule.forRoot(options)] }).compile()
      : undefined;
    const service = module?.get(WechatOAuthService) ?? makeParts(options).service;
    expectFreeOf(service, secrets);
    expectFreeOf({ service, app: service.app('mini') }, secrets);
    await module?.close();
  });
});

describe('The configuration after validation', () => {
  it('shows no secret', () => {
    const { config } = makeParts({ apps: APPS, sessionSecret: 'session-secret-canary-0123456789abcdef' });
    expectFreeOf(config, [
      'secret-canary-official',
      'secret-canary-website',
      'secret-canary-previous',
      'session-secret-canary-0123456789abcdef',
    ]);
    expect(config.apps.get('website')!.secrets.map((secret) => secret.reveal())).toEqual([
      'secret-canary-website',
      'secret-canary-previous',
    ]);
  });
});

describe('getUserByCode outside of mini programs', () => {
  const answerLogin = () =>
    wire
      .on('/sns/oauth2/access_token', {
        access_token: 'AT',
        expires_in: 7200,
        refresh_token: 'RT',
        openid: OPENID,
        scope: 'snsapi_userinfo',
        unionid: 'uABCDEF-0123',
      })
      .on('/sns/userinfo', { openid: OPENID, nickname: 'Ming' });

  it.each([
    ['a code', 'CODE', 'zh_CN'],
    ['an object', { code: 'CODE' }, 'zh_CN'],
    ['an object with a language', { code: 'CODE', lang: 'zh_TW' as const }, 'zh_TW'],
  ])('takes %s', async (_name, login, lang) => {
    answerLogin();
    const { service } = makeParts({ lang: 'zh_CN' });
    await expect(service.getUserByCode(login as string)).resolves.toMatchObject({
      nickname: 'Ming',
      unionid: 'uABCDEF-0123',
    });
    expect(wire.requests.map(({ endpoint, query }) => [endpoint, query['code'] ?? query['lang']])).toEqual([
      ['/sns/oauth2/access_token', 'CODE'],
      ['/sns/userinfo', lang],
    ]);
  });

  it('keeps the token for getUser', async () => {
    answerLogin();
    const { service } = makeParts();
    await service.getUserByCode('CODE');
    await expect(service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
    expect(wire.count('/sns/oauth2/access_token')).toBe(1);
  });

  it('does not look at data of a mini program', async () => {
    answerLogin();
    const { service } = makeParts();
    const login = { code: 'CODE', encryptedData: 'x', iv: 'y' };
    await expect(service.getUserByCode(login)).resolves.toMatchObject({ nickname: 'Ming' });
  });

  it.each([[undefined], [null], [{}], [7], ['']])('refuses %p', async (login) => {
    const { service } = makeParts();
    expect(await failureOf(() => service.getUserByCode(login as string))).toBeInstanceOf(WechatInputError);
    expect(wire.requests).toEqual([]);
  });
});

describe('verifyToken', () => {
  it('is the verdict of WeChat', async () => {
    const { service } = makeParts();
    wire.queue('/sns/auth', { errcode: 0, errmsg: 'ok' }, { errcode: 40003, errmsg: 'invalid openid' });
    expect(await service.verifyToken(OPENID, 'AT')).toBe(true);
    expect(await service.verifyToken(OPENID, 'AT')).toBe(false);
  });
});

describe('login', () => {
  const session = { token: 'v1.x', expiresAt: 1, identity: {} };

  function withLogin(options: WechatOAuthModuleOptions) {
    const calls: unknown[][] = [];
    const run = async (...args: unknown[]) => {
      calls.push(args);
      return session;
    };
    return { calls, ...makeParts(options, { codeLogin: { run } as unknown as CodeLogin }) };
  }

  it.each([['mini'], ['native']])('passes the code of the app %s on', async (name) => {
    const { service, config, calls } = withLogin({ apps: APPS });
    expect(await service.app(name).login('CODE')).toBe(session);
    expect(await service.app(name).login({ code: 'CODE', lang: 'zh_TW' })).toBe(session);
    const app = config.apps.get(name);
    // In the language of the module, unless the caller says another.
    expect(calls).toEqual([
      [app, 'CODE', 'en'],
      [app, 'CODE', 'zh'],
    ]);
  });

  it.each([['official'], ['website']])(
    'is refused for the app %s, whose codes belong to a browser',
    async (name) => {
      const { service, calls } = withLogin({ apps: APPS });
      const error = await failureOf(() => service.app(name).login('CODE'));
      expect(error).toBeInstanceOf(WechatConfigError);
      expect(error).toMatchObject({ option: `apps.${name}.type` });
      expect(error.message).toContain('WechatAuthGuard');
      expect(calls).toEqual([]);
    },
  );
});

it('getUser tells who has to sign in', async () => {
  const { service } = makeParts();
  expect(await failureOf(() => service.getUser(OPENID))).toBeInstanceOf(WechatTokenNotFoundError);
  expectFreeOf(service, [APP_SECRET]);
});
