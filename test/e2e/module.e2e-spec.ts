// The forms of the module: how it is registered, what it lets others see, and what it says when
// something is wrong with its options.
import vm from 'node:vm';
import { HttpModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Inject, Injectable, Module, type ModuleMetadata, Scope } from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import axios from 'axios';
import {
  MemoryTokenStore,
  type WechatProviderOf,
  type TokenStore,
  TOKEN_STORE,
  WECHAT_OAUTH_OPTIONS,
  WECHAT_HTTP_SERVICE,
  WechatAuthController,
  WechatAuthGuard,
  WechatConfigError,
  type WechatLogin,
  WechatLoginHandler,
  WechatOAuthModule,
  type WechatOAuthModuleAsyncOptions,
  type WechatOAuthModuleOptions,
  WechatOAuthService,
  WechatSessionService,
} from '../../lib/index.js';
import { CallbackTokenStore } from '../../lib/stores/callback/index.js';
import { signInAs, type WechatMockServerOptions } from '../../lib/testing/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS, SESSION_SECRET, SHOP } from '../support/application.js';
import { guardedAt } from '../support/guarded.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, expectLogin, setStage } from '../support/stage.js';

const CLUB = 'https://club.example.com';
const CLUB_APP = {
  type: 'official-account',
  appId: 'wx000000000000club',
  secret: 'secretcanaryclub0000000000000000',
  domains: ['club.example.com', 'shop.example.com'] as string[],
} as const satisfies NonNullable<WechatMockServerOptions['apps']>[number];

const SETTING = Symbol('SETTING');

@Module({ providers: [{ provide: SETTING, useValue: 'from-settings' }], exports: [SETTING] })
class SettingsModule {}

@Injectable()
class RecordingStore extends MemoryTokenStore {
  readonly keys = new Set<string>();
  note = '';

  override async set(key: string, value: string, ttlMs: number) {
    this.keys.add(key);
    return super.set(key, value, ttlMs);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number) {
    this.keys.add(key);
    return super.setIfAbsent(key, value, ttlMs);
  }

  static noted(note: string): RecordingStore {
    return Object.assign(new RecordingStore(), { note });
  }
}

@Injectable()
class MarkingHandler extends WechatLoginHandler {
  note = '';

  override async onLogin(_login: WechatLogin) {
    return { claims: { note: this.note } };
  }

  static noted(note: string): MarkingHandler {
    return Object.assign(new MarkingHandler(), { note });
  }
}

@Module({ providers: [RecordingStore, MarkingHandler], exports: [RecordingStore, MarkingHandler] })
class PartsModule {}

/** The ways to write a provider, and the note that tells how the instance was made. */
function styles<T>(type: {
  new (): T;
  noted(note: string): T;
}): [string, () => WechatProviderOf<T>, string][] {
  return [
    ['useClass', () => ({ useClass: type }), ''],
    ['useValue', () => ({ useValue: type.noted('value') }), 'value'],
    ['useExisting', () => ({ useExisting: type }), ''],
    [
      'useFactory with inject',
      () => ({ useFactory: (note: string) => type.noted(note), inject: [SETTING] }),
      'from-settings',
    ],
    ['an async useFactory', () => ({ useFactory: async () => type.noted('async') }), 'async'],
  ];
}

describe.each(PLATFORMS)('WechatOAuthModule on %s', (_platform, adapter) => {
  const stage = setStage(adapter, { apps: [...MOCK_APPS, CLUB_APP] });
  const openid = () => stage.wechat.openidOf('wx00000000official', 'ming');
  const clubOpenid = () => stage.wechat.openidOf(CLUB_APP.appId, 'ming');

  const bootstrapError = async (metadata: ModuleMetadata | (() => ModuleMetadata)): Promise<Error> => {
    try {
      await stage.startModules(typeof metadata === 'function' ? metadata() : metadata);
    } catch (error) {
      return error as Error;
    }
    throw new Error('the application started');
  };
  const expectConfigError = async (
    metadata: ModuleMetadata | (() => ModuleMetadata),
    option: string,
  ): Promise<void> => {
    const error = await bootstrapError(metadata);
    expect(error).toBeInstanceOf(WechatConfigError);
    expect(error).toMatchObject({ option, kind: 'config', code: 'WECHAT_CONFIG' });
    expect(error.message).toContain(`"${option}"`);
  };
  const expectItWorks = async (imports: ModuleMetadata['imports']): Promise<void> => {
    const running = await stage.startModules({ imports, controllers: [OrdersController] });
    const end = await expectLogin(browserFor(running), `${SHOP}/orders/mine`);
    expect(end.json()).toEqual({ openid: openid() });
  };

  describe('is registered', () => {
    it('with forRoot', () => expectItWorks([WechatOAuthModule.forRoot(stage.options())]));

    it('with forRootAsync and a factory that injects from an imported module', async () => {
      const seen: string[] = [];
      await expectItWorks([
        WechatOAuthModule.forRootAsync({
          imports: [SettingsModule],
          inject: [SETTING],
          useFactory: async (setting: string) => {
            seen.push(setting);
            return stage.options();
          },
        }),
      ]);
      expect(seen).toEqual(['from-settings']);
    });

    it('with forRootAsync and a class', async () => {
      @Injectable()
      class Options {
        constructor(@Inject(SETTING) private readonly setting: string) {}

        createWechatOAuthOptions(): WechatOAuthModuleOptions {
          return this.setting === 'from-settings' ? stage.options() : {};
        }
      }
      await expectItWorks([WechatOAuthModule.forRootAsync({ imports: [SettingsModule], useClass: Options })]);
    });

    it('with forRootAsync and a class that exists elsewhere', async () => {
      let made = 0;
      @Injectable()
      class Options {
        constructor() {
          made++;
        }

        async createWechatOAuthOptions(): Promise<WechatOAuthModuleOptions> {
          return stage.options();
        }
      }
      @Module({ providers: [Options], exports: [Options] })
      class OptionsModule {}
      await expectItWorks([
        OptionsModule,
        WechatOAuthModule.forRootAsync({ imports: [OptionsModule], useExisting: Options }),
      ]);
      expect(made).toBe(1);
    });

    it('once in a variable that two modules import', async () => {
      const wechat = WechatOAuthModule.forRoot(stage.options());
      @Module({ imports: [wechat], controllers: [OrdersController] })
      class OrdersModule {}
      const running = await stage.startModules({ imports: [wechat, OrdersModule] });
      await expectLogin(browserFor(running), `${SHOP}/orders`);
    });

    it('globally by default, also where isGlobal is left undefined', async () => {
      @Module({ controllers: [OrdersController] })
      class OrdersModule {}
      const wechat = WechatOAuthModule.forRoot({ ...stage.options(), isGlobal: undefined });
      const running = await stage.startModules({ imports: [wechat, OrdersModule] });
      expect((await browserFor(running).fetch(`${SHOP}/orders`)).status).toBe(401);
    });
  });

  describe('with isGlobal: false', () => {
    const local = () => WechatOAuthModule.forRoot({ ...stage.options(), isGlobal: false });

    it('serves the module that imports it', async () => {
      @Module({ imports: [local()], controllers: [OrdersController] })
      class OrdersModule {}
      const running = await stage.startModules({ imports: [OrdersModule] });
      await expectLogin(browserFor(running), `${SHOP}/orders`);
    });

    it('fails the start of a module that does not, with the error of Nest that names the guard', async () => {
      @Module({ controllers: [OrdersController] })
      class OrdersModule {}
      const error = await bootstrapError({ imports: [local(), OrdersModule] });
      expect(error.constructor.name).toBe('UnknownDependenciesException');
      expect(error.message).toMatch(/WechatAuthGuard.*OrdersModule/s);
    });
  });

  describe.each([
    [
      'forRoot',
      (extras: object): DynamicModule => WechatOAuthModule.forRoot({ ...stage.options(), ...extras }),
    ],
    [
      'forRootAsync',
      (extras: object): DynamicModule =>
        WechatOAuthModule.forRootAsync({ useFactory: () => stage.options(), ...extras }),
    ],
  ])('%s', (_form, register) => {
    const imports = [SettingsModule, PartsModule];

    it.each(styles(RecordingStore))('takes a tokenStore by %s', async (_style, tokenStore, note) => {
      const running = await stage.startModules({
        imports: [register({ imports, tokenStore: tokenStore() })],
        controllers: [OrdersController],
      });
      await expectLogin(browserFor(running), `${SHOP}/orders`);
      const store = running.app.get<RecordingStore>(TOKEN_STORE, { strict: false });
      expect(store).toBeInstanceOf(RecordingStore);
      expect(store.note).toBe(note);
      expect([...store.keys]).toContain(`wechat:wx00000000official:token:${openid()}`);
    });

    it.each(styles(MarkingHandler))('takes a loginHandler by %s', async (_style, loginHandler, note) => {
      const running = await stage.startModules({
        imports: [register({ imports, loginHandler: loginHandler() })],
        controllers: [OrdersController],
      });
      const end = await expectLogin(browserFor(running), `${SHOP}/orders`);
      expect(end.json()).toMatchObject({ user: { claims: { note } } });
    });

    it.each<[string, WechatProviderOf<unknown>]>([
      ['an empty object', { useValue: {} }],
      ['half a store', { useValue: { get: async () => undefined, set: async () => undefined } }],
      ['a class of something else', { useClass: SettingsModule }],
      ['a factory of nothing', { useFactory: () => undefined }],
      ['an async factory of nothing', { useFactory: async () => null }],
      ['a number', { useValue: 5 }],
    ])('refuses %s as tokenStore while it starts', (_what, tokenStore) =>
      expectConfigError({ imports: [register({ tokenStore })] }, 'tokenStore'),
    );

    it.each(['tokenStore', 'options'])(
      'refuses a request-scoped %s, which could not share anything',
      async (option) => {
        const perRequest = { scope: Scope.REQUEST };
        const wechat =
          option === 'options'
            ? WechatOAuthModule.forRootAsync({ useFactory: () => stage.options(), inject: [REQUEST] })
            : WechatOAuthModule.forRoot({
                ...stage.options(),
                tokenStore: {
                  ...perRequest,
                  useFactory: () => new MemoryTokenStore(),
                } as WechatProviderOf<TokenStore>,
              });
        await expectConfigError({ imports: [wechat] }, option);
      },
    );

    it.each<[string, WechatProviderOf<unknown>]>([
      ['an empty object', { useValue: {} }],
      ['a bare function', { useValue: async () => undefined }],
      ['a factory of nothing', { useFactory: () => undefined }],
      ['a class of something else', { useClass: SettingsModule }],
    ])('refuses %s as loginHandler while it starts', (_what, loginHandler) =>
      expectConfigError({ imports: [register({ loginHandler })] }, 'loginHandler'),
    );
  });

  describe('says what is wrong with its options while the application starts', () => {
    const WRONG: [string, (good: WechatOAuthModuleOptions) => unknown, string][] = [
      ['no appId', (good) => ({ ...good, appId: undefined }), 'appId'],
      ['no secret', (good) => ({ ...good, secret: undefined }), 'secret'],
      ['a short sessionSecret', (good) => ({ ...good, sessionSecret: 'short' }), 'sessionSecret'],
      ['http on a public host', (good) => ({ ...good, publicUrl: 'http://shop.example.com' }), 'publicUrl'],
      ['an unknown option', (good) => ({ ...good, sesionSecret: 'x' }), 'sesionSecret'],
      ['a clock that is no function', (good) => ({ ...good, now: 5 }), 'now'],
      ['nothing at all', () => undefined, 'options'],
      ['null', () => null, 'options'],
      ['a string', () => 'wx00000000official', 'options'],
    ];

    it.each(WRONG)('forRoot: %s', (_what, change, option) =>
      expectConfigError(
        // Called inside, because what is no object at all is refused by `forRoot` itself.
        () => ({ imports: [WechatOAuthModule.forRoot(change(stage.options()) as WechatOAuthModuleOptions)] }),
        option,
      ),
    );

    it.each(WRONG)('forRootAsync: %s', (_what, change, option) =>
      expectConfigError(
        {
          imports: [
            WechatOAuthModule.forRootAsync({
              useFactory: async () => change(stage.options()) as WechatOAuthModuleOptions,
            }),
          ],
        },
        option,
      ),
    );

    it.each<[string, ModuleMetadata]>([
      ['on a route', { controllers: [OrdersController] }],
      ['of the application', { providers: [{ provide: APP_GUARD, useClass: WechatAuthGuard }] }],
      [
        'that extends ours',
        {
          controllers: [guardedAt('orders')],
          providers: [{ provide: APP_GUARD, useClass: class extends WechatAuthGuard {} }],
        },
      ],
    ])('all of it in one error, what a guard %s needs included', async (_where, metadata) => {
      const { endpoints } = stage.options();
      const wechat = WechatOAuthModule.forRoot({ endpoints } as WechatOAuthModuleOptions);
      const error = await bootstrapError({ ...metadata, imports: [wechat] });
      expect(error).toBeInstanceOf(WechatConfigError);
      expect((error as WechatConfigError).problems.map(({ option }) => option)).toEqual([
        'appId',
        'secret',
        'publicUrl',
        'sessionSecret',
      ]);
    });

    it('passes on the error of a factory that rejects', async () => {
      const cause = new Error('the vault is sealed');
      const wechat = WechatOAuthModule.forRootAsync({ useFactory: () => Promise.reject(cause) });
      expect(await bootstrapError({ imports: [wechat] })).toBe(cause);
    });

    it('refuses two global modules in one application', () =>
      expectConfigError(
        {
          imports: [
            WechatOAuthModule.forRoot(stage.options()),
            WechatOAuthModule.forRootAsync({ useFactory: () => stage.options() }),
          ],
        },
        'isGlobal',
      ));
  });

  describe('where only the service is used', () => {
    const bare = () => {
      const { publicUrl: _, sessionSecret: __, ...rest } = stage.options();
      return rest;
    };

    it('starts without publicUrl and sessionSecret, and the service works', async () => {
      const { app } = await stage.startModules({ imports: [WechatOAuthModule.forRoot(bare())] });
      const service = app.get(WechatOAuthService);
      const link = service.getAuthorizeURL(`${SHOP}/back`, service.createState());
      const { redirectTo } = await stage.wechat.authorize(link);
      const token = await service.getAccessToken(new URL(redirectTo!).searchParams.get('code')!);
      expect(token.openid).toBe(openid());
    });

    it.each([
      ['publicUrl', { sessionSecret: SESSION_SECRET }],
      ['sessionSecret', { publicUrl: SHOP }],
    ])('but a guarded route needs %s', async (option, rest) => {
      const imports = () => [WechatOAuthModule.forRoot({ ...bare(), ...rest })];
      await expectConfigError({ imports: imports(), controllers: [OrdersController] }, option);
      await expectConfigError({ imports: imports(), controllers: [WechatAuthController] }, option);
      await expectConfigError(
        { imports: imports(), providers: [{ provide: APP_GUARD, useClass: WechatAuthGuard }] },
        option,
      );
    });

    it('a guard over a mini program alone needs no publicUrl', async () => {
      const running = await stage.startModules({
        imports: [
          WechatOAuthModule.forRoot({
            ...bare(),
            type: 'mini-program',
            appId: 'wx00000000000mini0',
            secret: 'secretcanarymini0000000000000000',
            sessionSecret: SESSION_SECRET,
          }),
        ],
        controllers: [OrdersController],
      });
      const { bearer } = signInAs(running.app, { openid: 'oMingInMini' });
      const browser = browserFor(running);
      expect(
        (await browser.fetch(`${SHOP}/orders/mine`, { headers: { authorization: bearer } })).json(),
      ).toEqual({ openid: 'oMingInMini' });
      expect((await browser.visit(`${SHOP}/orders/mine`)).status).toBe(401);
    });
  });

  describe('with several apps', () => {
    it('hands out each by name, and speaks for defaultApp by itself', async () => {
      const { app } = await stage.start({ options: { apps: ALL_APPS, defaultApp: 'official' } });
      const service = app.get(WechatOAuthService);
      const appIdIn = (link: string) => new URL(link).searchParams.get('appid');
      expect(appIdIn(service.getAuthorizeURL(SHOP, 'a1'))).toBe('wx00000000official');
      expect(appIdIn(service.app('website').getAuthorizeURLForWebsite(SHOP, 'a1'))).toBe(
        'wx000000000website',
      );
      expect(service.app('website')).toBe(service.app('website'));
      expect(() => service.app('toString')).toThrow(WechatConfigError);
      expect(() => service.app('other')).toThrow(/official, website, mini, mobile/);
    });

    it('throws and names app() where there is no default', async () => {
      const { app } = await stage.start({ options: { apps: ALL_APPS } });
      const service = app.get(WechatOAuthService);
      expect(() => service.getAuthorizeURL(SHOP, 'a1')).toThrow(/app\(name\)/);
      await expect(service.getAccessToken('code')).rejects.toMatchObject({ option: 'defaultApp' });
      expect(service.app('mini')).toBeDefined();
    });
  });

  describe('twice in one application, not global', () => {
    @Injectable({ scope: Scope.REQUEST })
    class ShopHandler extends WechatLoginHandler {
      constructor(@Inject(REQUEST) private readonly request: object | undefined) {
        super();
      }

      override async onLogin() {
        return { claims: { by: 'shop', request: this.request !== undefined } };
      }
    }

    /** The harder case: one session secret, and both apps called "default". */
    const shop = () =>
      WechatOAuthModule.forRoot({
        ...stage.options(),
        isGlobal: false,
        tokenStore: { useClass: RecordingStore },
        loginHandler: { useClass: ShopHandler },
      });
    const club = (publicUrl = CLUB) =>
      WechatOAuthModule.forRoot({
        ...stage.options({ appId: CLUB_APP.appId, secret: CLUB_APP.secret, publicUrl }),
        isGlobal: false,
        tokenStore: { useClass: RecordingStore },
      });
    /**
     * What a module sees of ours. Found by its own class, because the tokens of the parts stand
     * twice in the application.
     */
    class Parts {
      constructor(
        @Inject(WechatOAuthService) readonly service: WechatOAuthService,
        @Inject(WechatSessionService) readonly sessions: WechatSessionService,
        @Inject(TOKEN_STORE) readonly store: RecordingStore,
      ) {}
    }
    @Injectable()
    class ShopParts extends Parts {}
    @Injectable()
    class ClubParts extends Parts {}

    const start = async (shopFirst: boolean, clubUrl?: string) => {
      @Module({
        imports: [shop()],
        controllers: [guardedAt('shop'), WechatAuthController],
        providers: [ShopParts],
      })
      class ShopModule {}
      @Module({ imports: [club(clubUrl)], controllers: [guardedAt('club')], providers: [ClubParts] })
      class ClubModule {}
      const running = await stage.startModules({
        imports: shopFirst ? [ShopModule, ClubModule] : [ClubModule, ShopModule],
      });
      return {
        ...running,
        ofShop: running.app.get(ShopParts, { strict: false }),
        ofClub: running.app.get(ClubParts, { strict: false }),
      };
    };

    it.each([true, false])(
      'each signs in with its own app, host, handler and store (shop first: %s)',
      async (shopFirst) => {
        const running = await start(shopFirst);
        const browser = browserFor(running, undefined, SHOP, CLUB);
        const atShop = await expectLogin(browser, `${SHOP}/shop`);
        const atClub = await expectLogin(browser, `${CLUB}/club`);

        expect(atShop.json()).toMatchObject({
          user: { openid: openid(), appId: 'wx00000000official', claims: { by: 'shop', request: true } },
        });
        const { user } = atClub.json<{ user: object }>();
        expect(user).toMatchObject({ openid: clubOpenid(), appId: CLUB_APP.appId });
        expect(user).not.toHaveProperty('claims');

        const appIds = ({ store }: Parts) => new Set([...store.keys].map((key) => key.split(':')[1]));
        expect([...appIds(running.ofShop)]).toEqual(['wx00000000official']);
        expect([...appIds(running.ofClub)]).toEqual([CLUB_APP.appId]);
        expect(running.ofShop.service.getAuthorizeURL(SHOP, 'a1')).toContain('appid=wx00000000official&');
        expect(running.ofClub.service.getAuthorizeURL(CLUB, 'a1')).toContain(`appid=${CLUB_APP.appId}&`);
      },
    );

    it('neither takes the sessions of the other, not even on one host', async () => {
      const running = await start(true, SHOP);
      const browser = browserFor(running);
      await expectLogin(browser, `${SHOP}/shop`);
      expect((await browser.fetch(`${SHOP}/club`)).status).toBe(401);
      await expectLogin(browser, `${SHOP}/club`);
      expect((await browser.fetch(`${SHOP}/shop`)).json()).toMatchObject({ user: { openid: openid() } });

      const person = { app: 'default', openid: 'oSomebody', scope: [], isSnapshotUser: false };
      const tokens = {
        shop: (await running.ofShop.sessions.issue(undefined, { ...person, appId: 'wx00000000official' }))
          .token,
        club: (await running.ofClub.sessions.issue(undefined, { ...person, appId: CLUB_APP.appId })).token,
      };
      const statusOf = async (path: string, token: string) => {
        const headers = { authorization: `Bearer ${token}` };
        return (await browserFor(running).fetch(`${SHOP}${path}`, { headers })).status;
      };
      expect(await statusOf('/shop', tokens.shop)).toBe(200);
      expect(await statusOf('/club', tokens.shop)).toBe(401);
      expect(await statusOf('/club', tokens.club)).toBe(200);
      expect(await statusOf('/shop', tokens.club)).toBe(401);
      await expect(
        running.ofShop.sessions.issue(undefined, { ...person, appId: CLUB_APP.appId }),
      ).rejects.toThrow(/names no configured app/);
    });

    it('neither takes the callbacks of the other', async () => {
      const running = await start(true, SHOP);
      const browser = browserFor(running);
      const { headers } = await browser.visit(`${SHOP}/shop`);
      const { redirectTo } = await stage.wechat.authorize(headers.location!);
      const { search } = new URL(redirectTo!);

      // Not its state, so for the club this is a page like any other, with parameters of the
      // application's own.
      const answer = await browser.visit(`${SHOP}/club${search}`);
      expect(answer.status).toBe(302);
      expect(answer.headers.location).toContain(`appid=${CLUB_APP.appId}&`);
      expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toEqual([]);
    });

    it('names a login address only where the login route is of the same module', async () => {
      const running = await start(true);
      const browser = browserFor(running, undefined, SHOP, CLUB);
      const atShop = (await browser.fetch(`${SHOP}/shop`)).json();
      const atClub = (await browser.fetch(`${CLUB}/club`)).json();
      expect(atShop).toMatchObject({ code: 'WECHAT_LOGIN_REQUIRED', loginUrl: `${SHOP}/wechat/login` });
      expect(atClub).toMatchObject({ code: 'WECHAT_LOGIN_REQUIRED' });
      expect(atClub).not.toHaveProperty('loginUrl');
    });
  });

  describe('with a mini program', () => {
    const mini = {
      type: 'mini-program',
      appId: 'wx00000000000mini0',
      secret: 'secretcanarymini0000000000000000',
    } as const;
    const pair = { getToken: () => null, saveToken: () => undefined };
    const warnings = async (
      store: TokenStore | undefined,
      apps: WechatOAuthModuleOptions['apps'] = { mini },
    ) => {
      const extras = store ? { tokenStore: { useValue: store } } : {};
      const { logs } = await stage.start({ options: { apps }, extras });
      return logs.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
    };

    it.each<[string, CallbackTokenStore]>([
      ['no rest', new CallbackTokenStore(pair)],
      ['a rest in memory', new CallbackTokenStore(pair, { rest: new MemoryTokenStore() })],
      ['a pair within a pair', new CallbackTokenStore(pair, { rest: new CallbackTokenStore(pair) })],
    ])(
      'and the predecessor’s pair with %s says whose session keys no other process sees',
      async (_what, store) => {
        expect(await warnings(store)).toEqual([
          expect.stringMatching(/session keys of the mini program "mini".*Give CallbackTokenStore a `rest`/s),
        ]);
      },
    );

    it('says nothing where all is shared, where nothing is, and where there are no session keys', async () => {
      const shared = new (class extends RecordingStore {
        override keepsInProcess() {
          return false;
        }
      })();
      expect(await warnings(new CallbackTokenStore(pair, { rest: shared }))).toEqual([]);
      expect(await warnings(undefined)).toEqual([]);
      expect(await warnings(new CallbackTokenStore(pair), { phone: { ...mini, type: 'mobile' } })).toEqual(
        [],
      );
    });
  });

  describe('keeps tokens in memory by default', () => {
    const warnings = ({ lines }: { lines: { level: string; text: string }[] }) =>
      lines.filter(({ level, text }) => level === 'warn' && text.includes('MemoryTokenStore'));

    describe('in production', () => {
      const before = process.env['NODE_ENV'];
      beforeEach(() => {
        process.env['NODE_ENV'] = 'production';
      });
      afterEach(() => {
        process.env['NODE_ENV'] = before;
      });

      it('with one warning', async () => {
        const { logs } = await stage.start();
        expect(warnings(logs)).toHaveLength(1);
      });

      it('beside one for each thing that can only be a mistake, and none of them with a secret', async () => {
        const { logs } = await stage.start({ controllers: [OrdersController] });
        const texts = logs.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
        const expected = [
          /appId/,
          /secret is not/,
          /publicUrl/,
          /endpoints\.open/,
          /endpoints\.api/,
          /no login route/,
        ];
        for (const one of expected) expect(texts.filter((text) => one.test(text))).toHaveLength(1);
        expect(texts).toHaveLength(expected.length + 1);
        expect(logs.text).not.toContain(MOCK_APPS[0].secret);
        expect(logs.text).not.toContain(SESSION_SECRET);
        expect(logs.text).toMatch(
          /log WeChat apps: default \(official-account\); hosts .*: shop\.example\.com; login path: none; token store: MemoryTokenStore/,
        );
      });

      it('without one where the application chose a store', async () => {
        @Injectable()
        class OtherStore implements TokenStore {
          get = async () => undefined;
          set = async () => undefined;
          delete = async () => undefined;
          setIfAbsent = async () => true;
          replaceIfEqual = async () => true;
        }
        const { logs } = await stage.start({ extras: { tokenStore: { useClass: OtherStore } } });
        expect(warnings(logs)).toEqual([]);
      });
    });

    it('without a warning elsewhere', async () => {
      const { logs } = await stage.start();
      expect(logs.lines.filter(({ level }) => level !== 'log')).toEqual([]);
    });
  });

  describe('with HTTP clients of the application', () => {
    it('sends nothing through their interceptors', async () => {
      const seen: string[] = [];
      const spy = <T extends { url?: string }>(config: T): T => {
        seen.push(config.url ?? '');
        return config;
      };
      const onDefault = axios.interceptors.request.use(spy);
      const client = {
        provide: 'CLIENT',
        useFactory: ({ axiosRef }: HttpService) => axiosRef.interceptors.request.use(spy),
        inject: [HttpService],
      };
      @Module({ imports: [HttpModule], providers: [client] })
      class OneModule {}
      @Module({ imports: [HttpModule.register({})], providers: [client] })
      class OtherModule {}
      const running = await stage.startModules({
        imports: [OneModule, WechatOAuthModule.forRoot(stage.options()), OtherModule],
        controllers: [OrdersController],
      });

      await expectLogin(browserFor(running), `${SHOP}/orders/profile`);

      axios.interceptors.request.eject(onDefault);
      expect(stage.wechat.callsTo('/sns/userinfo')).toHaveLength(1);
      expect(seen).toEqual([]);
    });

    it('takes nothing over from the defaults of axios', async () => {
      const before = { ...axios.defaults, headers: { ...axios.defaults.headers } };
      Object.assign(axios.defaults, {
        adapter: () => Promise.reject(new Error('a cache')),
        baseURL: 'http://127.0.0.1:1',
        params: { internal: 'not-for-wechat' },
        timeout: 1,
      });
      axios.defaults.headers.common = { authorization: 'Bearer not-for-wechat', cookie: 'not-for-wechat' };
      try {
        const running = await stage.start({ controllers: [OrdersController] });
        const headers: unknown[] = [];
        running.app
          .get<HttpService>(WECHAT_HTTP_SERVICE, { strict: false })
          .axiosRef.interceptors.request.use((config) => {
            headers.push(config.headers.toJSON());
            return config;
          });
        await expectLogin(browserFor(running), `${SHOP}/orders/profile`);
        const calls = stage.wechat.calls.filter(({ path }) => path.startsWith('/sns/'));
        expect(calls).toHaveLength(2);
        expect(JSON.stringify([calls, headers])).not.toContain('not-for-wechat');
      } finally {
        Object.assign(axios.defaults, { baseURL: undefined, params: undefined, timeout: 0 }, before);
      }
    });

    it('takes an interceptor that is added to WECHAT_HTTP_SERVICE on purpose', async () => {
      const running = await stage.start({ controllers: [OrdersController] });
      const http = running.app.get<HttpService>(WECHAT_HTTP_SERVICE, { strict: false });
      const seen: string[] = [];
      http.axiosRef.interceptors.request.use((config) => {
        seen.push(new URL(config.url!).pathname);
        config.headers.set('user-agent', 'shop/1.0');
        return config;
      });

      await expectLogin(browserFor(running), `${SHOP}/orders`);

      expect(seen).toEqual(['/sns/oauth2/access_token']);
      expect(stage.wechat.callsTo('/sns/oauth2/access_token')[0]!.userAgent).toBe('shop/1.0');
    });

    it('hands its own HttpService to nobody who did not import HttpModule', async () => {
      @Injectable()
      class Curious {
        constructor(@Inject(HttpService) readonly http: HttpService) {}
      }
      @Module({ providers: [Curious] })
      class CuriousModule {}
      const error = await bootstrapError({
        imports: [WechatOAuthModule.forRoot(stage.options()), CuriousModule],
      });
      expect(error.message).toMatch(/Curious .*HttpService/s);
    });
  });

  it('lets tests of an application replace the guard and the service', async () => {
    const module = await Test.createTestingModule({
      imports: [WechatOAuthModule.forRoot(stage.options())],
      controllers: [OrdersController],
    })
      .overrideGuard(WechatAuthGuard)
      .useValue({ canActivate: () => true })
      .overrideProvider(WechatOAuthService)
      .useValue({ getUser: async () => ({ nickname: 'nobody' }) })
      .compile();
    const app = stage.keep(module.createNestApplication(adapter()));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    expect((await browserFor({ port }).fetch(`${SHOP}/orders/mine`)).status).toBe(200);
    await expect(app.get(WechatOAuthService).getUser('o')).resolves.toEqual({ nickname: 'nobody' });
  });

  it.each<[string, DynamicModule]>([
    ['forRoot', WechatOAuthModule.forRoot({ appId: 'wx0000000000000000', secret: 'x' })],
    ['forRootAsync', WechatOAuthModule.forRootAsync({ useFactory: () => ({}) })],
  ])('lets tests of an application put options of their own in the place of those of %s', async (_, own) => {
    const module = await Test.createTestingModule({ imports: [own], controllers: [OrdersController] })
      .overrideProvider(WECHAT_OAUTH_OPTIONS)
      .useValue(stage.options())
      .compile();
    const app = stage.keep(module.createNestApplication(adapter()));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    await expectLogin(browserFor({ port }), `${SHOP}/orders/profile`);
  });

  it('names what forRootAsync takes, for applications that pass it on', async () => {
    const options: WechatOAuthModuleAsyncOptions = {
      imports: [SettingsModule],
      inject: [SETTING],
      useFactory: () => stage.options(),
      isGlobal: false,
      tokenStore: { useClass: RecordingStore },
    };
    const module = await Test.createTestingModule({
      imports: [WechatOAuthModule.forRootAsync(options)],
    }).compile();
    expect(module.get(TOKEN_STORE, { strict: false })).toBeInstanceOf(RecordingStore);
  });

  it('leaves no timer and no server behind when the application closes', async () => {
    // Jest hands tests a copy of `process`; the real one knows what keeps it alive.
    const real = vm.runInThisContext('process') as NodeJS.Process;
    const held = () =>
      real.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'TCPServerWrap').length;
    const before = held();
    const module = await Test.createTestingModule({
      imports: [WechatOAuthModule.forRoot({ ...stage.options(), session: { ttl: 60, idle: 30 } })],
      controllers: [OrdersController],
    }).compile();
    const app = module.createNestApplication(adapter());
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    await expectLogin(browserFor({ port }), `${SHOP}/orders/profile`);

    await app.close();

    // Sockets need some turns of the loop to be gone; a timer of ours would stay however long one
    // waits.
    for (let turn = 0; held() > before && turn < 10_000; turn++) await new Promise(setImmediate);
    expect(held()).toBeLessThanOrEqual(before);
  });
});
