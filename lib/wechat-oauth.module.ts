// The module: what its static methods promise, and what is checked when an application starts.
import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type NestModule,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { WechatConfigError } from './errors/errors.js';
import { LoginAddress } from './auth/login-address.js';
import { VerificationFiles } from './auth/verification-files.js';
import { check } from './config/read-value.js';
import { requireOptionsWay, requireProvider } from './config/read-extras.js';
import { requireOptionsObject } from './config/resolve-config.js';
import { describeSetup, suspicions } from './config/start-report.js';
import type { AppConfig, WechatConfig } from './config/wechat-config.js';
import { MemoryTokenStore } from './tokens/memory-token-store.js';
import type { TokenStore } from './tokens/token-store.js';
import {
  TOKEN_STORE,
  WECHAT_CONFIG,
  WECHAT_IDENTITY_LINKER,
  WECHAT_LOGIN_HANDLER,
  WECHAT_OAUTH_OPTIONS,
} from './wechat-oauth.constants.js';
import {
  ConfigurableModuleClass,
  type WechatOAuthModuleAsyncOptions,
  type WechatOAuthModuleExtras,
} from './wechat-oauth.module-definition.js';
import type { WechatOAuthModuleOptions } from './wechat-oauth.options.js';
import {
  isProduction,
  usesGuard,
  WECHAT_OAUTH_EXPORTS,
  WECHAT_OAUTH_PROVIDERS,
} from './wechat-oauth.providers.js';

/**
 * What `forRoot` and `forRootAsync` put others in the place of: `imports: [WechatOAuthModule]` says
 * nothing of an app.
 */
const WITHOUT_OPTIONS = [WECHAT_OAUTH_OPTIONS, TOKEN_STORE, WECHAT_LOGIN_HANDLER, WECHAT_IDENTITY_LINKER].map(
  (provide) => ({
    provide,
    useFactory: (): never => {
      throw new WechatConfigError(
        'imports',
        'holds WechatOAuthModule without options',
        'Write WechatOAuthModule.forRoot({ appId, secret, publicUrl, sessionSecret }), or forRootAsync, in one module; it is global by default.',
      );
    },
  }),
);

/** What of the application takes part in a login, and what it must be able to do. */
const PARTS_OF_LOGIN: [option: string, token: symbol, methods: string[]][] = [
  ['loginHandler', WECHAT_LOGIN_HANDLER, ['onLogin']],
  ['identityLinker', WECHAT_IDENTITY_LINKER, ['find', 'findByUnionid', 'identitiesOf', 'link', 'conflict']],
];

/** Signs people in with WeChat. Import it once, with `forRoot` or `forRootAsync`. */
@Module({ providers: [...WITHOUT_OPTIONS, ...WECHAT_OAUTH_PROVIDERS], exports: WECHAT_OAUTH_EXPORTS })
export class WechatOAuthModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, OnApplicationBootstrap
{
  private readonly logger = new Logger('WechatOAuth');

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    super();
  }

  /**
   * Registers the module with options that are known when the file is read.
   * @example
   * WechatOAuthModule.forRoot({
   *   appId: 'wx0123456789abcdef',
   *   secret: process.env.WECHAT_SECRET,
   *   publicUrl: 'https://shop.example.com',
   *   sessionSecret: process.env.SESSION_SECRET,
   * })
   * @throws WechatConfigError while the application starts, when an option is missing or wrong
   */
  static override forRoot(options: WechatOAuthModuleOptions & WechatOAuthModuleExtras): DynamicModule {
    requireOptionsObject(options);
    requireExtras(options);
    return super.forRoot(options);
  }

  /**
   * Registers the module with options that a provider makes: `useFactory` and `inject`, `useClass`
   * or `useExisting` (a class with `createWechatOAuthOptions()`).
   * @example
   * WechatOAuthModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({
   *     appId: config.getOrThrow('WECHAT_APP_ID'),
   *     secret: config.getOrThrow('WECHAT_SECRET'),
   *     publicUrl: config.getOrThrow('PUBLIC_URL'),
   *     sessionSecret: config.getOrThrow('SESSION_SECRET'),
   *   }),
   *   tokenStore: { inject: [REDIS], useFactory: (redis: Redis) => new RedisTokenStore(redis) },
   * })
   * @throws WechatConfigError while the application starts, when an option is missing or wrong
   */
  static override forRootAsync(options: WechatOAuthModuleAsyncOptions): DynamicModule {
    requireOptionsWay(options);
    requireExtras(options);
    return super.forRootAsync(options);
  }

  /** Registers what has to answer before any route, and is under the prefix of none. */
  configure(): void {
    const own = this.ownProviders();
    // Before they are asked for: of request scope they are not there yet.
    this.requireSingleton('options', own.get(WECHAT_OAUTH_OPTIONS)!);
    const config = own.get(WECHAT_CONFIG)!.instance as WechatConfig;
    new VerificationFiles(config).serveBefore(this.host.httpAdapter);
  }

  /** Looks at what the application provided, before anything is asked for. */
  onModuleInit(): void {
    // Two global ones would provide every token twice, and the last one registered would win.
    const twins = [...this.modules.values()].filter(
      ({ metatype, isGlobal }) => metatype === WechatOAuthModule && isGlobal,
    );
    check(
      twins.length <= 1,
      'isGlobal',
      'is true for two WechatOAuthModules of one application',
      'Configure several apps in one module with `apps`, or set isGlobal: false and import each module where it is used.',
    );
    const own = this.ownProviders();
    // Once more: an application without HTTP configures nothing.
    this.requireSingleton('options', own.get(WECHAT_OAUTH_OPTIONS)!);
    const store = this.requireSingleton('tokenStore', own.get(TOKEN_STORE)!);
    requireMethods('tokenStore', store, ['get', 'set', 'delete', 'setIfAbsent', 'replaceIfEqual']);
    for (const [option, token, methods] of PARTS_OF_LOGIN) {
      const part = own.get(token)!;
      // One of request scope does not exist yet.
      if (part.isDependencyTreeStatic() && part.instance !== null)
        requireMethods(option, part.instance, methods);
    }
    const { apps } = own.get(WECHAT_CONFIG)!.instance as WechatConfig;
    for (const app of apps.values()) {
      if (app.type === 'mini-program') this.warnOfLonelyKeys(app, store as TokenStore);
    }
    this.warnOfLostScans([...apps.values()], store as TokenStore);
    if (store instanceof MemoryTokenStore && isProduction()) {
      this.logger.warn(
        'Tokens are kept in the memory of this process (MemoryTokenStore): a restart loses them, and other processes do not see them. ' +
          'Give the module a tokenStore.',
      );
    }
  }

  /** A store that shares its tokens looks as if it shared everything. */
  private warnOfLonelyKeys({ name, appId }: AppConfig, store: TokenStore): void {
    const isLonely = (kind: string) => store.keepsInProcess?.(`wechat:${appId}:${kind}:`) === true;
    if (isLonely('token') || !isLonely('session-key')) return;
    this.logger.warn(
      `The token store keeps the session keys of the mini program "${name}" in the memory of this process: a restart loses them, and ` +
        'other processes cannot decrypt or verify its data. Give CallbackTokenStore a `rest` that all processes share.',
    );
  }

  /** A scan comes to any process, and of two steps only one may win. */
  private warnOfLostScans(apps: readonly AppConfig[], store: TokenStore): void {
    const app = apps.find(({ scan }) => scan);
    if (!app) return;
    const isAlone = store.keepsInProcess?.(`wechat:${app.appId}:scan:`) === true;
    if (isAlone ? !isProduction() : !store.isAtomicHereOnly?.()) return;
    const what = isAlone
      ? 'keeps logins by a scan in the memory of this process: a scan that comes to another one is lost'
      : 'is atomic within one process only: of two people who scan one code, both may win';
    this.logger.warn(`"${app.name}" has scan, and the token store ${what}. Use Redis, SQL or MongoDB.`);
  }

  /** Not before: only now are all routes mounted. */
  onApplicationBootstrap(): void {
    const own = this.ownProviders();
    const config = own.get(WECHAT_CONFIG)!.instance as WechatConfig;
    const address = own.get(LoginAddress)!.instance as LoginAddress;
    const store = own.get(TOKEN_STORE)!.instance as object;
    this.logger.log(describeSetup(config, address.path, store.constructor?.name || 'without a name'));
    address.warnOfMismatch();
    address.warnOfLostCallbacks();
    address.warnOfLostScans();
    if (!isProduction()) return;
    for (const text of suspicions(config)) this.logger.warn(text);
    if (usesGuard(this.modules) && !address.isMounted) {
      this.logger.warn(
        'WechatAuthGuard refuses programs without a loginUrl, because no login route is mounted. List WechatAuthController in `controllers`.',
      );
    }
  }

  /**
   * Not through ModuleRef, which looks at the module that registered a token last, and that may be
   * another one of ours.
   */
  private ownProviders() {
    return [...this.modules.values()].find(
      (module) => module.metatype === WechatOAuthModule && (module.instance as unknown) === this,
    )!.providers;
  }

  /**
   * What is made anew for each request has no memory to share: every callback would be the first of
   * its state.
   */
  private requireSingleton(
    option: string,
    provider: { isDependencyTreeStatic(): boolean; instance: unknown },
  ): unknown {
    const isSingleton = provider.isDependencyTreeStatic();
    check(isSingleton, option, 'has request scope', 'Provide it as a singleton, which is the default scope.');
    return provider.instance;
  }
}

function requireExtras({ identityLinker, loginHandler, tokenStore }: WechatOAuthModuleExtras): void {
  requireProvider('identityLinker', identityLinker, '{ useClass: YourIdentityLinker }');
  requireProvider('loginHandler', loginHandler, '{ useClass: YourLoginHandler }');
  requireProvider('tokenStore', tokenStore, '{ useFactory: () => new RedisTokenStore(redis) }');
}

function requireMethods(option: string, value: unknown, methods: string[]): void {
  const missing = methods.filter(
    (name) => typeof (value as Record<string, unknown> | undefined)?.[name] !== 'function',
  );
  const fix = 'Provide an instance of a class that implements it.';
  check(missing.length === 0, option, `has no ${missing.join(', ')}`, fix);
}
