// Where a login begins: the person is sent to WeChat, with a state in the address and a sealed cookie of this flow in the browser.
import { buildAuthorizeUrl, buildWebsiteAuthorizeUrl } from '../api/authorize-url.js';
import type { WechatApp, WechatConfig } from '../config/wechat-config.js';
import { pageAppFor, scopeToAsk } from './app-choice.js';
import { type Flows, MAX_RESTARTS } from './flow.js';
import type { WechatIdentity } from './identity.js';
import type { Refusals } from './refusals.js';
import { publicAddress, requirePublicUrl } from './return-address.js';
import { redirectTo, type Verdict } from './verdict.js';
import type { Visit } from './visit.js';

export interface LoginStartOptions {
  returnTo: string;
  /** How often this login has started again by itself. */
  attempt: number;
  /** The app to stay with, if it can serve this client. */
  app?: WechatApp;
  /** The account that is to grant more. */
  upgrades?: WechatIdentity;
}

export class LoginStart {
  constructor(
    private readonly config: Pick<WechatConfig, 'endpoints'>,
    private readonly flows: Flows,
    private readonly refusals: Refusals,
  ) {}

  begin(visit: Visit, { returnTo, app: preferred, upgrades, ...login }: LoginStartOptions): Verdict {
    const { request, rule, cookies, serving } = visit;
    const app = preferred && serving.includes(preferred) ? preferred : serving[0];
    if (!app) return this.refuseClient(visit);
    const attempt = Math.max(login.attempt, this.flows.fruitless(app, cookies, returnTo));
    if (attempt > MAX_RESTARTS) return this.refusals.page(visit, 'COOKIES_REQUIRED', { retryUrl: returnTo });

    const scope = scopeToAsk(app, rule.scope);
    const state = this.flows.createState(app, attempt);
    const account = upgrades?.app === app.name ? { upgrades: upgrades.openid } : {};
    const setCookies = this.flows.start(app, cookies, { state, scope, returnTo, ...account });

    // Never the query: it may be private, and WeChat would keep it. The cookie brings it back.
    const callback = new URL(publicAddress(requirePublicUrl(app), request.path));
    if (rule.isLoginRoute) callback.searchParams.set('returnTo', returnTo);
    const build = app.type === 'website' ? buildWebsiteAuthorizeUrl : buildAuthorizeUrl;
    const location = build(this.config.endpoints.open, app.appId, callback.href, state, { scope });
    return redirectTo(location, setCookies);
  }

  /** No app can sign this client in: better a readable answer than WeChat's error page. */
  private refuseClient(visit: Visit): Verdict {
    const hasPages = visit.accepted.some(({ type }) => type === 'official-account' || type === 'website');
    if (!hasPages) return this.refusals.deny(visit, 'WECHAT_LOGIN_REQUIRED');
    return this.refusals.page(
      visit,
      pageAppFor(visit.client) === 'website' ? 'OPEN_IN_WECHAT' : 'OPEN_IN_BROWSER',
    );
  }
}
