// The callback route, where the apps with a `callbackPath` have their people sent back to. No page
// is there, so what a page would say of itself comes from the sealed cookie of the login.
import type { WechatConfig } from '../../config/wechat-config.js';
import type { ProblemFactory } from './problem-factory.js';
import type { FramedCallback } from './qr/framed-callback.js';
import type { FoundSession } from '../session/sealed-sessions.js';
import type { Found, SessionReader } from '../session/session-reader.js';
import { ABSENT, redirectTo, type Verdict } from '../http/verdict.js';
import { allowedReturnAddress } from '../http/return-address.js';
import type { Callback, LoginCallback } from './login-callback.js';
import type { PendingLogins } from './pending-logins.js';
import { askedAddress, type LoginStart, type LostLogin } from './login-start.js';
import { rememberAttempt } from './silent-attempts.js';
import type { Visit } from './visit.js';

/** Judges requests at the callback route. */
export class CallbackRoute {
  constructor(
    private readonly config: WechatConfig,
    private readonly reader: SessionReader,
    private readonly start: LoginStart,
    private readonly callback: LoginCallback,
    private readonly problems: ProblemFactory,
    private readonly framed: FramedCallback,
    private readonly logins: PendingLogins,
  ) {}

  /**
   * Fail closed: whatever carries no state of ours, or one of an app that has its people sent back
   * to elsewhere, finds nothing here, signed in or not. The state names the app; path and query do
   * not. Neither does a rule on the controller decide anything but which apps there are.
   */
  judge(arrived: Visit): Verdict | Promise<Verdict> {
    const visit = arrived.under({
      mode: 'required',
      scope: undefined,
      snapshot: 'refuse',
      isLoginRoute: false,
    });
    const callback = this.callback.recognize(visit);
    if (callback === undefined) return this.judgeWithoutState(visit);
    if (callback !== 'ambiguous' && !visit.accepted.includes(callback.app)) return ABSENT;
    // Before the cookie and the code: a code is spent by a person who looks.
    if (visit.isPrefetch) return this.problems.errorFor(visit, 'PREFETCH_REFUSED');
    if (visit.isFrame && callback !== 'ambiguous' && callback.qr === 'frame') {
      // No cookie is read before our own document asks.
      const isOwn = visit.request.header('sec-fetch-site') === 'same-origin';
      return this.framed.judge(isOwn ? this.callback.resume(visit, callback) : visit, callback);
    }
    if (!visit.isPage) return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED');
    if (callback === 'ambiguous') return this.problems.pageFor(visit, 'BAD_LOGIN_REQUEST');
    if (callback.step) return this.sendOn(visit, callback);
    const resumed = this.callback.resume(visit, callback);
    return this.withSessions(resumed, (found) => this.callback.finish(resumed, callback, found));
  }

  /**
   * The phone that is asked in the middle of a login by a scan: the page that asks it judges the
   * code. It never signs anybody in.
   */
  private sendOn(visit: Visit, { app, state }: Callback): Verdict {
    const flow = this.logins.find(app, visit.cookies, state);
    const address = allowedReturnAddress(this.config, app, flow?.returnTo);
    if (address === undefined) return this.problems.pageFor(visit, 'BAD_LOGIN_REQUEST');
    const url = new URL(address);
    for (const name of ['code', 'state']) {
      const [value] = visit.request.query.getAll(name);
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return redirectTo(url.href);
  }

  /**
   * 404, but where a login of this browser has just begun whose state something on the way may have
   * taken away: that one is counted, as it is at a page.
   */
  private judgeWithoutState(visit: Visit): Verdict | Promise<Verdict> {
    const lost = visit.isPage && !visit.isPrefetch ? this.start.lostAt(visit) : undefined;
    if (!lost) return ABSENT;
    const { app, flow } = lost;
    const cameFrom = askedAddress(this.config, app, flow);
    const resumed = visit.resumed({ ...flow.rule, apps: [app.name] }, cameFrom);
    return this.withSessions(resumed, (found) => this.restart(resumed, lost, found));
  }

  private restart(visit: Visit, { app, flow }: LostLogin, found: readonly FoundSession[]): Verdict {
    // Nobody who is signed in would be sent to WeChat, unless it is for more than they have.
    if (found.length > 0 && flow.upgrades === undefined) return ABSENT;
    const returnTo = visit.destination;
    if (visit.rule.mode === 'silent') return redirectTo(returnTo, [rememberAttempt(app)]);
    const { scope, upgrades } = flow;
    return this.start.begin(visit, { returnTo, attempt: 0, app, scope, upgrades });
  }

  private withSessions(
    visit: Visit,
    judge: (found: readonly FoundSession[]) => Verdict | Promise<Verdict>,
  ): Verdict | Promise<Verdict> {
    const judgeFound = (found: Found) => {
      if (found === 'forged') return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED');
      return found === 'unknown' ? this.whileUnknown(visit) : judge(found);
    };
    const found = this.reader.find(visit.request, visit.rule.apps);
    return found instanceof Promise ? found.then(judgeFound) : judgeFound(found);
  }

  /** The store cannot say who is signed in; a silent page shows itself all the same. */
  private whileUnknown(visit: Visit): Verdict {
    const retryUrl = visit.destination;
    if (visit.rule.mode === 'silent') return redirectTo(retryUrl);
    return this.problems.pageFor(visit, 'STORE_UNAVAILABLE', { retryUrl });
  }
}
