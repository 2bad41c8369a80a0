// What a person is answered when WeChat has sent them back: signed in, refused, again, or sorry.
import type { WechatError } from '../../errors/errors.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import { grantsProfile } from '../../tokens/wechat-token.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { Failures } from '../problems/failures.js';
import { type PendingLogin, type PendingLogins, MAX_RESTARTS } from './pending-logins.js';
import { fitsAnswer } from '../http/header-budget.js';
import { StateSpent } from '../problems/login-error.js';
import type { LoginStart } from './login-start.js';
import { statusOf } from '../problems/problems.js';
import type { ProblemFactory } from './problem-factory.js';
import { defaultReturnAddress, warnOfLength } from '../http/return-address.js';
import type { SealedSessions } from '../session/sealed-sessions.js';
import type { SignInResult } from './sign-in.js';
import { forgetAttempts } from './silent-attempts.js';
import { redirectTo, type Verdict } from '../http/verdict.js';
import type { Visit } from './visit.js';

export class CallbackAnswer {
  constructor(
    private readonly config: WechatConfig,
    private readonly flows: PendingLogins,
    private readonly sessions: SealedSessions,
    private readonly start: LoginStart,
    private readonly problems: ProblemFactory,
    private readonly failures: Failures,
    private readonly events: WechatEvents,
  ) {}

  of(visit: Visit, app: AppConfig, flow: PendingLogin, result: SignInResult, returnTo: string): Verdict {
    const forgotten = [this.flows.forget(app, flow)];
    if (result.kind === 'snapshot') return this.problems.pageFor(visit, 'SNAPSHOT_USER', {}, forgotten);
    if (result.kind === 'refused') {
      const message = result.message === undefined ? {} : { message: result.message };
      return this.problems.pageFor(visit, 'LOGIN_REFUSED', { reason: result.code, ...message }, forgotten);
    }
    const own = [
      this.sessions.toCookie(app, result.session),
      this.flows.finish(app, flow),
      ...forgetAttempts(app, visit.cookies),
    ];
    const setCookies = this.flows.makeRoom(app, visit.cookies, own);
    if (flow.scope !== 'snsapi_base' && !grantsProfile(result.session.identity.scope)) {
      // Less was granted than asked for. Sending the person on would only ask again, for ever.
      return this.problems.pageFor(visit, 'WECHAT_SCOPE_REQUIRED', { scope: flow.scope }, setCookies);
    }
    return redirectTo(this.withinHeader(app, result.redirectTo ?? returnTo, setCookies), setCookies);
  }

  /** A big session leaves less room for the address. */
  private withinHeader(app: AppConfig, address: string, setCookies: readonly string[]): string {
    if (fitsAnswer(setCookies, address)) return address;
    const { origin, pathname } = new URL(address);
    warnOfLength(this.config, pathname);
    const short = origin + pathname;
    return fitsAnswer(setCookies, short) ? short : defaultReturnAddress(this.config, app);
  }

  /** WeChat sent the person back without a code: they said no. */
  ofRefusal(visit: Visit, app: AppConfig, flow: PendingLogin, retryUrl: string): Verdict {
    const verdict = this.problems.pageFor(visit, 'LOGIN_REFUSED', { retryUrl }, [
      this.flows.forget(app, flow),
    ]);
    const { ref } = verdict.problem;
    this.events.emit({ type: 'flow.refused', by: 'person', app: app.name, client: visit.client, ref });
    return verdict;
  }

  /** The flow's cookie is gone (no `flow`), or its code is no good. Silently again, but not for ever. */
  ofLostFlow(
    visit: Visit,
    lost: { app: AppConfig; attempt: number },
    flow?: PendingLogin,
    error?: WechatError,
  ): Verdict {
    const { app, attempt } = lost;
    const returnTo = flow?.returnTo || visit.cleanDestination;
    if (attempt < MAX_RESTARTS) {
      const again = flow ? visit.under({ scope: flow.scope }) : visit;
      return this.start.begin(again, { returnTo, attempt: attempt + 1, app, upgrades: flow?.upgrades });
    }
    if (!flow) return this.start.refuseCookies(visit, app, returnTo);
    return this.ofError(visit, app, error ?? new StateSpent(), returnTo);
  }

  ofError(visit: Visit, app: AppConfig, error: unknown, retryUrl: string): Verdict {
    const ref = this.failures.tell(error, app, visit.client, true);
    return this.problems.pageFor(visit, 'LOGIN_FAILED', { retryUrl, ref, ...statusOf(error) });
  }
}
