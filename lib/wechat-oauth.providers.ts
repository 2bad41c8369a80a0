// Wires the parts together. Every part is a plain class; this is the only place that knows them
// all.
import type { HttpService } from '@nestjs/axios';
import type { InjectionToken, Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer, Reflector } from '@nestjs/core';
import { AppApi } from './api/app-api.js';
import { SnsApi } from './api/sns-api.js';
import { WechatTransport } from './api/transport.js';
import { Admission } from './auth/login/admission.js';
import { CodeClaims } from './auth/login/code-claims.js';
import { CodeLogin } from './auth/login/code-login.js';
import { DoorParts } from './auth/door-parts.js';
import { ControllerParts } from './auth/controller-parts.js';
import { ExchangeOnce } from './auth/login/exchange-once.js';
import { Failures } from './auth/problems/failures.js';
import { FramedCallback } from './auth/login/qr/framed-callback.js';
import { PendingLogins } from './auth/login/pending-logins.js';
import { GuardSetup } from './auth/guard-setup.js';
import { Linking } from './auth/linking/linking.js';
import { LoginAddress } from './auth/login-address.js';
import { LoginCallback } from './auth/login/login-callback.js';
import { LoginJudge } from './auth/login/login-judge.js';
import { CallbackAnswer } from './auth/login/callback-answer.js';
import { LoginStart } from './auth/login/login-start.js';
import { QrLoginStart } from './auth/login/qr/qr-login-start.js';
import { QrLogins } from './auth/session/qr-logins.js';
import { ProblemFactory } from './auth/login/problem-factory.js';
import { Revocations } from './auth/session/revocations.js';
import { SealedSessions } from './auth/session/sealed-sessions.js';
import { SessionReader } from './auth/session/session-reader.js';
import { SignIn } from './auth/login/sign-in.js';
import { WechatAuthGuard } from './auth/wechat-auth.guard.js';
import { WechatSessionService } from './auth/session/wechat-session.service.js';
import { resolveConfig } from './config/resolve-config.js';
import { FailedDecryptions } from './mini-program/failed-decryptions.js';
import { MiniProgramCalls } from './mini-program/mini-program-calls.js';
import { JsSdk } from './js-sdk/js-sdk.js';
import { JsTickets } from './js-sdk/js-tickets.js';
import { SessionKeys } from './mini-program/session-keys.js';
import { type Runtime, systemRuntime } from './common/runtime.js';
import { Sealer } from './sealing/sealer.js';
import { AppCalls } from './tokens/app-calls.js';
import { AppTokens } from './tokens/app-tokens.js';
import { ForcedRefreshes } from './tokens/forced-refreshes.js';
import { TokenServer } from './tokens/token-server.js';
import { UserTokens } from './tokens/user-tokens.js';
import { Vault } from './tokens/vault.js';
import { WechatEvents } from './common/wechat-events.js';
import {
  TOKEN_STORE,
  WECHAT_CONFIG,
  WECHAT_HTTP_SERVICE,
  WECHAT_OAUTH_OPTIONS,
  WECHAT_RUNTIME,
} from './wechat-oauth.constants.js';
import type { WechatOAuthModuleOptions } from './wechat-oauth.options.js';
import { ClientParts } from './wechat-oauth.client.js';
import { WechatOAuthService } from './wechat-oauth.service.js';
import type { TokenStore } from './tokens/token-store.js';
import type { WechatConfig } from './config/wechat-config.js';

export const isProduction = (): boolean => process.env['NODE_ENV'] === 'production';

export const WECHAT_OAUTH_PROVIDERS: Provider[] = [
  {
    provide: WECHAT_CONFIG,
    inject: [WECHAT_OAUTH_OPTIONS, ModulesContainer],
    useFactory: (options: WechatOAuthModuleOptions, modules: ModulesContainer) =>
      resolveConfig(options, isProduction(), usesGuard(modules)),
  },
  {
    provide: WECHAT_RUNTIME,
    inject: [WECHAT_CONFIG],
    useFactory: ({ now }: WechatConfig) => systemRuntime(now),
  },
  {
    provide: WECHAT_HTTP_SERVICE,
    // axios takes longer to load than all of this package: nobody who imports a decorator or a
    // type, as every spec of an application does, has to wait for it.
    useFactory: async () => (await import('./api/own-client.js')).ownClient(),
  },
  part(WechatTransport, [WECHAT_HTTP_SERVICE, WECHAT_CONFIG, WECHAT_RUNTIME, WechatEvents]),
  part(SnsApi, [WechatTransport]),
  part(UserTokens, [SnsApi, Vault, WECHAT_RUNTIME, WECHAT_CONFIG, WechatEvents]),
  part(SessionKeys, [SnsApi, Vault]),
  part(AppApi, [WechatTransport]),
  part(TokenServer, [WECHAT_CONFIG, WECHAT_RUNTIME]),
  part(ForcedRefreshes, [Vault, WECHAT_RUNTIME]),
  part(AppTokens, [AppApi, Vault, TokenServer, ForcedRefreshes, WECHAT_RUNTIME]),
  part(MiniProgramCalls, [AppCalls, SessionKeys]),
  part(FailedDecryptions, [WechatEvents, WECHAT_RUNTIME]),
  part(AppCalls, [WechatTransport, AppTokens, WECHAT_CONFIG]),
  part(JsTickets, [AppCalls, Vault, WECHAT_RUNTIME]),
  part(JsSdk, [WECHAT_CONFIG, JsTickets, WECHAT_RUNTIME]),
  {
    provide: Sealer,
    inject: [WECHAT_CONFIG],
    useFactory: ({ sessionSecrets }: WechatConfig) => new Sealer(sessionSecrets),
  },
  part(Vault, [TOKEN_STORE, Sealer, WechatEvents, WECHAT_RUNTIME]),
  part(SealedSessions, [WECHAT_CONFIG, Sealer, WECHAT_RUNTIME]),
  part(Revocations, [Vault, WECHAT_CONFIG, WECHAT_RUNTIME]),
  part(SessionReader, [WECHAT_CONFIG, SealedSessions, Revocations]),
  part(Linking, [WECHAT_CONFIG, ModuleRef, WechatEvents, WECHAT_RUNTIME]),
  part(SignIn, [
    WECHAT_CONFIG,
    UserTokens,
    SessionKeys,
    SealedSessions,
    Revocations,
    ModuleRef,
    WECHAT_RUNTIME,
    Linking,
  ]),
  part(PendingLogins, [WECHAT_CONFIG, Sealer, WECHAT_RUNTIME]),
  part(CodeClaims, [Vault]),
  part(ExchangeOnce, [Vault, WECHAT_CONFIG, WECHAT_RUNTIME, CodeClaims]),
  part(LoginAddress, [WECHAT_CONFIG, ModulesContainer, ApplicationConfig]),
  part(ProblemFactory, [WECHAT_CONFIG, WECHAT_RUNTIME, LoginAddress]),
  part(LoginStart, [WECHAT_CONFIG, PendingLogins, ProblemFactory, WechatEvents, LoginAddress]),
  part(QrLoginStart, [
    WECHAT_CONFIG,
    PendingLogins,
    ProblemFactory,
    WechatEvents,
    WECHAT_RUNTIME,
    LoginAddress,
    HttpAdapterHost,
  ]),
  { provide: QrLogins, useExisting: QrLoginStart },
  part(Failures, [WechatEvents, WECHAT_RUNTIME]),
  part(CallbackAnswer, [
    WECHAT_CONFIG,
    PendingLogins,
    SealedSessions,
    LoginStart,
    ProblemFactory,
    Failures,
    WechatEvents,
  ]),
  part(Admission, [WECHAT_CONFIG, SealedSessions, Revocations, Failures, WechatEvents, WECHAT_RUNTIME]),
  part(LoginCallback, [
    WECHAT_CONFIG,
    PendingLogins,
    ExchangeOnce,
    UserTokens,
    SignIn,
    Admission,
    CallbackAnswer,
    ProblemFactory,
  ]),
  part(FramedCallback, [WECHAT_CONFIG, PendingLogins, SessionReader, LoginCallback, ProblemFactory]),
  part(LoginJudge, [
    WECHAT_CONFIG,
    SessionReader,
    SealedSessions,
    LoginStart,
    LoginCallback,
    ProblemFactory,
    FramedCallback,
    LoginAddress,
    PendingLogins,
  ]),
  part(CodeLogin, [
    WECHAT_CONFIG,
    SignIn,
    SealedSessions,
    ProblemFactory,
    Failures,
    WechatEvents,
    WECHAT_RUNTIME,
    CodeClaims,
  ]),
  part(GuardSetup, [WECHAT_CONFIG, LoginJudge, WECHAT_RUNTIME, Reflector, HttpAdapterHost]),
  part(ControllerParts, [
    WECHAT_CONFIG,
    WechatSessionService,
    SealedSessions,
    SessionReader,
    PendingLogins,
    Revocations,
    ProblemFactory,
    GuardSetup,
    CodeLogin,
    HttpAdapterHost,
    QrLogins,
  ]),
  part(DoorParts, [
    WECHAT_CONFIG,
    WECHAT_RUNTIME,
    WechatEvents,
    Vault,
    Sealer,
    AppCalls,
    SnsApi,
    CodeClaims,
    PendingLogins,
    SessionReader,
    Revocations,
    SignIn,
    Admission,
    CallbackAnswer,
    ProblemFactory,
    Failures,
    GuardSetup,
    HttpAdapterHost,
    LoginAddress,
  ]),
  part(ClientParts, [
    WECHAT_CONFIG,
    SnsApi,
    UserTokens,
    SessionKeys,
    CodeLogin,
    WECHAT_RUNTIME,
    AppTokens,
    AppCalls,
    MiniProgramCalls,
    FailedDecryptions,
    JsSdk,
  ]),
  WechatEvents,
  WechatOAuthService,
  WechatSessionService,
];

/**
 * What other modules may inject, and what `WechatAuthGuard`, `WechatAuthController` and
 * `WechatPushModule` need in whichever module they stand.
 */
export const WECHAT_OAUTH_EXPORTS = [
  WechatOAuthService,
  WechatSessionService,
  WechatEvents,
  TOKEN_STORE,
  WECHAT_HTTP_SERVICE,
  GuardSetup,
  ControllerParts,
  // For WechatPushModule, which stands beside this one.
  DoorParts,
];

/** What the tokens that are no classes stand for. */
interface Provided {
  [TOKEN_STORE]: TokenStore;
  [WECHAT_CONFIG]: WechatConfig;
  [WECHAT_HTTP_SERVICE]: HttpService;
  [WECHAT_RUNTIME]: Runtime;
}

/** Every token under which a `T` is provided: a class, or one of the symbols above. */
type TokenFor<T> =
  | (abstract new (...args: never[]) => T)
  | { [token in keyof Provided]: Provided[token] extends T ? token : never }[keyof Provided];

/**
 * A provider for a plain class. The compiler holds the tokens against what its constructor takes.
 */
function part<Args extends unknown[], T>(
  type: new (...args: Args) => T,
  inject: { [position in keyof Args]: TokenFor<Args[position]> },
): Provider {
  return {
    provide: type,
    inject: inject as InjectionToken[],
    useFactory: (...args: Args) => new type(...args),
  };
}

/**
 * Whether `WechatAuthGuard`, or a guard that extends it, stands anywhere in the application: Nest
 * has no list of guards, and only they need a public URL and a secret.
 */
export function usesGuard(modules: ModulesContainer): boolean {
  const isGuard = ({ metatype }: { metatype: unknown }) =>
    typeof metatype === 'function' &&
    (metatype === WechatAuthGuard || metatype.prototype instanceof WechatAuthGuard);
  return [...modules.values()].some(({ injectables, providers }) =>
    [...injectables.values(), ...providers.values()].some(isGuard),
  );
}
