// From WeChat's answer to a session: profile, the user behind it, the application's login handler,
// identity. The same for every door people come through.
import { defined } from '../../common/defined.js';
import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { resolveFor } from '../../common/for-request.js';
import { WechatError } from '../../errors/errors.js';
import type { WechatUserProfile } from '../../api/sns-api.js';
import type { SessionKeys } from '../../mini-program/session-keys.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import { inTime, type Runtime, TOO_LATE } from '../../common/runtime.js';
import type { UserTokens } from '../../tokens/user-tokens.js';
import { grantsProfile, type WechatToken } from '../../tokens/wechat-token.js';
import { WECHAT_LOGIN_HANDLER } from '../../wechat-oauth.constants.js';
import type { WechatEvent } from '../../common/wechat-events.js';
import type { WechatClientKind } from '../../model/client-kind.js';
import type { WechatIdentity } from '../../model/identity.js';
import type { Linking } from '../linking/linking.js';
import { LoginHandlerTooLate } from '../problems/login-error.js';
import type { WechatLogin, WechatLoginDecision, WechatLoginHandler } from './login-handler.js';
import type { Revocations } from '../session/revocations.js';
import type { SealedSessions, Session } from '../session/sealed-sessions.js';

/**
 * How long a login handler is waited for. Beyond it people reload, which starts the next one beside
 * it.
 */
export const HANDLER_MS = 5_000;

/** What came of a login; plain data, because it travels through the store. */
export type SignInResult =
  | { kind: 'signed-in'; session: Session; reason: 'login' | 'upgrade'; redirectTo?: string }
  | { kind: 'refused'; code: string; message?: string }
  | { kind: 'snapshot' };

/** What is known about a login besides who it is. */
export type LoginContext = Pick<WechatLogin, 'client' | 'returnTo' | 'request'> & {
  /** The mark of the last logout in the browser that the login began in. */
  out?: string;
  /** The session this login upgrades. */
  previous?: WechatIdentity;
  /** Whether the route lets visitors of the snapshot page in. */
  allowSnapshot?: boolean;
  /** Whether the route is of no use without name and picture. Default: true. */
  needsProfile?: boolean;
};

/** From WeChat's answer to a session, the same for every door. */
export class SignIn {
  private readonly logger = new Logger('WechatOAuth');

  constructor(
    private readonly config: Pick<WechatConfig, 'lang'>,
    private readonly tokens: UserTokens,
    private readonly sessionKeys: SessionKeys,
    private readonly sessions: SealedSessions,
    private readonly revocations: Revocations,
    private readonly moduleRef: ModuleRef,
    private readonly runtime: Pick<Runtime, 'sleep'>,
    private readonly linking: Linking,
  ) {}

  /** A login with a code of `wx.login` or of a native app. Never for pages: those have a flow. */
  async withCode(app: AppConfig, code: string, context: LoginContext): Promise<SignInResult> {
    if (app.type !== 'mini-program') {
      return this.withToken(app, await this.tokens.exchange(app, code), context);
    }
    const { openid, unionid } = await this.sessionKeys.exchange(app, code);
    return this.admit({ ...base(app, openid, unionid), scope: [], isSnapshotUser: false }, context);
  }

  /** Somebody whom WeChat has named without a code: by a push to the account. */
  async withPerson(
    app: AppConfig,
    { openid, unionid }: { openid: string; unionid?: string | undefined },
    context: LoginContext,
  ): Promise<SignInResult> {
    return this.admit({ ...base(app, openid, unionid), scope: [], isSnapshotUser: false }, context);
  }

  async withToken(app: AppConfig, token: WechatToken, context: LoginContext): Promise<SignInResult> {
    // Openid, name and picture of a snapshot visitor are made up, and some of them belong to other
    // people: no account may ever come of them.
    if (token.isSnapshotUser && !context.allowSnapshot) return { kind: 'snapshot' };
    const identity = {
      ...base(app, token.openid, token.unionid),
      scope: token.scope,
      isSnapshotUser: token.isSnapshotUser,
    };
    if (token.isSnapshotUser || !grantsProfile(token.scope)) return this.admit(identity, context);
    const profile = await this.profileOf(token, context);
    if (!profile) return this.admit(identity, context);
    const { unionid, nickname, avatarUrl } = profile;
    const linked = identity.unionid ?? unionid;
    return this.admit(defined({ ...identity, unionid: linked, nickname, avatarUrl }), context);
  }

  /**
   * Undefined where WeChat has none to give just now and the route can do without: who it is, is
   * known.
   */
  private async profileOf(
    token: WechatToken,
    { needsProfile = true }: LoginContext,
  ): Promise<WechatUserProfile | undefined> {
    try {
      return await this.tokens.profileFor(token, this.config.lang);
    } catch (error) {
      if (needsProfile || !(error instanceof WechatError) || error.kind === 'token') throw error;
      this.logger.warn(`A login goes on without name and picture: ${error.message}`);
      return undefined;
    }
  }

  private async admit(identity: WechatIdentity, context: LoginContext): Promise<SignInResult> {
    // An upgrade keeps the account; somebody else at the same WeChat is a login of their own.
    const previous = context.previous?.openid === identity.openid ? context.previous : undefined;
    const reason = previous ? ('upgrade' as const) : ('login' as const);
    // Before the user is read and the handler says yes: whoever is banned after that has a session
    // with the mark of before.
    const mark = await this.revocations.markFor(identity);
    const { client, returnTo, request, out } = context;
    const linked = await this.linking.of(identity, client, request);
    const asked = this.askHandler(
      defined({ identity, ...linked, reason, previous, client, returnTo, request }),
    );
    const decision = await inTime(this.runtime, asked, HANDLER_MS);
    // The session is made below, so what a handler says too late opens nothing.
    if (decision === TOO_LATE) throw new LoginHandlerTooLate(HANDLER_MS);
    if (decision.refuse) {
      const { code, message } = decision.refuse;
      const words = message === undefined ? undefined : String(message);
      return defined({ kind: 'refused' as const, code: String(code), message: words });
    }
    const claims = decision.claims ?? previous?.claims;
    const session = this.sessions.create(defined({ ...identity, claims }), { mark, out });
    const { redirectTo } = decision;
    return defined({ kind: 'signed-in' as const, session, reason, redirectTo });
  }

  private async askHandler(login: WechatLogin): Promise<WechatLoginDecision> {
    const handler = await resolveFor<WechatLoginHandler | null>(
      this.moduleRef,
      WECHAT_LOGIN_HANDLER,
      login.request,
    );
    return (await handler?.onLogin(login)) ?? {};
  }
}

function base(app: AppConfig, openid: string, unionid: string | undefined) {
  return defined({ app: app.name, appId: app.appId, openid, unionid });
}

/** What is told of a login that came to a result, whichever door it came through. */
export function eventOf(
  result: SignInResult,
  ms: number,
  facts: { app: string; client: WechatClientKind },
): WechatEvent {
  if (result.kind === 'signed-in') return { type: 'flow.completed', reason: result.reason, ms, ...facts };
  return { type: 'flow.refused', by: result.kind === 'snapshot' ? 'snapshot' : 'handler', ...facts };
}
