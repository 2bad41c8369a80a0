// Where a login by a QR code in a page of the application begins: the page gets the parameters of
// WeChat's script, the browser the sealed cookie of the flow.
import type { HttpAdapterHost } from '@nestjs/core';
import type { WechatEvents } from '../../../common/wechat-events.js';
import { SCOPES } from '../../../config/apps/read-apps.js';
import { requireSessionSecret } from '../../../config/guard-needs.js';
import type { AppConfig, WechatConfig } from '../../../config/wechat-config.js';
import type { Runtime } from '../../../common/runtime.js';
import { WechatConfigError } from '../../../errors/errors.js';
import type { RouteRule } from '../../decorators/wechat-auth.decorator.js';
import { isSameSite } from '../../http/frame-ancestors.js';
import { fitsAnswer } from '../../http/header-budget.js';
import type { HttpRequest } from '../../http/http-request.js';
import { mayEndInFrame, refusalOfQrCaller, warnOfQrCaller, warnOfQrSite } from '../../http/qr-caller.js';
import { ResponseWriter } from '../../http/response-writer.js';
import {
  askedReturnAddress,
  defaultReturnAddress,
  publicAddress,
  requirePublicUrl,
  warnOfLength,
} from '../../http/return-address.js';
import { problemException, type ProblemDetails } from '../../problems/problems.js';
import {
  QrLogins,
  type QrRoute,
  type WechatQrLogin,
  type WechatQrLoginOptions,
} from '../../session/qr-logins.js';
import { scopeToAsk, servingApps } from '../app-choice.js';
import { hashOf, hashOfPath, type PendingLogins, QR_LIFETIME_MS, type QrEnd } from '../pending-logins.js';
import type { ProblemFactory } from '../problem-factory.js';
import { Visit } from '../visit.js';

const KNOWN_SCOPES: readonly string[] = Object.values(SCOPES).flat();

const RULE: RouteRule = {
  apps: undefined,
  scope: undefined,
  mode: 'off',
  snapshot: 'refuse',
  isLoginRoute: true,
};

/** Begins logins by a QR code in a page. */
export class QrLoginStart extends QrLogins {
  constructor(
    private readonly config: WechatConfig,
    private readonly logins: PendingLogins,
    private readonly problems: ProblemFactory,
    private readonly events: WechatEvents,
    private readonly runtime: Pick<Runtime, 'now'>,
    private readonly login: { readonly path: string | undefined },
    private readonly host: HttpAdapterHost,
  ) {
    super();
  }

  start(
    request: HttpRequest,
    response: unknown,
    options: WechatQrLoginOptions | undefined,
    route?: QrRoute,
  ): WechatQrLogin {
    requireSessionSecret(this.config, 'the cookies of logins are sealed with it');
    const answer = new ResponseWriter(this.host.httpAdapter, response);
    const refusal = refusalOfQrCaller(request, this.config);
    // Before anything else is found out, and before a cookie is written.
    answer.shareWith(refusal === 'origin' ? undefined : request.header('origin'));
    if (refusal) throw this.refuse(request, refusal);
    warnOfQrSite(this.config, request);
    if (!options) throw this.problem(request);
    const app = this.appFor(request, options, route?.apps);
    const path = app.callbackPath ?? route?.path ?? this.login.path;
    if (path === undefined) throw nowhere();
    const { line, login } = this.begin(request, app, path, options);
    answer.setCookies(line);
    const { client } = new Visit(this.config, request, RULE, true);
    this.events.emit({ type: 'flow.started', app: app.name, client });
    return login;
  }

  private begin(request: HttpRequest, app: AppConfig, path: string, options: WechatQrLoginOptions) {
    const { cookies } = request;
    const callback = publicAddress(requirePublicUrl(app), path);
    const scope = scopeToAsk(app, undefined);
    const beginAt = (returnTo: string) => {
      const qr = this.endOf(request, app, returnTo, options);
      const state = this.logins.createState(app, qr);
      const flow = { state, scope, returnTo, asked: hashOf(returnTo), at: hashOfPath(path), qr };
      const line = this.logins.makeRoom(app, cookies, [this.logins.start(app, cookies, flow)]);
      return { qr, state, returnTo, line };
    };
    const home = defaultReturnAddress(this.config, app);
    let begun = beginAt(askedReturnAddress(this.config, app, options.returnTo ?? null) ?? home);
    if (!fitsAnswer(begun.line)) {
      const { origin, pathname } = new URL(begun.returnTo);
      warnOfLength(this.config, pathname);
      begun = beginAt(origin + pathname);
      if (!fitsAnswer(begun.line)) begun = beginAt(home);
    }
    const redirect = new URL(callback);
    // Told to WeChat as well, as by the login route: a flow that is over still finds its way back.
    // A callback path of one's own is an address that never changes.
    if (app.callbackPath === undefined) redirect.searchParams.set('returnTo', begun.returnTo);
    const login: WechatQrLogin = {
      appid: encodeURIComponent(app.appId),
      scope: encodeURIComponent(scope),
      redirect_uri: encodeURIComponent(redirect.href),
      state: begun.state,
      self_redirect: begun.qr === 'frame',
      expiresAt: this.runtime.now() + QR_LIFETIME_MS,
    };
    return { line: begun.line, login };
  }

  /**
   * In the frame only where it can end there: the browser calls the page that asks one of our site,
   * and so is the address that the end is told to.
   */
  private endOf(
    request: HttpRequest,
    app: AppConfig,
    returnTo: string,
    { selfRedirect = false }: WechatQrLoginOptions,
  ): QrEnd {
    const fits = mayEndInFrame(request) && isSameSite(new URL(returnTo), requirePublicUrl(app));
    return selfRedirect && fits ? 'frame' : 'top';
  }

  private appFor(
    request: HttpRequest,
    { app: named, scope, selfRedirect }: WechatQrLoginOptions,
    names: readonly string[] | undefined,
  ): AppConfig {
    const { accepted } = new Visit(this.config, request, { ...RULE, apps: names }, true);
    // Whoever looks: the code is for a second device. On a phone the page had better not show it.
    const fitting = servingApps(accepted, 'desktop-browser', request.host);
    const app = named === undefined ? fitting[0] : fitting.find(({ name }) => name === named);
    const isKnown = scope === undefined || KNOWN_SCOPES.includes(scope);
    if (app && isKnown && (selfRedirect === undefined || typeof selfRedirect === 'boolean')) return app;
    throw this.problem(request);
  }

  private refuse(request: HttpRequest, refusal: 'origin' | 'way') {
    if (refusal === 'origin') warnOfQrCaller(this.config, request);
    const reason = refusal === 'origin' ? { reason: 'ORIGIN_NOT_ALLOWED' } : {};
    return this.problem(request, { statusCode: 403, ...reason });
  }

  private problem(request: HttpRequest, details: ProblemDetails = {}) {
    const { lang } = request;
    return problemException(this.problems.errorForProgram('BAD_LOGIN_REQUEST', lang, 'a program', details));
  }
}

function nowhere(): WechatConfigError {
  return new WechatConfigError(
    'loginPath',
    'names no login route, and none is mounted, so a QR code would lead nowhere',
    'Make WechatAuthController one of the controllers.',
  );
}
