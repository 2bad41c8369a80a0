// Where a login ends: WeChat has sent the person back with a code and our state. What they are
// answered then stands in callback-answer.ts.
import { WechatApiError, WechatError } from '../../errors/errors.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { UserTokens } from '../../tokens/user-tokens.js';
import type { ExchangeOnce, ExchangeResult } from './exchange-once.js';
import { type PendingLogins, type QrEnd, type ScanStep, looksLikeState } from './pending-logins.js';
import type { Admission } from './admission.js';
import type { CallbackAnswer, LoginAttempt } from './callback-answer.js';
import { askedAddress } from './login-start.js';
import type { ProblemFactory } from './problem-factory.js';
import { allowedReturnAddress } from '../http/return-address.js';
import type { FoundSession } from '../session/sealed-sessions.js';
import type { SignIn } from './sign-in.js';
import { rememberAttempt, wasTried } from './silent-attempts.js';
import { pass, redirectTo, type Verdict } from '../http/verdict.js';
import type { Visit } from './visit.js';

/**
 * What stands for a code when the person said no: nothing, an empty one, or the word that WeChat's
 * own SDK documents. None of them is worth a call to WeChat.
 */
const DECLINED = new Set(['', 'authdeny']);

/** A request that carries a state of ours. */
export interface Callback {
  readonly app: AppConfig;
  readonly state: string;
  readonly attempt: number;
  readonly isQuiet?: true;
  /** Of a QR code in a page. */
  readonly qr?: QrEnd;
  /** Of the phone that is asked in the middle of a login by a scan. */
  readonly step?: ScanStep;
}

/** Where a login ends: a code and our state are back. */
export class LoginCallback {
  constructor(
    private readonly config: WechatConfig,
    private readonly logins: PendingLogins,
    private readonly exchanges: ExchangeOnce,
    private readonly tokens: UserTokens,
    private readonly signIn: SignIn,
    private readonly admission: Admission,
    private readonly answer: CallbackAnswer,
    private readonly problems: ProblemFactory,
  ) {}

  /**
   * The callback is a page request whose `state` carries our MAC. `?code=` without one is the
   * application's own. `ambiguous`: several states, of which one looks like ours. WeChat sends one;
   * MACs of all of them would be computed at somebody else's wish.
   */
  recognize({ request, accepted, rule }: Visit): Callback | 'ambiguous' | undefined {
    // WeChat sends nobody to a route whose apps have no address.
    if (!accepted.some(({ publicUrl }) => publicUrl)) return undefined;
    const states = request.query.getAll('state');
    if (states.length > 1) return states.some(looksLikeState) ? 'ambiguous' : undefined;
    const [state] = states;
    const recognized = state === undefined ? undefined : this.logins.recognize(state);
    if (!recognized) return undefined;
    // Nobody comes back from WeChat with a state of the page of a scan, and the phone that is asked
    // only to the one path where everything comes back to.
    const isElsewhere = recognized.step === 'scan' || (recognized.step === 'tap' && !rule.isCallbackRoute);
    return isElsewhere ? undefined : { ...recognized, state: state! };
  }

  /**
   * The visit at the callback route as a part of the one at the page that the login began at. What
   * that page asks, the cookie knows; without it only what the state says.
   */
  resume(visit: Visit, { app, state, isQuiet }: Callback): Visit {
    const flow = this.logins.find(app, visit.cookies, state);
    const cameFrom = askedAddress(this.config, app, flow);
    const quiet = isQuiet ? { mode: 'silent' as const } : {};
    // This browser was sent to this app, so the app serves it, and the page takes its sessions.
    const apps = flow ? { apps: [app.name] } : {};
    return visit.resumed({ ...flow?.rule, ...quiet, ...apps }, cameFrom);
  }

  async finish(visit: Visit, callback: Callback, found: readonly FoundSession[]): Promise<Verdict> {
    const [sent = '', ...more] = visit.request.query.getAll('code');
    const code = DECLINED.has(sent) ? undefined : sent;
    if (more.length > 0 || (code !== undefined && !/^[\x21-\x7e]{1,512}$/.test(code))) {
      return this.problems.pageFor(visit, 'BAD_LOGIN_REQUEST');
    }
    const { app } = callback;
    if (!visit.accepted.includes(app)) return redirectTo(visit.cleanDestination);
    const current = found.find((one) => one.app === app);
    const verdict = await this.judge(visit, callback, code, current);
    return visit.rule.mode === 'silent'
      ? this.keepQuiet(visit, callback, verdict, current !== undefined)
      : verdict;
  }

  private async judge(
    visit: Visit,
    { app, state, attempt: restarts, qr }: Callback,
    code: string | undefined,
    current: FoundSession | undefined,
  ): Promise<Verdict> {
    const neverAsks = visit.rule.mode === 'optional' || visit.rule.mode === 'silent';
    // The cookie before the code: whoever cannot show it can neither spend the code nor sign this
    // browser in as somebody else (login CSRF, session fixation).
    const pending = this.logins.find(app, visit.cookies, state);
    if (!pending) {
      return current || neverAsks
        ? redirectTo(visit.cleanDestination)
        : this.answer.toLost({ visit, app, restarts, returnTo: visit.cleanDestination, qr });
    }
    const returnTo = allowedReturnAddress(this.config, app, pending.returnTo) ?? visit.cleanDestination;
    const attempt: LoginAttempt = { visit, app, restarts, pending, returnTo, qr };
    if (code === undefined) return this.answer.toRefusal(attempt);

    let result: ExchangeResult;
    try {
      result = await this.exchange(attempt, code, current);
    } catch (error) {
      const over = isOver(error);
      // A twin of this callback has signed the person in: whatever became of this one, they are in.
      if (over && current && pending.upgrades === undefined) return redirectTo(visit.cleanDestination);
      // The flow was genuine, so the person may have another code without being asked.
      if (over && !neverAsks) return this.answer.toLost(attempt, error);
      return this.answer.toError(attempt, error);
    }
    if (result.kind !== 'spent') return this.answer.toResult(attempt, result);
    return current || neverAsks ? redirectTo(visit.cleanDestination) : this.answer.toLost(attempt);
  }

  /** Runs once for each state, however many requests come with it. */
  private async exchange(
    attempt: LoginAttempt,
    code: string,
    current: FoundSession | undefined,
  ): Promise<ExchangeResult> {
    const { app, pending } = attempt;
    let kept: Promise<void> | undefined;
    let isOurs = false;
    const result = await this.exchanges.run(app, pending, code, {
      exchange: async () => {
        const issued = await this.tokens.issue(app, code);
        kept = issued.kept;
        return issued.token;
      },
      complete: async (token) => {
        isOurs = true;
        // So that the login handler can ask for this person's profile.
        await kept;
        return this.admission.admit(attempt, current, (context) =>
          this.signIn.withToken(app, token, context),
        );
      },
    });
    const isGood = isOurs || result.kind === 'spent' || (await this.admission.stillGood(result));
    return isGood ? result : { kind: 'spent' };
  }

  /**
   * A silent attempt that came to nothing keeps nobody out and shows nobody a page. Where the
   * browser does not even remember the attempt, the clean address would only start another one, so
   * the page is shown where it is; nothing can come of the code in its address without the flow's
   * cookie.
   */
  private keepQuiet(visit: Visit, { app, state }: Callback, verdict: Verdict, isSignedIn: boolean): Verdict {
    const setCookies = 'setCookies' in verdict ? verdict.setCookies : [];
    const settled = isSignedIn || wasTried(app, visit.cookies);
    if (verdict.kind === 'redirect' && (settled || setCookies.length > 0)) return verdict;
    if (settled) return redirectTo(visit.cleanDestination, setCookies);
    if (!visit.rule.isCallbackRoute) return pass(undefined, setCookies);
    // No page is here. Who shows the flow's cookie keeps what they are given; of who does not,
    // nobody knows the page, and each that they are sent to would try once more.
    return this.logins.find(app, visit.cookies, state)
      ? redirectTo(visit.cleanDestination, [...setCookies, rememberAttempt(app)])
      : this.answer.withoutCookies(visit, app);
  }
}

/**
 * Whether a new code may succeed where this one did not: it is no good, WeChat was busy (-1) when
 * it came, or the token it gave died before the profile was read.
 */
function isOver(error: unknown): error is WechatError {
  if (!(error instanceof WechatError)) return false;
  return (
    error.kind === 'code' ||
    error.kind === 'token' ||
    (error instanceof WechatApiError && error.errcode === -1)
  );
}
