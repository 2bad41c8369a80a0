// Where a login is judged: every request of a guarded route gets its verdict here. Knows nothing of
// Express, Fastify or Nest's contexts.
import { SCOPES } from '../../config/apps/read-apps.js';
import type { WechatConfig } from '../../config/wechat-config.js';
import { grantsProfile } from '../../tokens/wechat-token.js';
import type { WechatScope } from '../../wechat-oauth.options.js';
import { pageAppFor } from './app-choice.js';
import { CallbackRoute } from './callback-route.js';
import type { FramedCallback } from './qr/framed-callback.js';
import type { HttpRequest } from '../http/http-request.js';
import type { LoginCallback } from './login-callback.js';
import type { LoginStart } from './login-start.js';
import type { WechatProblemCode } from '../../model/problem.js';
import type { PendingLogins } from './pending-logins.js';
import type { ProblemFactory } from './problem-factory.js';
import { warnOfOrigin } from '../http/return-address.js';
import type { RouteRule } from '../decorators/wechat-auth.decorator.js';
import type { FoundSession, SealedSessions, Session } from '../session/sealed-sessions.js';
import type { Found, SessionReader } from '../session/session-reader.js';
import { wasTried } from './silent-attempts.js';
import { pass, redirectTo, type Verdict } from '../http/verdict.js';
import { type ScanPlace, Visit } from './visit.js';

const KNOWN_SCOPES: readonly string[] = Object.values(SCOPES).flat();

const UNGUARDED: Verdict = { ...pass(undefined), unguarded: true };

/** Where a login is judged: request × rule × sessions → verdict. */
export class LoginJudge {
  private readonly callbackRoute: CallbackRoute;

  constructor(
    private readonly config: WechatConfig,
    private readonly reader: SessionReader,
    private readonly sessions: SealedSessions,
    private readonly start: LoginStart,
    private readonly callback: LoginCallback,
    private readonly problems: ProblemFactory,
    private readonly framed: FramedCallback,
    private readonly place: ScanPlace,
    logins: PendingLogins,
  ) {
    this.callbackRoute = new CallbackRoute(config, reader, start, callback, problems, framed, logins);
  }

  /** @param canNavigate false where there is no page to redirect: GraphQL, WebSocket */
  judge(request: HttpRequest, rule: RouteRule, canNavigate: boolean): Verdict | Promise<Verdict> {
    if (rule.mode === 'off' && !rule.isLoginRoute && !rule.isCallbackRoute) return UNGUARDED;
    const arrived = new Visit(this.config, request, rule, canNavigate, this.place);
    if (rule.isCallbackRoute) return this.callbackRoute.judge(arrived);
    const visit = this.atLoginRoute(arrived);
    if (!visit) {
      return arrived.isPage
        ? this.problems.pageFor(arrived, 'BAD_LOGIN_REQUEST')
        : this.problems.errorFor(arrived, 'BAD_LOGIN_REQUEST');
    }
    // Before a session is looked for: no cookie of it counts yet.
    const framed = this.framed.recognize(visit);
    if (framed) return this.framed.judge(visit, framed);
    const found = this.reader.find(request, visit.rule.apps);
    // Mostly known at once, and a promise would cost an everyday request more than its session
    // does.
    return found instanceof Promise
      ? found.then((known) => this.judgeFound(visit, known))
      : this.judgeFound(visit, found);
  }

  private judgeFound(visit: Visit, found: Found): Verdict | Promise<Verdict> {
    if (found === 'forged') return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED');
    if (found === 'unknown') return this.whileUnknown(visit);
    if (found.length === 0 && this.comesFromElsewhere(visit)) {
      warnOfOrigin(this.config, visit.request);
      if (visit.rule.mode === 'required') {
        return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED', { reason: 'ORIGIN_NOT_ALLOWED' });
      }
    }
    const callback = visit.request.search !== '' && visit.isPage ? this.callback.recognize(visit) : undefined;
    // Before the callback: a code is spent by a person who looks, not by a browser that guesses.
    if (callback && visit.isPrefetch) return this.problems.errorFor(visit, 'PREFETCH_REFUSED');
    if (callback === 'ambiguous') return this.problems.pageFor(visit, 'BAD_LOGIN_REQUEST');
    return callback ? this.callback.finish(visit, callback, found) : this.judgeSessions(visit, found);
  }

  private judgeSessions(visit: Visit, found: readonly FoundSession[]): Verdict {
    const { mode } = visit.rule;
    const refusals = found.map(({ session }) => refusalOf(session, visit));
    const good = found[refusals.indexOf(undefined)];
    if (good) return this.letIn(visit, good);
    if (mode === 'optional' || mode === 'silent') {
      // Whoever is signed in is somebody, even where the route would like to know more; a made-up
      // visitor is nobody.
      const somebody = found[refusals.findIndex((refusal) => refusal !== 'SNAPSHOT_USER')];
      if (!somebody && mode === 'silent' && this.mayTrySilently(visit))
        return this.start.beginSilently(visit);
      return pass(somebody?.session.identity);
    }
    if (visit.isPrefetch) return this.problems.errorFor(visit, 'PREFETCH_REFUSED');
    const refusal = refusals[0] ?? 'WECHAT_LOGIN_REQUIRED';
    const best = found[0];
    if (!visit.isPage || best?.by === 'bearer') return this.problems.errorFor(visit, refusal);
    if (refusal === 'SNAPSHOT_USER') return this.problems.pageFor(visit, refusal);
    const returnTo = visit.destination;
    if (!best) return this.start.begin(visit, { returnTo, attempt: 0 });
    return this.start.begin(visit, {
      returnTo,
      attempt: 0,
      app: best.app,
      upgrades: best.session.identity.openid,
    });
  }

  private letIn(visit: Visit, { app, session, by }: FoundSession): Verdict {
    if (visit.rule.isLoginRoute && visit.isPage) return redirectTo(visit.destination);
    const renewal = by === 'cookie' ? this.sessions.renewal(app, visit.cookies, session) : undefined;
    return pass(session.identity, renewal ? [renewal] : undefined);
  }

  /** Nobody is signed out by an outage of the store, and nobody counts as signed in either. */
  private whileUnknown(visit: Visit): Verdict {
    if (visit.rule.mode !== 'required') return pass(undefined);
    return visit.isPage
      ? this.problems.pageFor(visit, 'STORE_UNAVAILABLE', { retryUrl: visit.destination })
      : this.problems.errorFor(visit, 'STORE_UNAVAILABLE');
  }

  /**
   * Only WeChat itself can sign somebody in unseen; a QR code is anything but silent, and a crawler
   * has no account.
   */
  private mayTrySilently(visit: Visit): boolean {
    if (!visit.isPage || visit.isPrefetch || pageAppFor(visit.client) !== 'official-account') return false;
    const app = visit.serving[0];
    return app !== undefined && !wasTried(app, visit.cookies);
  }

  /** Whether a session of the request does not count because of the page that made it. */
  private comesFromElsewhere(visit: Visit): boolean {
    return (
      this.reader.isCrossSiteWrite(visit.request) &&
      this.sessions.fromCookies(visit.cookies).some(({ app }) => visit.accepted.includes(app))
    );
  }

  /**
   * `GET login?app&scope&returnTo` narrows its own rule. Undefined when the address asks for
   * something there is not.
   */
  private atLoginRoute(visit: Visit): Visit | undefined {
    if (!visit.rule.isLoginRoute) return visit;
    const { query } = visit.request;
    if (['app', 'scope', 'returnTo'].some((name) => query.getAll(name).length > 1)) return undefined;
    const [app, scope] = [query.get('app'), query.get('scope')];
    if (app !== null && !visit.accepted.some(({ name }) => name === app)) return undefined;
    if (scope !== null && !KNOWN_SCOPES.includes(scope)) return undefined;
    return visit.under({
      mode: 'required',
      ...(app === null ? {} : { apps: [app] }),
      ...(scope === null ? {} : { scope: scope as WechatScope }),
    });
  }
}

/** Why a genuine session is not enough for the route, or undefined if it is. */
function refusalOf({ identity }: Session, { rule, request }: Visit): WechatProblemCode | undefined {
  const mayRead = rule.snapshot === 'readonly' && (request.method === 'GET' || request.method === 'HEAD');
  if (identity.isSnapshotUser && rule.snapshot !== 'allow' && !mayRead) return 'SNAPSHOT_USER';
  // What was granted counts, not what was asked for.
  const needsProfile = rule.scope !== undefined && rule.scope !== 'snsapi_base';
  return needsProfile && !grantsProfile(identity.scope) ? 'WECHAT_SCOPE_REQUIRED' : undefined;
}
