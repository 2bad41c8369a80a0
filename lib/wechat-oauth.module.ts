// Wires the parts together. Every part is a plain class; this is the only place that knows them all.
import { HttpService } from '@nestjs/axios';
import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnModuleInit,
  type Provider,
  Scope,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { WechatConfigError } from './api/errors.js';
import { SnsApi } from './api/sns-api.js';
import { WechatTransport } from './api/transport.js';
import { CodeLogin } from './auth/code-login.js';
import { ExchangeOnce } from './auth/exchange-once.js';
import { Flows } from './auth/flow.js';
import { GuardSetup } from './auth/guard-setup.js';
import { LoginCallback } from './auth/login-callback.js';
import { LoginFlow } from './auth/login-flow.js';
import { LoginStart } from './auth/login-start.js';
import { Refusals } from './auth/refusals.js';
import { SealedSessions } from './auth/sealed-sessions.js';
import { SessionReader } from './auth/session-reader.js';
import { SignIn } from './auth/sign-in.js';
import { WechatAuthController } from './auth/wechat-auth.controller.js';
import { WechatSessionService } from './auth/wechat-session.service.js';
import { resolveConfig } from './config/resolve-config.js';
import { SessionKeys } from './mini-program/session-keys.js';
import { type Runtime, systemRuntime } from './runtime.js';
import { Sealer } from './sealing/sealer.js';
import { MemoryTokenStore } from './tokens/memory-token-store.js';
import type { TokenStore } from './tokens/token-store.js';
import { UserTokens } from './tokens/user-tokens.js';
import { Vault } from './tokens/vault.js';
import {
  TOKEN_STORE,
  WECHAT_CONFIG,
  WECHAT_HTTP_SERVICE,
  WECHAT_LOGIN_HANDLER,
  WECHAT_OAUTH_OPTIONS,
  WECHAT_RUNTIME,
} from './wechat-oauth.constants.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
} from './wechat-oauth.module-definition.js';
import type { WechatOAuthOptions } from './wechat-oauth.options.js';
import { CLIENT_PARTS, WechatOAuthService } from './wechat-oauth.service.js';
import type { WechatConfig } from './config/wechat-config.js';

const isProduction = () => process.env['NODE_ENV'] === 'production';

const providers: Provider[] = [
  {
    provide: WECHAT_CONFIG,
    inject: [WECHAT_OAUTH_OPTIONS],
    useFactory: (options: WechatOAuthOptions) => resolveConfig(options, isProduction()),
  },
  {
    provide: WECHAT_RUNTIME,
    // Only after the options were judged.
    inject: [WECHAT_CONFIG, WECHAT_OAUTH_OPTIONS],
    useFactory: (_: WechatConfig, { now }: WechatOAuthOptions) => systemRuntime(now),
  },
  { provide: WECHAT_HTTP_SERVICE, useExisting: HttpService },
  {
    provide: WechatTransport,
    inject: [HttpService, WECHAT_CONFIG, WECHAT_RUNTIME],
    useFactory: (http: HttpService, config: WechatConfig, runtime: Runtime) =>
      new WechatTransport(http, config, runtime),
  },
  part(SnsApi, [WechatTransport]),
  part(UserTokens, [SnsApi, Vault, WECHAT_RUNTIME]),
  part(SessionKeys, [SnsApi, Vault]),
  {
    provide: Sealer,
    inject: [WECHAT_CONFIG],
    useFactory: ({ sessionSecrets }: WechatConfig) => new Sealer(sessionSecrets),
  },
  part(Vault, [TOKEN_STORE, Sealer]),
  part(SealedSessions, [WECHAT_CONFIG, Sealer, WECHAT_RUNTIME]),
  part(SessionReader, [WECHAT_CONFIG, SealedSessions]),
  part(SignIn, [WECHAT_CONFIG, UserTokens, SessionKeys, SealedSessions, ModuleRef]),
  part(Flows, [WECHAT_CONFIG, Sealer, WECHAT_RUNTIME]),
  part(ExchangeOnce, [Vault, WECHAT_CONFIG, WECHAT_RUNTIME]),
  {
    provide: Refusals,
    inject: [WECHAT_CONFIG, WECHAT_RUNTIME, ModulesContainer],
    useFactory: (config: WechatConfig, runtime: Runtime, modules: ModulesContainer) =>
      new Refusals(
        config,
        runtime,
        once(() => hasLoginRoute(modules)),
      ),
  },
  part(LoginStart, [WECHAT_CONFIG, Flows, Refusals]),
  part(LoginCallback, [
    WECHAT_CONFIG,
    Flows,
    ExchangeOnce,
    UserTokens,
    SignIn,
    SealedSessions,
    LoginStart,
    Refusals,
  ]),
  part(LoginFlow, [WECHAT_CONFIG, SessionReader, SealedSessions, LoginStart, LoginCallback, Refusals]),
  part(CodeLogin, [WECHAT_CONFIG, SignIn, SealedSessions, Refusals]),
  part(GuardSetup, [WECHAT_CONFIG, LoginFlow]),
  {
    provide: CLIENT_PARTS,
    inject: [WECHAT_CONFIG, SnsApi, UserTokens, SessionKeys, CodeLogin, WECHAT_RUNTIME],
    useFactory: (
      config: WechatConfig,
      api: SnsApi,
      tokens: UserTokens,
      sessionKeys: SessionKeys,
      codeLogin: CodeLogin,
      runtime: Runtime,
    ) => ({ config, api, tokens, sessionKeys, codeLogin, runtime }),
  },
  WechatOAuthService,
  WechatSessionService,
];

/** What other modules may inject, and what `WechatAuthGuard` and `WechatAuthController` need in whichever module they stand. */
const exported = [
  WechatOAuthService,
  WechatSessionService,
  TOKEN_STORE,
  WECHAT_HTTP_SERVICE,
  WECHAT_CONFIG,
  GuardSetup,
  CodeLogin,
  SealedSessions,
  SessionReader,
  Flows,
  Refusals,
];

/** Signs people in with WeChat. Import it once, with `forRoot` or `forRootAsync`. */
@Module({ providers, exports: exported })
export class WechatOAuthModule extends ConfigurableModuleClass implements OnModuleInit {
  private readonly logger = new Logger('WechatOAuth');

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(TOKEN_STORE) private readonly store: TokenStore,
  ) {
    super();
  }

  /** @throws WechatConfigError while the application starts, when an option is missing or wrong */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** With `useFactory` and `inject`, `useClass` or `useExisting` (a class with `createWechatOAuthOptions()`). */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  onModuleInit(): void {
    const twins = [...this.modules.values()].filter(
      ({ metatype, isGlobal }) => metatype === WechatOAuthModule && isGlobal,
    );
    if (twins.length > 1) {
      throw new WechatConfigError(
        'isGlobal',
        'is true for two WechatOAuthModules of one application',
        'Configure several apps in one module with `apps`, or set isGlobal: false and import each module where it is used.',
      );
    }
    this.requireMethods('tokenStore', this.store, ['get', 'set', 'delete', 'setIfAbsent', 'replaceIfEqual']);
    if (this.moduleRef.introspect(WECHAT_LOGIN_HANDLER).scope === Scope.DEFAULT) {
      const handler = this.moduleRef.get<unknown>(WECHAT_LOGIN_HANDLER);
      if (handler !== null) this.requireMethods('loginHandler', handler, ['onLogin']);
    }
    if (this.store instanceof MemoryTokenStore && isProduction()) {
      this.logger.warn(
        'Tokens are kept in the memory of this process (MemoryTokenStore): a restart loses them, and other processes do not see them. ' +
          'Give the module a tokenStore.',
      );
    }
  }

  private requireMethods(option: string, value: unknown, methods: string[]): void {
    const missing = methods.filter(
      (name) => typeof (value as Record<string, unknown> | undefined)?.[name] !== 'function',
    );
    if (missing.length > 0) {
      throw new WechatConfigError(
        option,
        `has no ${missing.join(', ')}`,
        'Provide an instance of a class that implements it.',
      );
    }
  }
}

/** A provider for a plain class whose constructor takes exactly these. */
function part<T>(type: new (...args: any[]) => T, inject: (symbol | Function)[]): Provider {
  return { provide: type, inject: inject as never[], useFactory: (...args: unknown[]) => new type(...args) };
}

/** Whether some module mounts `WechatAuthController` or a controller that extends it. */
function hasLoginRoute(modules: ModulesContainer): boolean {
  return [...modules.values()].some(({ controllers }) =>
    [...controllers.values()].some(
      ({ metatype }) =>
        metatype === WechatAuthController ||
        (metatype as Function | null)?.prototype instanceof WechatAuthController,
    ),
  );
}

function once<T>(find: () => T): () => T {
  let found: { value: T } | undefined;
  return () => (found ??= { value: find() }).value;
}
