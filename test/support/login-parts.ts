// The login flow and everything it decides with, without Nest and without HTTP: a request in, a
// verdict out, in well under a millisecond.
import type { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import type { TokenAnswer } from '../../lib/api/sns-api.js';
import { Admission } from '../../lib/auth/login/admission.js';
import { CodeClaims } from '../../lib/auth/login/code-claims.js';
import { ExchangeOnce } from '../../lib/auth/login/exchange-once.js';
import { Failures } from '../../lib/auth/problems/failures.js';
import { FramedCallback } from '../../lib/auth/login/qr/framed-callback.js';
import { PendingLogins } from '../../lib/auth/login/pending-logins.js';
import type { WechatIdentityLinker } from '../../lib/auth/linking/identity-linker.js';
import { Linking } from '../../lib/auth/linking/linking.js';
import { HttpRequest } from '../../lib/auth/http/http-request.js';
import { LoginCallback } from '../../lib/auth/login/login-callback.js';
import { LoginJudge } from '../../lib/auth/login/login-judge.js';
import type { WechatLoginHandler } from '../../lib/auth/login/login-handler.js';
import { CallbackAnswer } from '../../lib/auth/login/callback-answer.js';
import { LoginStart } from '../../lib/auth/login/login-start.js';
import { QrLoginStart } from '../../lib/auth/login/qr/qr-login-start.js';
import { ProblemFactory } from '../../lib/auth/login/problem-factory.js';
import { Revocations } from '../../lib/auth/session/revocations.js';
import type { RouteRule } from '../../lib/auth/decorators/wechat-auth.decorator.js';
import { SealedSessions, type SessionFacts } from '../../lib/auth/session/sealed-sessions.js';
import { SessionReader } from '../../lib/auth/session/session-reader.js';
import { SignIn } from '../../lib/auth/login/sign-in.js';
import type { Verdict } from '../../lib/auth/http/verdict.js';
import { Visit } from '../../lib/auth/login/visit.js';
import type { WechatIdentity } from '../../lib/index.js';
import { Sealer } from '../../lib/sealing/sealer.js';
import type { TokenStore } from '../../lib/tokens/token-store.js';
import { WECHAT_IDENTITY_LINKER } from '../../lib/wechat-oauth.constants.js';
import type { WechatOAuthModuleOptions } from '../../lib/wechat-oauth.options.js';
import { AGENTS } from './browser.js';
import { type FakeRuntime, makeParts } from './parts.js';

export const HOST = 'https://shop.example.com';

/** What browsers say of a page that a person opens. */
export const PAGE = {
  accept: 'text/html,application/xhtml+xml',
  'accept-language': 'en',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'user-agent': AGENTS.wechat,
} as const;

const RULE: RouteRule = {
  apps: undefined,
  scope: undefined,
  mode: 'required',
  snapshot: 'refuse',
  isLoginRoute: false,
};

export interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string | undefined>;
  cookies?: readonly string[];
  canNavigate?: boolean;
}

/** @param options on top of an official account and a website app at one host */
export function makeLogin(options: Partial<WechatOAuthModuleOptions> = {}, store?: TokenStore) {
  const parts = makeParts(
    {
      apps: {
        official: { type: 'official-account', appId: 'wx00000000official', secret: 'a' },
        website: { type: 'website', appId: 'wx000000000website', secret: 'b' },
      },
      publicUrl: HOST,
      sessionSecret: 'login-parts-secret-0123456789abcdef',
      ...options,
    },
    store ? { store } : {},
  );
  const { config, vault, tokens, sessionKeys, events } = parts;
  const runtime: FakeRuntime = parts.runtime;
  // A login handler is not too late because a pause takes no time here.
  runtime.sleep = () => new Promise<never>(() => {});
  let onLogin: WechatLoginHandler['onLogin'] = async () => undefined;
  let linker: WechatIdentityLinker | null = null;
  let exchange = async (): Promise<TokenAnswer> => tokenAnswer();
  let exchanged = 0;
  parts.api.exchangeCode = async () => {
    exchanged++;
    return exchange();
  };
  parts.api.userInfo = async (openid) => ({ openid, nickname: 'Ming' }) as never;

  const sealer = new Sealer(config.sessionSecrets);
  const modules = {
    resolve: async (token: symbol) =>
      token === WECHAT_IDENTITY_LINKER ? linker : { onLogin: (login: never) => onLogin(login) },
    registerRequestByContextId: () => {},
  } as unknown as ModuleRef;
  const sessions = new SealedSessions(config, sealer, runtime);
  const revocations = new Revocations(vault, config, runtime);
  const reader = new SessionReader(config, sessions, revocations);
  const pendingLogins = new PendingLogins(config, sealer, runtime);
  const problems = new ProblemFactory(config, runtime, { path: '/wechat/login' });
  const failures = new Failures(events, runtime);
  const linking = new Linking(config, modules, events, runtime);
  const signIn = new SignIn(config, tokens, sessionKeys, sessions, revocations, modules, runtime, linking);
  const scanPlace = { scanPath: undefined as string | undefined };
  const start = new LoginStart(config, pendingLogins, problems, events, scanPlace);
  /** What the platform does with headers, in a map. */
  const httpAdapter = {
    setHeader: (to: Map<string, string>, name: string, value: string) => void to.set(name, value),
    appendHeader: (to: Map<string, string>, name: string, value: string) =>
      void to.set(name, [to.get(name) ?? [], value].flat().join('\n')),
  };
  const loginRoute = { path: '/wechat/login' as string | undefined };
  const host = { httpAdapter } as unknown as HttpAdapterHost;
  const qrLogins = new QrLoginStart(config, pendingLogins, problems, events, runtime, loginRoute, host);
  const callbackAnswer = new CallbackAnswer(
    config,
    pendingLogins,
    sessions,
    start,
    problems,
    failures,
    events,
  );
  const exchanges = new ExchangeOnce(vault, config, runtime, new CodeClaims(vault));
  const admission = new Admission(config, sessions, revocations, failures, events, runtime);
  const callback = new LoginCallback(
    config,
    pendingLogins,
    exchanges,
    tokens,
    signIn,
    admission,
    callbackAnswer,
    problems,
  );
  const framed = new FramedCallback(config, pendingLogins, reader, callback, problems);
  const flow = new LoginJudge(
    config,
    reader,
    sessions,
    start,
    callback,
    problems,
    framed,
    scanPlace,
    pendingLogins,
  );

  const requestOf = ({ method = 'GET', path = '/orders', headers = PAGE, cookies = [] }: Asked) =>
    new HttpRequest({
      method,
      url: path,
      headers: { ...headers, ...(cookies.length > 0 ? { cookie: cookies.join('; ') } : {}) },
    });
  const [official, website] = [...config.apps.values()];
  const identity = (changes: Partial<WechatIdentity> = {}): WechatIdentity => ({
    app: 'official',
    appId: 'wx00000000official',
    openid: 'oMing',
    scope: ['snsapi_base'],
    isSnapshotUser: false,
    ...changes,
  });

  return {
    ...parts,
    runtime,
    official: official!,
    website: website!,
    sealer,
    sessions,
    revocations,
    reader,
    pendingLogins,
    problems,
    failures,
    start,
    qrLogins,
    /** Where the login route is. */
    loginRoute,
    /** Where the page of a scan is. */
    scanPlace,
    callbackAnswer,
    admission,
    callback,
    linking,
    signIn,
    identity,
    requestOf,
    get exchanged() {
      return exchanged;
    },
    /** What the login handler says from now on. */
    admit: (handler: WechatLoginHandler['onLogin']) => void (onLogin = handler),
    /** Who knows the users of the application from now on. */
    linkBy: (one: WechatIdentityLinker | null) => void (linker = one),
    /** What WeChat says to a code from now on. */
    answer: (answer: () => Promise<TokenAnswer>) => void (exchange = answer),
    visit: (asked: Asked = {}, rule: Partial<RouteRule> = {}) =>
      new Visit(config, requestOf(asked), { ...RULE, ...rule }, asked.canNavigate ?? true, scanPlace),
    judge: async (asked: Asked = {}, rule: Partial<RouteRule> = {}): Promise<Verdict> =>
      flow.judge(requestOf(asked), { ...RULE, ...rule }, asked.canNavigate ?? true),
    /** `name=value` of a session cookie. */
    cookieOf: (changes: Partial<WechatIdentity> = {}, facts: SessionFacts = {}): string => {
      const who = identity(changes);
      const app = config.apps.get(who.app) ?? official!;
      return pairOf(sessions.toCookie(app, sessions.create(who, facts)));
    },
    bearerOf: (changes: Partial<WechatIdentity> = {}, facts: SessionFacts = {}): string =>
      sessions.toBearer(sessions.create(identity(changes), facts)),
  };
}

export type Login = ReturnType<typeof makeLogin>;

export function tokenAnswer(changes: Partial<TokenAnswer> = {}): TokenAnswer {
  return {
    accessToken: 'AT',
    expiresIn: 7_200,
    refreshToken: 'RT',
    openid: 'oMing',
    scope: ['snsapi_base'],
    unionid: undefined,
    isSnapshotUser: false,
    ...changes,
  };
}

export const pairOf = (line: string): string => line.split(';', 1)[0]!;

/**
 * The Set-Cookie lines of a verdict, as a browser would send them back: name and value, without
 * those that are removed.
 */
export function cookiesOf(verdict: Verdict): string[] {
  const lines = 'setCookies' in verdict ? verdict.setCookies : [];
  return lines.map(pairOf).filter((pair) => !pair.endsWith('='));
}

/**
 * What a verdict comes to, in one word: `pass`, `pass oMing`, `401`, `page OPEN_IN_WECHAT`,
 * `wechat`, `qr`, `bounce`, `tells <origin> true`, or the address it leads to.
 */
export function wordOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'pass':
      return verdict.identity ? `pass ${verdict.identity.openid}` : 'pass';
    case 'absent':
      return '404';
    case 'deny':
      return String(verdict.problem.statusCode);
    case 'page':
      return `page ${verdict.problem.code}`;
    case 'bounce':
      return 'bounce';
    case 'handover':
      return `tells ${verdict.framed.target} ${verdict.ok}`;
    case 'redirect': {
      const { origin, pathname, search } = new URL(verdict.location);
      if (origin !== 'https://open.weixin.qq.com') return pathname + search;
      return pathname === '/connect/qrconnect' ? 'qr' : 'wechat';
    }
  }
}

/** Of the address of a login that starts. */
export function stateOf(verdict: Verdict): string {
  if (verdict.kind !== 'redirect') throw new Error(`no login starts: ${wordOf(verdict)}`);
  return new URL(verdict.location).searchParams.get('state')!;
}
