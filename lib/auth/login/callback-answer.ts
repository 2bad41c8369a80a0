// What a person is answered when WeChat has sent them back: signed in, refused, again, or sorry.
import { defined } from '../../common/defined.js';
import type { WechatError } from '../../errors/errors.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import { grantsProfile } from '../../tokens/wechat-token.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { Failures } from '../problems/failures.js';
import { type PendingLogin, type PendingLogins, MAX_RESTARTS, type QrEnd } from './pending-logins.js';
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

/** One callback that belongs to a login of this browser. */
export interface LoginAttempt {
  readonly visit: Visit;
  readonly app: AppConfig;
  /** How often this login has started again by itself. */
  readonly restarts: number;
  readonly pending: PendingLogin;
  /** Where the person wanted to go. */
  readonly returnTo: string;
  /** Begun by a QR code in a page of the application. */
  readonly qr?: QrEnd | undefined;
}

/** One whose login may be gone. */
type LostAttempt = Omit<LoginAttempt, 'pending'> & { readonly pending?: PendingLogin };

/** A page, or an address to go to. */
export type Answered = Extract<Verdict, { kind: 'redirect' | 'page' }>;

/** What a person is answered whom WeChat has sent back. */
export class CallbackAnswer {
  constructor(
    private readonly config: WechatConfig,
    private readonly logins: PendingLogins,
    private readonly sessions: SealedSessions,
    private readonly start: LoginStart,
    private readonly problems: ProblemFactory,
    private readonly failures: Failures,
    private readonly events: WechatEvents,
  ) {}

  /** WeChat's code was good. */
  toResult({ visit, app, pending, returnTo }: LoginAttempt, result: SignInResult): Answered {
    const forgotten = [this.logins.forget(app, pending)];
    if (result.kind === 'snapshot') return this.problems.pageFor(visit, 'SNAPSHOT_USER', {}, forgotten);
    if (result.kind === 'refused') {
      const details = defined({ reason: result.code, message: result.message });
      return this.problems.pageFor(visit, 'LOGIN_REFUSED', details, forgotten);
    }
    const own = [
      this.sessions.toCookie(app, result.session),
      this.logins.finish(app, pending),
      ...forgetAttempts(app, visit.cookies),
    ];
    const setCookies = this.logins.makeRoom(app, visit.cookies, own);
    if (pending.scope !== 'snsapi_base' && !grantsProfile(result.session.identity.scope)) {
      // Less was granted than asked for. Sending the person on would only ask again, for ever.
      return this.problems.pageFor(visit, 'WECHAT_SCOPE_REQUIRED', { scope: pending.scope }, setCookies);
    }
    const location = this.withinHeader(app, result.redirectTo ?? returnTo, setCookies);
    return { ...redirectTo(location, setCookies), signsIn: true };
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
  toRefusal({ visit, app, pending, returnTo }: LoginAttempt): Verdict {
    const forgotten = [this.logins.forget(app, pending)];
    const verdict = this.problems.pageFor(visit, 'LOGIN_REFUSED', { retryUrl: returnTo }, forgotten);
    const { ref } = verdict.problem;
    this.events.emit({ type: 'flow.refused', by: 'person', app: app.name, client: visit.client, ref });
    return verdict;
  }

  /**
   * The login's cookie is gone (nothing is `pending`), or its code is no good. Silently again, but
   * not for ever.
   */
  toLost(attempt: LostAttempt, error?: WechatError): Verdict {
    const { visit, app, restarts, pending, returnTo, qr } = attempt;
    // The page that showed the code shows the next one: WeChat's own would be a second way to it.
    if (qr) return error ? this.toError(attempt, error) : redirectTo(returnTo);
    if (restarts < MAX_RESTARTS) {
      return this.start.begin(visit, {
        returnTo,
        attempt: restarts + 1,
        app,
        scope: pending?.scope,
        upgrades: pending?.upgrades,
      });
    }
    if (!pending) return this.start.refuseCookies(visit, app, returnTo);
    return this.toError(attempt, error ?? new StateSpent());
  }

  /** A browser that shows nothing of what it was given, where there is no page to show in place. */
  withoutCookies(visit: Visit, app: AppConfig): Verdict {
    return this.start.refuseCookies(visit, app, visit.cleanDestination);
  }

  toError({ visit, app, returnTo }: LostAttempt, error: unknown): Answered {
    const ref = this.failures.tell(error, app, visit.client, true);
    return this.problems.pageFor(visit, 'LOGIN_FAILED', { retryUrl: returnTo, ref, ...statusOf(error) });
  }
}
