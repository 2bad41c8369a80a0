// The static methods of the module: what they take, and how the extras become providers.
import {
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { WechatIdentityLinker } from './auth/linking/identity-linker.js';
import type { WechatLoginHandler } from './auth/login/login-handler.js';
import type { WechatConfig } from './config/wechat-config.js';
import { MemoryTokenStore } from './tokens/memory-token-store.js';
import type { TokenStore } from './tokens/token-store.js';
import {
  TOKEN_STORE,
  WECHAT_CONFIG,
  WECHAT_IDENTITY_LINKER,
  WECHAT_LOGIN_HANDLER,
  WECHAT_OAUTH_OPTIONS,
} from './wechat-oauth.constants.js';
import type { WechatOAuthModuleOptions } from './wechat-oauth.options.js';

/** A Nest provider without its `provide`. */
export type WechatProviderOf<T> =
  | {
      /** Made by Nest, once. */
      useClass: Type<T>;
    }
  | {
      /** As it is. */
      useValue: T;
    }
  | {
      /** The token of another provider. */
      useExisting: FactoryProvider['provide'];
    }
  | {
      /** Called once with what `inject` names; a promise is waited for. */
      // As in Nest's own FactoryProvider: what is injected is the application's affair.
      // oxlint-disable-next-line typescript/no-explicit-any -- see above
      useFactory: (...args: any[]) => T | Promise<T>;
      /** What the factory takes, in its order. */
      inject?: FactoryProvider['inject'];
    };

/** What `forRoot` and `forRootAsync` take beside the options: parts of the application. */
export interface WechatOAuthModuleExtras {
  /**
   * Whether every module of the application sees ours.
   * @default true
   */
  isGlobal?: boolean;
  /** Modules whose exports the factories and classes below need. */
  imports?: ModuleMetadata['imports'];
  /**
   * Where tokens, session keys and login results are kept.
   * @default `MemoryTokenStore`, which is for one process
   */
  tokenStore?: WechatProviderOf<TokenStore>;
  /**
   * Takes part in every login: a class that extends `WechatLoginHandler`.
   * @default none
   */
  loginHandler?: WechatProviderOf<WechatLoginHandler>;
  /**
   * Knows the application's users by their WeChat identities: a class that extends
   * `WechatIdentityLinker`. For people who come through several apps.
   * @default none: the login handler finds its users by itself
   */
  identityLinker?: WechatProviderOf<WechatIdentityLinker>;
}

/** What `forRootAsync` takes: how the options come about, and the extras beside them. */
export interface WechatOAuthModuleAsyncOptions
  extends
    ConfigurableModuleAsyncOptions<WechatOAuthModuleOptions, 'createWechatOAuthOptions'>,
    WechatOAuthModuleExtras {}

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<WechatOAuthModuleOptions>({
  optionsInjectionToken: WECHAT_OAUTH_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createWechatOAuthOptions')
  .setExtras<WechatOAuthModuleExtras>(
    {
      isGlobal: true,
      imports: undefined,
      tokenStore: undefined,
      loginHandler: undefined,
      identityLinker: undefined,
    },
    (
      definition,
      { isGlobal = true, imports = [], tokenStore, loginHandler, identityLinker },
    ): DynamicModule => ({
      ...definition,
      global: isGlobal,
      imports: [...new Set([...(definition.imports ?? []), ...imports])],
      providers: [
        ...(definition.providers ?? []),
        provide(TOKEN_STORE, tokenStore ?? { useFactory: defaultStore, inject: [WECHAT_CONFIG] }),
        provide(WECHAT_LOGIN_HANDLER, loginHandler ?? { useValue: null }),
        provide(WECHAT_IDENTITY_LINKER, identityLinker ?? { useValue: null }),
      ],
    }),
  )
  .build();

function provide(token: symbol, provider: WechatProviderOf<unknown>): Provider {
  return { provide: token, ...provider } as Provider;
}

function defaultStore({ now }: WechatConfig): MemoryTokenStore {
  return new MemoryTokenStore({ now });
}
