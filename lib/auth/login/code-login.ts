// The login without pages: a code of `wx.login` or of a native app in, a bearer token out.
import { defined } from '../../common/defined.js';
import { randomUUID } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import { requireSessionSecret } from '../../config/guard-needs.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import { SingleFlight } from '../../common/single-flight.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { WechatClientKind } from '../../model/client-kind.js';
import type { CodeClaims } from './code-claims.js';
import type { Failures } from '../problems/failures.js';
import { kindOf, LoginHandlerThrew } from '../problems/login-error.js';
import { NOT_ADMITTED, problemException, statusOf } from '../problems/problems.js';
import type { ProblemFactory } from './problem-factory.js';
import type { SealedSessions } from '../session/sealed-sessions.js';
import { eventOf, type SignInResult, type SignIn } from './sign-in.js';
import type { WechatIssuedSession } from '../session/wechat-session.service.js';

/** The login without pages: a code in, a bearer token out. */
export class CodeLogin {
  private readonly logins = new SingleFlight<SignInResult>();

  constructor(
    private readonly config: Pick<WechatConfig, 'sessionSecrets' | 'session'>,
    private readonly signIn: SignIn,
    private readonly sessions: SealedSessions,
    private readonly problems: ProblemFactory,
    private readonly failures: Failures,
    private readonly events: WechatEvents,
    private readonly runtime: Pick<Runtime, 'now'>,
    private readonly codes: CodeClaims,
  ) {}

  /**
   * Whether nobody has brought this code before: of two strangers with one code, one is a thief,
   * and must not be given the other's session. The application's own calls of `run` go on sharing.
   */
  async isFirstWith(app: AppConfig, code: string): Promise<boolean> {
    return this.codes.claim(app, code, randomUUID());
  }

  /**
   * @throws WechatError from WeChat's answer; ForbiddenException `LOGIN_REFUSED` when the login
   * handler refuses, `SNAPSHOT_USER` for a visitor of a snapshot page; whatever the login handler
   * throws
   */
  async run(
    app: AppConfig,
    code: string,
    lang: 'zh' | 'en',
    request?: unknown,
  ): Promise<WechatIssuedSession> {
    requireSessionSecret(this.config, 'login() seals a session with it');
    const client = clientOf(app);
    const result = await this.logins.run(`${app.appId} ${code}`, () =>
      this.observe(app, client, () => this.signIn.withCode(app, code, defined({ client, request }))),
    );
    if (result.kind === 'snapshot')
      throw problemException(this.problems.errorForProgram('SNAPSHOT_USER', lang, client));
    if (result.kind === 'refused') {
      const details = defined({ reason: result.code, message: result.message });
      throw problemException(this.problems.errorForProgram('LOGIN_REFUSED', lang, client, details));
    }
    const { session } = result;
    return {
      token: this.sessions.toBearer(session),
      expiresAt: session.expiresAt,
      identity: session.identity,
    };
  }

  /**
   * What a program is answered that brought a code to no login: ordinary exceptions with the codes
   * of the contract, so that the application's filters shape them.
   */
  exceptionOf(error: unknown, app: AppConfig, lang: 'zh' | 'en'): HttpException {
    if (error instanceof HttpException) return error;
    const kind = kindOf(error);
    const code =
      kind === 'code' ? 'WECHAT_LOGIN_REQUIRED' : kind === 'blocked' ? 'LOGIN_REFUSED' : 'LOGIN_FAILED';
    const problem = this.problems.make(code, lang, {
      app: app.name,
      ref: this.failures.tell(error, app, clientOf(app), false),
      ...(kind === 'blocked' ? { message: NOT_ADMITTED.text[lang] } : {}),
      ...statusOf(error),
    });
    return problemException(problem);
  }

  private async observe(
    app: AppConfig,
    client: WechatClientKind,
    login: () => Promise<SignInResult>,
  ): Promise<SignInResult> {
    const facts = { app: app.name, client };
    const startedAt = this.runtime.now();
    this.events.emit({ type: 'flow.started', ...facts });
    try {
      const result = await login();
      this.events.emit(eventOf(result, this.runtime.now() - startedAt, facts));
      this.failures.worked(app);
      return result;
    } catch (thrown) {
      // So that what is no object has one reference too.
      const error =
        typeof thrown === 'object' && thrown !== null ? thrown : new LoginHandlerThrew(typeof thrown);
      this.failures.tell(error, app, client, false);
      throw error;
    }
  }
}

function clientOf(app: AppConfig): WechatClientKind {
  return app.type === 'mini-program' ? 'mini-program' : 'native-app';
}
