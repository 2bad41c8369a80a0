// Where a login begins: the person is sent to WeChat, with a state in the address and a sealed cookie of this flow in the browser.
import { buildAuthorizeUrl, buildWebsiteAuthorizeUrl } from '../api/authorize-url.js';
import type { WechatApp, WechatConfig } from '../config/wechat-config.js';
import type { WechatEvents } from '../wechat-events.js';
import { pageAppFor, scopeToAsk } from './app-choice.js';
import { type Flows, hashOf, MAX_RESTARTS } from './flow.js';
import { fitsAnswer } from './header-budget.js';
import type { Refusals } from './refusals.js';
import { publicAddress, requirePublicUrl, warnOfLength } from './return-address.js';
import { rememberAttempt } from './silent-attempts.js';
import { pass, redirectTo, type Verdict } from './verdict.js';
import type { Visit } from './visit.js';

export interface LoginStartOptions {
  returnTo: string;
  /** How often this login has started again by itself. */
  attempt: number;
  /** The app to stay with, if it can serve this client. */
  app?: WechatApp;
  /** The openid at `app` that is to grant more. */
  upgrades?: string | undefined;
  /** Whether the browser is to remember that it was tried. */
  isSilent?: boolean;
}

export class LoginStart {
  constructor(
    private readonly config: WechatConfig,
    private readonly flows: Flows,
    private readonly refusals: Refusals,
    private readonly events: WechatEvents,
  ) {}

  /** One attempt that nobody sees: the scope that asks nothing, remembered before it is made. */
  beginSilently(visit: Visit): Verdict {
    const verdict = this.begin(visit.under({ scope: 'snsapi_base' }), {
      returnTo: visit.destination,
      attempt: 0,
      isSilent: true,
    });
    // Whatever keeps the attempt from starting is no reason to keep anybody out.
    return verdict.kind === 'redirect' ? verdict : pass(undefined);
  }

  begin(visit: Visit, { returnTo, app: preferred, upgrades, ...login }: LoginStartOptions): Verdict {
    const { request, rule, cookies, serving } = visit;
    const app = preferred && serving.includes(preferred) ? preferred : serving[0];
    if (!app) return this.refuseClient(visit);
    const attempt = Math.max(login.attempt, this.flows.fruitless(app, cookies, returnTo));
    if (attempt > MAX_RESTARTS) return this.refuseCookies(visit, app, returnTo);

    const scope = scopeToAsk(app, rule.scope);
    const state = this.flows.createState(app, attempt);
    const account = upgrades !== undefined && app === preferred ? { upgrades } : {};
    // Never the query: it may be private, and WeChat would keep it. The cookie brings it back.
    const callback = new URL(publicAddress(requirePublicUrl(app), request.path));
    const build = app.type === 'website' ? buildWebsiteAuthorizeUrl : buildAuthorizeUrl;
    const answerWith = (kept: string, redirectUri: string) => {
      const flow = { state, scope, returnTo: kept, asked: hashOf(returnTo), ...account };
      const mark = login.isSilent ? [rememberAttempt(app)] : [];
      const setCookies = this.flows.makeRoom(app, cookies, [this.flows.start(app, flow), ...mark]);
      const location = build(this.config.endpoints.open, app.appId, redirectUri, state, { scope });
      return fitsAnswer(setCookies, location) ? redirectTo(location, setCookies) : undefined;
    };

    // For the case that the cookie is lost; the first to go where a header has no room for both.
    const telling = new URL(callback);
    telling.searchParams.set('returnTo', returnTo);
    const whole =
      (rule.isLoginRoute ? answerWith(returnTo, telling.href) : undefined) ??
      answerWith(returnTo, callback.href);
    if (!whole) warnOfLength(this.config, request.path);
    const verdict = whole ?? answerWith('', callback.href);
    if (!verdict) return this.refusals.page(visit, 'BAD_LOGIN_REQUEST');

    const facts = { app: app.name, client: visit.client };
    this.events.emit(
      login.attempt === 0
        ? { type: 'flow.started', ...facts }
        : { type: 'flow.restarted', attempt, ...facts },
    );
    return verdict;
  }

  /** The browser kept nothing of what it was given, again and again. */
  refuseCookies(visit: Visit, app: WechatApp, retryUrl: string): Verdict {
    const verdict = this.refusals.page(visit, 'COOKIES_REQUIRED', { retryUrl });
    const { ref } = verdict.problem;
    this.events.emit({ type: 'flow.failed', kind: 'cookies', app: app.name, client: visit.client, ref });
    return verdict;
  }

  /** No app can sign this client in: better a readable answer than WeChat's error page. */
  private refuseClient(visit: Visit): Verdict {
    const hasPages = visit.accepted.some(({ type }) => type === 'official-account' || type === 'website');
    if (!hasPages) return this.refusals.deny(visit, 'WECHAT_LOGIN_REQUIRED');
    const inWechat = pageAppFor(visit.client) === 'official-account';
    // Without an official account, WeChat would only send the person back to a browser.
    const leads = !inWechat && visit.accepted.some(({ type }) => type === 'official-account');
    return this.refusals.page(visit, leads ? 'OPEN_IN_WECHAT' : 'OPEN_IN_BROWSER');
  }
}
