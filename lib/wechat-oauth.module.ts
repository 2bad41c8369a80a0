// Wires the parts together. Every part is a plain class; this is the only place that knows them all.
import { HttpService } from '@nestjs/axios';
import { type DynamicModule, Inject, Logger, Module, type OnModuleInit, type Provider } from '@nestjs/common';
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
import { LoginOutcome } from './auth/login-outcome.js';
import { LoginStart } from './auth/login-start.js';
import { Refusals } from './auth/refusals.js';
import { Revocations } from './auth/revocations.js';
import { SealedSessions } from './auth/sealed-sessions.js';
import { SessionReader } from './auth/session-reader.js';
import { SignIn } from './auth/sign-in.js';
import { WechatAuthController } from './auth/wechat-auth.controller.js';
import { WechatSessionService } from './auth/wechat-session.service.js';
import { requireOptionsObject, resolveConfig } from './config/resolve-config.js';
import { SessionKeys } from './mini-program/session-keys.js';
import { type Runtime, systemRuntime } from './runtime.js';
import { Sealer } from './sealing/sealer.js';
import { MemoryTokenStore } from './tokens/memory-token-store.js';
import type { TokenStore } from './tokens/token-store.js';
import { UserTokens } from './tokens/user-tokens.js';
import { Vault } from './tokens/vault.js';
import { WechatEvents } from './wechat-events.js';
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
  part(WechatTransport, [HttpService, WECHAT_CONFIG, WECHAT_RUNTIME, WechatEvents]),
  part(SnsApi, [WechatTransport]),
  part(UserTokens, [SnsApi, Vault, WECHAT_RUNTIME, WechatEvents]),
  part(SessionKeys, [SnsApi, Vault]),
  {
    provide: Sealer,
    inject: [WECHAT_CONFIG],
    useFactory: ({ sessionSecrets }: WechatConfig) => new Sealer(sessionSecrets),
  },
  part(Vault, [TOKEN_STORE, Sealer, WechatEvents]),
  part(SealedSessions, [WECHAT_CONFIG, Sealer, WECHAT_RUNTIME]),
  part(Revocations, [Vault, WECHAT_RUNTIME]),
  part(SessionReader, [WECHAT_CONFIG, SealedSessions, Revocations]),
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
        once(() => hasLoginRoute(modules, config)),
      ),
  },
  part(LoginStart, [WECHAT_CONFIG, Flows, Refusals, WechatEvents]),
  part(LoginOutcome, [Flows, SealedSessions, LoginStart, Refusals, WechatEvents]),
  part(LoginCallback, [
    WECHAT_CONFIG,
    Flows,
    ExchangeOnce,
    UserTokens,
    SignIn,
    SealedSessions,
    LoginOutcome,
    Refusals,
    WechatEvents,
    WECHAT_RUNTIME,
  ]),
  part(LoginFlow, [WECHAT_CONFIG, SessionReader, SealedSessions, LoginStart, LoginCallback, Refusals]),
  part(CodeLogin, [WECHAT_CONFIG, SignIn, SealedSessions, Refusals, WechatEvents, WECHAT_RUNTIME]),
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
  WechatEvents,
  WechatOAuthService,
  WechatSessionService,
];

/** What other modules may inject, and what `WechatAuthGuard` and `WechatAuthController` need in whichever module they stand. */
const exported = [
  WechatOAuthService,
  WechatSessionService,
  WechatEvents,
  TOKEN_STORE,
  WECHAT_HTTP_SERVICE,
  WECHAT_CONFIG,
  GuardSetup,
  CodeLogin,
  SealedSessions,
  SessionReader,
  Flows,
  Refusals,
  Revocations,
];

/** Signs people in with WeChat. Import it once, with `forRoot` or `forRootAsync`. */
@Module({ providers, exports: exported })
export class WechatOAuthModule extends ConfigurableModuleClass implements OnModuleInit {
  private readonly logger = new Logger('WechatOAuth');

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(TOKEN_STORE) private readonly store: TokenStore,
  ) {
    super();
  }

  /** @throws WechatConfigError while the application starts, when an option is missing or wrong */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    requireOptionsObject(options);
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
    // Not through ModuleRef, whose `introspect` looks at the module of that token registered last, which may be another one of ours.
    const own = [...this.modules.values()].find(
      (module) => module.metatype === WechatOAuthModule && (module.instance as unknown) === this,
    );
    const handler = own?.providers.get(WECHAT_LOGIN_HANDLER);
    // A handler of request scope does not exist yet.
    if (handler?.isDependencyTreeStatic() && handler.instance !== null) {
      this.requireMethods('loginHandler', handler.instance, ['onLogin']);
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

/** Whether `WechatAuthController`, or a controller that extends it, is mounted with these options. */
function hasLoginRoute(modules: ModulesContainer, config: WechatConfig): boolean {
  return [...modules.values()].some(({ controllers }) =>
    [...controllers.values()].some(
      ({ instance }) => instance instanceof WechatAuthController && instance.servesFor(config),
    ),
  );
}

function once<T>(find: () => T): () => T {
  let found: { value: T } | undefined;
  return () => (found ??= { value: find() }).value;
}
