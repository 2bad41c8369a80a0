// Where a login begins: the person is sent to WeChat, with a state in the address and a sealed
// cookie of this flow in the browser.
import { defined } from '../../common/defined.js';
import { joinAuthorizeUrl, joinWebsiteAuthorizeUrl } from '../../api/authorize-url.js';
import { hasPages } from '../../config/guard-needs.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { WechatScope } from '../../wechat-oauth.options.js';
import { pageAppFor, scopeToAsk } from './app-choice.js';
import {
  attemptAfter,
  type PageRule,
  type PendingLogin,
  type PendingLogins,
  hashOf,
  hashOfPath,
  MAX_RESTARTS,
} from './pending-logins.js';
import type { RouteRule } from '../decorators/wechat-auth.decorator.js';
import { fitsAnswer } from '../http/header-budget.js';
import type { ProblemFactory } from './problem-factory.js';
import {
  allowedReturnAddress,
  defaultReturnAddress,
  publicAddress,
  requirePublicUrl,
  warnOfLength,
} from '../http/return-address.js';
import { rememberAttempt } from './silent-attempts.js';
import { pass, redirectTo, type Verdict } from '../http/verdict.js';
import type { ScanPlace, Visit } from './visit.js';
import { quoted, warnOnce } from '../../common/warn-once.js';

/** How a login begins. */
export interface LoginStartOptions {
  returnTo: string;
  /** How often this login has started again by itself. */
  attempt: number;
  /** The app to stay with, if it can serve this client. */
  app?: AppConfig;
  /** In place of the one that the route asks for. */
  scope?: WechatScope | undefined;
  /** The openid at `app` that is to grant more. */
  upgrades?: string | undefined;
  /** Whether the browser is to remember that it was tried. */
  isSilent?: boolean;
}

/** A login that may be the one whose answer came back without its state. */
export interface LostLogin {
  readonly app: AppConfig;
  readonly flow: PendingLogin;
}

/** Where a login begins: the person is sent to WeChat. */
export class LoginStart {
  constructor(
    private readonly config: WechatConfig,
    private readonly logins: PendingLogins,
    private readonly problems: ProblemFactory,
    private readonly events: WechatEvents,
    private readonly place: ScanPlace,
  ) {}

  /** One attempt that nobody sees: the scope that asks nothing, remembered before it is made. */
  beginSilently(visit: Visit): Verdict {
    const verdict = this.begin(visit, {
      returnTo: visit.destination,
      attempt: 0,
      scope: 'snsapi_base',
      isSilent: true,
    });
    // Whatever keeps the attempt from starting is no reason to keep anybody out.
    return verdict.kind === 'redirect' ? verdict : pass(undefined);
  }

  begin(visit: Visit, { app: preferred, upgrades, ...login }: LoginStartOptions): Verdict {
    const { request, rule, cookies, serving } = visit;
    const app = preferred && serving.includes(preferred) ? preferred : serving[0];
    if (!app) return this.refuseClient(visit);
    const stateless = this.stateless(visit, app, login.attempt);
    const restarts = Math.max(login.attempt, attemptAfter(stateless));
    const returnTo = stateless[0] ? stateless[0].returnTo || visit.cleanDestination : login.returnTo;
    if (restarts > MAX_RESTARTS) return this.refuseState(visit, app, returnTo, stateless);
    const recentRoundTrips = this.logins.recentRoundTrips(app, cookies, returnTo);
    const attempt = Math.max(restarts, attemptAfter(recentRoundTrips));
    if (attempt > MAX_RESTARTS) return this.refuseCookies(visit, app, returnTo, recentRoundTrips);

    // What a desktop does at an official account.
    const scanPath = app.type === pageAppFor(visit.client) ? undefined : this.place.scanPath;
    const scope = scanPath === undefined ? scopeToAsk(app, login.scope ?? rule.scope) : 'snsapi_base';
    const callbackPath = scanPath ?? app.callbackPath;
    const ownRule = callbackPath === undefined ? undefined : pageRuleOf(rule);
    const isQuiet = callbackPath !== undefined && rule.mode === 'silent';
    const state = this.logins.createState(app, scanPath === undefined ? attempt : 'scan', isQuiet);
    const account = app === preferred ? upgrades : undefined;
    // Never the query: it may be private, and WeChat would keep it. The cookie brings it back.
    const comesTo = callbackPath ?? request.path;
    const callback = publicAddress(requirePublicUrl(app), comesTo);
    const build = app.type === 'website' ? joinWebsiteAuthorizeUrl : joinAuthorizeUrl;
    const [asked, at] = [hashOf(returnTo), hashOfPath(comesTo)];
    const answerWith = (kept: string, redirectUri: string) => {
      const flow = { state, scope, returnTo: kept, asked, at, upgrades: account, rule: ownRule };
      const tried = login.isSilent ? [rememberAttempt(app)] : [];
      const setCookies = this.logins.makeRoom(app, cookies, [
        this.logins.start(app, cookies, flow),
        ...tried,
      ]);
      const location =
        scanPath === undefined
          ? build(this.config.endpoints.open, app.appId, redirectUri, state, scope)
          : `${redirectUri}?state=${state}`;
      return fitsAnswer(setCookies, location) ? redirectTo(location, setCookies) : undefined;
    };

    // For the case that the cookie is lost; the first to go where a header has no room for both.
    const telling = () => {
      const url = new URL(callback);
      url.searchParams.set('returnTo', returnTo);
      return answerWith(returnTo, url.href);
    };
    const mayTell = rule.isLoginRoute && callbackPath === undefined;
    const whole = (mayTell ? telling() : undefined) ?? answerWith(returnTo, callback);
    if (!whole) warnOfLength(this.config, request.path);
    // Where the answer comes to another address, that one does not say which page it was.
    const bare = () =>
      callbackPath === undefined ? undefined : answerWith(withoutQuery(returnTo), callback);
    const verdict = whole ?? bare() ?? answerWith('', callback);
    if (!verdict) return this.problems.pageFor(visit, 'BAD_LOGIN_REQUEST');

    const facts = { app: app.name, client: visit.client };
    this.events.emit(
      restarts === 0 ? { type: 'flow.started', ...facts } : { type: 'flow.restarted', attempt, ...facts },
    );
    return verdict;
  }

  /**
   * Whose answer a request at the callback route may be that carries a code and no state of ours:
   * the login that was restarted most often, of several the newest, whichever app it is at.
   */
  lostAt(visit: Visit): LostLogin | undefined {
    const lost = visit.accepted.flatMap((app) =>
      this.stateless(visit, app, 0).map((flow) => ({ app, flow })),
    );
    const order = ({ flow }: LostLogin) => attemptAfter([flow]);
    return lost.toSorted((a, b) => order(b) - order(a) || b.flow.expiresAt - a.flow.expiresAt)[0];
  }

  /**
   * The flows that this request may be the answer to, though it carries no state of ours. It may as
   * well be a page of the application's own with `?code=`: the one that a flow set out from is no
   * answer to it, and where no flow has just begun nothing is.
   */
  private stateless(
    { request, cookies, rule: { isCallbackRoute } }: Visit,
    app: AppConfig,
    attempt: number,
  ): PendingLogin[] {
    const code = codeOf(request.query);
    // A restart comes from a state of ours, which has counted.
    if (attempt > 0 || code === undefined) return [];
    return this.logins
      .unanswered(app, cookies, isCallbackRoute ? app.callbackPath! : request.path)
      .filter(({ returnTo }) => returnTo === '' || codeOf(new URL(returnTo).searchParams) !== code);
  }

  /**
   * The browser kept nothing of what it was given, again and again.
   * @param counted ends with the page, so that its "try again" begins anew
   */
  refuseCookies(
    visit: Visit,
    app: AppConfig,
    retryUrl: string,
    counted: readonly PendingLogin[] = [],
  ): Verdict {
    return this.refuse(visit, app, 'cookies', retryUrl, counted);
  }

  /** The browser kept what it was given, but the state does not come back, again and again. */
  private refuseState(
    visit: Visit,
    app: AppConfig,
    retryUrl: string,
    counted: readonly PendingLogin[],
  ): Verdict {
    const { path } = visit.request;
    warnOnce(
      this.config,
      'state',
      path,
      `Logins that end at ${quoted(path)} come back from WeChat with a code but without the state that was sent. ` +
        'Something on the way drops or rewrites the query: a proxy, a rewrite rule, a page in between.',
    );
    return this.refuse(visit, app, 'state', retryUrl, counted);
  }

  private refuse(
    visit: Visit,
    app: AppConfig,
    kind: 'cookies' | 'state',
    retryUrl: string,
    counted: readonly PendingLogin[],
  ): Verdict {
    const code = kind === 'cookies' ? 'COOKIES_REQUIRED' : 'BAD_LOGIN_REQUEST';
    const verdict = this.problems.pageFor(visit, code, { retryUrl }, this.logins.forgetAll(app, counted));
    const { ref } = verdict.problem;
    this.events.emit({ type: 'flow.failed', kind, app: app.name, client: visit.client, ref });
    return verdict;
  }

  /** No app can sign this client in: better a readable answer than WeChat's error page. */
  private refuseClient(visit: Visit): Verdict {
    if (!visit.accepted.some(hasPages)) return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED');
    const inWechat = pageAppFor(visit.client) === 'official-account';
    // Without an official account, WeChat would only send the person back to a browser.
    const leads = !inWechat && visit.accepted.some(({ type }) => type === 'official-account');
    const { pageUrl } = visit;
    return this.problems.pageFor(visit, leads ? 'OPEN_IN_WECHAT' : 'OPEN_IN_BROWSER', defined({ pageUrl }));
  }
}

/** The address that a login set out from; where that is not kept any more, the default. */
export function askedAddress(config: WechatConfig, app: AppConfig, flow: PendingLogin | undefined): string {
  return allowedReturnAddress(config, app, flow?.returnTo) ?? defaultReturnAddress(config, app);
}

/** What the callback has to know of the page, as short as it can be said. */
function pageRuleOf({ scope, snapshot, mode }: RouteRule): PageRule {
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(snapshot === 'refuse' ? {} : { snapshot }),
    ...(mode === 'silent' ? { mode } : {}),
  };
}

function withoutQuery(address: string): string {
  const { origin, pathname } = new URL(address);
  return origin + pathname;
}

/** WeChat's parameter, also where somebody wrote the address with `&amp;` or in capitals. */
function codeOf(query: URLSearchParams): string | undefined {
  for (const [name, value] of query) if (/^(?:amp;)*code$/i.test(name)) return value;
  return undefined;
}
