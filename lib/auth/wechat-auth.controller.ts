// Ready-made routes for pages and apps. Not mounted by itself: list it in `controllers`, or extend
// it under a path of your own.
import {
  Controller,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  Inject,
  NotFoundException,
  Post,
  Req,
  Res,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { AppConfig, WechatConfig } from '../config/wechat-config.js';
import { ControllerParts, OPTIONS_OF } from './controller-parts.js';
import { MAX_REMOVED, withinAnswer } from './http/header-budget.js';
import { ResponseWriter } from './http/response-writer.js';
import { HttpRequest } from './http/http-request.js';
import type { WechatIdentity } from '../model/identity.js';
import { forgetLastUse } from './session/last-use.js';
import { newLogoutMark, writeLogoutMark } from './session/logout-mark.js';
import { problemException } from './problems/problems.js';
import { askedReturnAddress, defaultReturnAddress, warnOfOrigin } from './http/return-address.js';
import { Described } from './decorators/described.decorator.js';
import { CALLBACK, LOGIN, LOGIN_QR, LOGOUT, ME, SESSION } from './route-descriptions.js';
import { CallbackRoute, LoginRoute, WechatAuth } from './decorators/wechat-auth.decorator.js';
import { readQrQuery } from './login/qr/qr-query.js';
import { forgetAttempts, staySilent } from './login/silent-attempts.js';
import { WechatAuthGuard } from './wechat-auth.guard.js';
import type { WechatIssuedSession } from './session/wechat-session.service.js';

/**
 * Where the controller keeps its parts; applications do not see it, but where Nest finds none: then
 * it says what to import.
 */
const PARTS = Symbol('WechatOAuthModule.forRoot()');

/**
 * Requests are read by hand, so that an application's strict validation pipe has nothing to say
 * about them.
 */
@Controller({ path: 'wechat', version: VERSION_NEUTRAL })
export class WechatAuthController {
  /** @internal */
  @Inject(ControllerParts) readonly [PARTS]!: ControllerParts;

  /** @internal */
  get [OPTIONS_OF](): WechatConfig | undefined {
    return (this[PARTS] as ControllerParts | undefined)?.config;
  }

  /**
   * `?app&scope&returnTo`: signs in and goes to `returnTo`. The guard does all of it; only a fetch
   * of somebody signed in gets as far as here.
   */
  @Get('login')
  @Described(LOGIN)
  @LoginRoute()
  @UseGuards(WechatAuthGuard)
  @HttpCode(204)
  login(): void {}

  /**
   * Where WeChat sends people back to, with the option `callbackPath`. The guard does all of it,
   * and whatever it lets through has no business here.
   */
  @Get('callback')
  @Described(CALLBACK)
  @CallbackRoute()
  @UseGuards(WechatAuthGuard)
  callback(): void {
    throw new NotFoundException();
  }

  /**
   * `?app&scope&returnTo&self_redirect`: what WeChat's script takes to show its QR code in a page,
   * `{ appid, scope, redirect_uri, state, self_redirect, expiresAt }`, for a script of our own or a
   * listed origin. Answers by itself: an interceptor that keeps answers would hand one browser's
   * state to another.
   */
  @Get('login/qr')
  @Described(LOGIN_QR)
  @WechatAuth({ mode: 'off' })
  loginQr(@Req() raw: object, @Res() response: unknown): void {
    const { host, qrLogins, setup } = this[PARTS];
    if (new ResponseWriter(host.httpAdapter, response).hasBegun) return;
    const request = new HttpRequest(raw);
    // Of the route that the login comes back to: a class that extends this one may narrow its apps.
    const { apps } = setup.ruleOf({
      getClass: () => this.constructor as Type<unknown>,
      getHandler: () => this.login,
    });
    const path = /^(.+)\/qr\/*$/i.exec(request.path)?.[1];
    const parameters = qrLogins.start(request, response, readQrQuery(request.query), { path, apps });
    host.httpAdapter.reply(response, parameters, 200);
  }

  /** 200 for everybody: `{ user: null }` when signed out. */
  @Get('me')
  @Described(ME)
  @WechatAuth({ mode: 'off' })
  @Header('Cache-Control', 'no-store')
  async me(@Req() raw: object): Promise<{ user: WechatIdentity | null }> {
    const { config, service } = this[PARTS];
    const user = await service.authenticate(raw);
    if (!user && config.session.revocable === 'strict') await requireStore(this[PARTS], new HttpRequest(raw));
    return { user: user ?? null };
  }

  /**
   * 204 for a script; a form's own POST goes on to `?returnTo`, else to the default of `returnTo`.
   */
  @Post('logout')
  @Described(LOGOUT)
  @WechatAuth({ mode: 'off' })
  @Header('Cache-Control', 'no-store')
  async logout(@Req() raw: object, @Res() response: unknown): Promise<void> {
    const { config, sessions, reader, flows, revocations, setup, host } = this[PARTS];
    const request = new HttpRequest(raw);
    // Another site must not be able to sign people out either.
    const { cookies } = request;
    const apps = [...config.apps.values()];
    if (reader.isCrossSiteWrite(request)) {
      if (sessions.fromCookies(cookies).length > 0) warnOfOrigin(config, request);
      throw new ForbiddenException();
    }
    const answer = new ResponseWriter(host.httpAdapter, response);
    const ended = await Promise.all(reader.shown(request).map((one) => revocations.end(one)));
    // Somebody was tired of waiting for the store.
    if (answer.hasBegun) return;
    const isShown = (line: string) => cookies.some(({ name }) => line.startsWith(`${name}=`));
    const mark = newLogoutMark(setup.runtime);
    // What matters most first: with many apps an answer may not have room for all.
    const lines = [
      ...writeLogoutMark(apps, mark),
      ...apps.map((one) => sessions.clearCookie(one)).filter(isShown),
      // Somebody who signed out must not be signed in again by the next silent route.
      ...apps
        .filter(({ type }) => type === 'official-account')
        .map((one) => staySilent(one, mark, config.session.ttl)),
      ...apps.flatMap((one) => flows.clear(one, cookies)).slice(0, MAX_REMOVED),
      // Of no use to anybody without what went before.
      ...apps.map(forgetLastUse).filter(isShown),
      ...apps.flatMap((one) => forgetAttempts(one, cookies)),
    ];
    const app = request.opensPage ? apps.find(({ publicUrl }) => publicUrl) : undefined;
    if (ended.includes(false))
      return answerIncomplete(this[PARTS], request, answer, withinAnswer(lines), app);
    if (!app) {
      answer.setCookies(withinAnswer(lines));
      host.httpAdapter.reply(response, undefined, 204);
      return;
    }
    const asked = askedReturnAddress(config, app, request.query.get('returnTo'));
    const location = asked ?? defaultReturnAddress(config, app);
    // 303: whatever was sent, the next page is asked for with GET.
    answer.redirect({ kind: 'redirect', location, setCookies: withinAnswer(lines, location) }, 303);
  }

  /** `{ app, code }` of a mini program or native app; `app` may be left out where there is one. */
  @Post('session')
  @Described(SESSION)
  @WechatAuth({ mode: 'off' })
  @Header('Cache-Control', 'no-store')
  @HttpCode(200)
  async session(@Req() request: object & { body?: unknown }): Promise<WechatIssuedSession> {
    const { config, problems, codeLogin } = this[PARTS];
    const { app, code } = (request.body ?? {}) as { app?: unknown; code?: unknown };
    const { lang } = new HttpRequest(request);
    const candidates = [...config.apps.values()].filter(
      ({ type }) => type === 'mini-program' || type === 'mobile',
    );
    const chosen =
      app === undefined && candidates.length === 1
        ? candidates[0]
        : candidates.find(({ name }) => name === app);
    if (!chosen || typeof code !== 'string') {
      const message =
        'Send JSON: { "app": name of a mini program or mobile app, "code": what wx.login gave }.';
      throw problemException(problems.errorForProgram('BAD_LOGIN_REQUEST', lang, 'a program', { message }));
    }
    if (!(await codeLogin.isFirstWith(chosen, code))) {
      throw problemException(
        problems.errorForProgram('WECHAT_LOGIN_REQUIRED', lang, 'a program', { app: chosen.name }),
      );
    }
    try {
      return await codeLogin.run(chosen, code, lang, request);
    } catch (error) {
      throw codeLogin.exceptionOf(error, chosen, lang);
    }
  }
}

/**
 * A page that is told "nobody" would sign the person out, or send them to WeChat and back for ever.
 */
async function requireStore({ reader, problems }: ControllerParts, request: HttpRequest): Promise<void> {
  if ((await reader.find(request)) !== 'unknown') return;
  const { lang } = request;
  throw problemException(problems.errorForProgram('STORE_UNAVAILABLE', lang, 'a program'));
}

/**
 * The cookies go all the same. Whoever has signed out for good reason must know that copies of the
 * session live on.
 */
async function answerIncomplete(
  { config, problems, setup }: ControllerParts,
  request: HttpRequest,
  answer: ResponseWriter,
  setCookies: string[],
  app: AppConfig | undefined,
): Promise<void> {
  const { lang } = request;
  const home = app ? { homeUrl: defaultReturnAddress(config, app) } : {};
  const problem = problems.errorForProgram('LOGOUT_INCOMPLETE', lang, 'a program', home);
  if (app) {
    const page = { kind: 'page' as const, problem, lang, setCookies, base: app.publicUrl } as const;
    return answer.page(page, setup);
  }
  answer.setCookies(setCookies);
  throw problemException(problem);
}
