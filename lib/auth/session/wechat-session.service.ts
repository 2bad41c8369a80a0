// Sessions for code of the application's own: a guard that takes its JWT or WeChat, a sign-in that
// WeChat had no part in, tests.
import { requireSessionSecret } from '../../config/guard-needs.js';
import {
  type ExecutionContext,
  Inject,
  Injectable,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WechatConfigError, WechatInputError } from '../../errors/errors.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import { WECHAT_CONFIG } from '../../wechat-oauth.constants.js';
import type { WechatSession } from '../../wechat-oauth.options.js';
import { attachIdentity, getWechatIdentity } from '../http/attached-identity.js';
import { ResponseWriter } from '../http/response-writer.js';
import { HttpRequest } from '../http/http-request.js';
import type { WechatClaims, WechatIdentity } from '../../model/identity.js';
import { type ContextRequest, requestOf } from '../http/request-of-context.js';
import { Linking } from '../linking/linking.js';
import { logoutMark } from './logout-mark.js';
import { QrLogins, type WechatQrLogin, type WechatQrLoginOptions } from './qr-logins.js';
import { MAX_SESSION_MS, Revocations } from './revocations.js';
import { SealedSessions } from './sealed-sessions.js';
import { securitySchemes, type WechatSecurityScheme } from './security-schemes.js';
import { SessionReader } from './session-reader.js';

/** What may differ in a session that the application issues. */
export interface WechatIssueOptions {
  /**
   * Seconds.
   * @default `session.ttl`
   */
  ttl?: number;
  /** Replaces the claims of the identity. */
  claims?: WechatClaims;
}

/** A session, for a client that keeps it itself. */
export interface WechatIssuedSession {
  /** For `Authorization: Bearer`. */
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** Who is signed in. */
  identity: WechatIdentity;
}

/** Whose sessions end: one person at one app. */
export type WechatRevokedIdentity = Pick<WechatIdentity, 'app' | 'openid'>;

/**
 * 503: the sessions of `failed` go on, because the token store did not take their end. Try again
 * with these.
 */
export class WechatNotRevokedException extends ServiceUnavailableException {
  constructor(readonly failed: readonly WechatRevokedIdentity[]) {
    super(unavailable('The sessions could not be ended: the token store did not answer. Try again.'));
  }
}

/** Sessions in the hands of the application: who is there, issue, change, end. */
@Injectable()
export class WechatSessionService {
  readonly #config: WechatConfig;
  readonly #sessions: SealedSessions;
  readonly #reader: SessionReader;
  readonly #revocations: Revocations;
  readonly #host: HttpAdapterHost;
  readonly #linking: Linking;
  readonly #qrLogins: QrLogins;

  constructor(
    @Inject(WECHAT_CONFIG) config: WechatConfig,
    @Inject(SealedSessions) sessions: SealedSessions,
    @Inject(SessionReader) reader: SessionReader,
    @Inject(Revocations) revocations: Revocations,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(Linking) linking: Linking,
    @Inject(QrLogins) qrLogins: QrLogins,
  ) {
    this.#config = config;
    this.#sessions = sessions;
    this.#reader = reader;
    this.#revocations = revocations;
    this.#host = host;
    this.#linking = linking;
    this.#qrLogins = qrLogins;
  }

  /**
   * Who the request comes from, by the same rules as the guard. Never throws, never answers; a
   * visitor of a snapshot page is nobody.
   * @param target a handler's context, or the platform's request
   * @example
   * // In a guard of your own: your token, or WeChat.
   * return this.jwt.check(context) || (await this.sessions.authenticate(context)) !== undefined;
   */
  async authenticate(target: ExecutionContext | object): Promise<WechatIdentity | undefined> {
    try {
      const { request, carriers } = this.#requestOf(target);
      const found = await this.#reader.find(request);
      const sessions = typeof found === 'string' ? [] : found;
      const identity = sessions.find(({ session }) => !session.identity.isSnapshotUser)?.session.identity;
      if (identity) for (const carrier of carriers) attachIdentity(carrier, identity);
      return identity;
    } catch {
      // Fail closed: whatever this is, it is no request that shows a session.
      return undefined;
    }
  }

  /**
   * Signs somebody in by the application's own decision: puts the session cookie on the response
   * and returns the same session as a bearer token.
   * @param response the platform's response; undefined where only the token is wanted
   * @example
   * const { token } = await sessions.issue(undefined, identity, { claims: { userId } });
   * @throws WechatConfigError when `sessionSecret` is missing or the session would not fit into a
   * cookie, WechatInputError when the identity names no app or nobody
   */
  async issue(
    response: unknown,
    identity: WechatIdentity,
    { ttl, claims }: WechatIssueOptions = {},
  ): Promise<WechatIssuedSession> {
    requireSessionSecret(this.#config, 'sessions are sealed with it');
    const app = this.#appOf(identity);
    if (ttl !== undefined && !(ttl > 0 && ttl * 1_000 <= MAX_SESSION_MS)) {
      throw new WechatInputError(
        'input',
        'ttl',
        'is not a number of seconds up to 400 days',
        'Leave it out for session.ttl.',
      );
    }
    const person = { appId: app.appId, openid: openidOf(identity) };
    const mark = await this.#revocations.markFor(person, ttl);
    const whole = claims === undefined ? identity : { ...identity, claims };
    return this.#hand(response, app, this.#sessions.create(whole, { mark, ttl, out: outOf(app, response) }));
  }

  /**
   * Gives the session of a request other claims, e.g. after somebody has bound a phone number. Its
   * id and its end stay. Other devices of the same person keep what they have until they sign in
   * again.
   * @param target a handler's context, or the platform's request
   * @param response gets the new cookie, where the session came in one; a bearer session is only
   * returned
   * @example
   * await sessions.update(context, response, { userId, phone });
   * @throws UnauthorizedException when nobody is signed in; ServiceUnavailableException where
   * `session.revocable` is `'strict'` and the store does not answer; else as `issue`
   */
  async update(
    target: ExecutionContext | object,
    response: unknown,
    claims: WechatClaims,
  ): Promise<WechatIssuedSession> {
    const { request, carriers } = this.#requestOf(target);
    const found = await this.#reader.find(request);
    if (found === 'unknown')
      throw new ServiceUnavailableException(
        unavailable('The session cannot be checked: the token store did not answer. Try again.'),
      );
    const attached = carriers.map(getWechatIdentity).find(Boolean);
    const sessions = found === 'forged' ? [] : found;
    // Of several logins in one browser, the one that the guard let in.
    const current = sessions.find(({ session }) => session.identity === attached) ?? sessions[0];
    if (!current) throw new UnauthorizedException();
    const session = this.#sessions.withClaims(current.session, claims);
    const issued = this.#hand(current.by === 'cookie' ? response : undefined, current.app, session);
    for (const carrier of carriers) attachIdentity(carrier, issued.identity);
    return issued;
  }

  /**
   * Signs people out everywhere: every session that exists now of these identities is over,
   * wherever there are copies of it. An identity is one person at one app; for somebody with
   * several apps pass all of theirs, e.g. from your user table. Write a ban to that table first,
   * where your login handler reads it: whoever signs in between the two is signed out by this.
   * @example
   * await users.ban(id);
   * // [{ app: 'official', openid }, { app: 'mini', openid }]
   * await sessions.revoke(await users.wechatIdentities(id));
   * @throws WechatConfigError unless `session.revocable` is on; WechatInputError, before anything
   * is done, when an identity names no app or nobody; WechatNotRevokedException with those whose
   * sessions go on, because the store did not take it
   */
  async revoke(identities: WechatRevokedIdentity | readonly WechatRevokedIdentity[]): Promise<void> {
    this.#requireRevocable();
    const list = Array.isArray(identities)
      ? (identities as WechatRevokedIdentity[])
      : [identities as WechatRevokedIdentity];
    // A ban of nobody that says it was done would be worse than none.
    if (list.length === 0)
      throw nobody('is an empty list', 'Leave the call out for somebody who never signed in.');
    const people = list.map((identity) => ({
      appId: this.#appOf(identity).appId,
      openid: openidOf(identity),
    }));
    const ended = await Promise.all(people.map((person) => this.#revocations.endAll(person)));
    const failed = list.filter((_, index) => !ended[index]);
    // Never quietly: whoever bans somebody must know that it did not happen.
    if (failed.length > 0) throw new WechatNotRevokedException(failed);
  }

  /**
   * As `revoke`, with every identity that the application's `identityLinker` has of the user. Write
   * a ban to your user table first, where your login handler reads it. Identities at apps that are
   * not configured any more are left out: no session of theirs counts here.
   * @param user as `login.user`
   * @example
   * await users.ban(user.id);
   * await sessions.revokeUser(user);
   * @throws WechatConfigError unless `session.revocable` is on and there is an `identityLinker`;
   * WechatInputError when the user has no identity at these apps; else as `revoke`. An error of
   * its own when `identitiesOf` throws, gives no such list, or takes longer than 5 s
   */
  async revokeUser(user: unknown): Promise<void> {
    this.#requireRevocable();
    if (user === undefined || user === null)
      throw nobody('is missing', 'Pass a user as your identityLinker gives it.', 'user');
    const identities = await this.#linking.ask((linker) => linker.identitiesOf(user));
    if (!identities) {
      throw new WechatConfigError(
        'identityLinker',
        'is missing, so nothing says which identities a user has',
        'Pass one to the module, or call revoke() with the identities.',
      );
    }
    const here = [...this.#config.apps.values()].flatMap(({ name, appId }) =>
      identities.filter((one) => one.appId === appId).map(({ openid }) => ({ app: name, openid })),
    );
    if (here.length === 0)
      throw nobody('has no identity at these apps', 'Leave the call out for such a user.', 'user');
    await this.revoke(here);
  }

  /**
   * Begins a login by a QR code in a page of yours: writes the flow's cookie and the headers of who
   * may read the answer, and returns what WeChat's script takes. Answer with nothing else, to the
   * browser that asked, and let no cache or interceptor keep it: the `state` in it is this
   * browser's alone. `GET login/qr` of `WechatAuthController` does the same.
   * @param target a handler's context, or the platform's request: a GET of a script
   * @param response the platform's response
   * @example
   * const parameters = sessions.startQrLogin(request, response, { returnTo: '/account' });
   * @throws ForbiddenException for a caller of an origin that `returnTo.origins` does not name, for
   * navigations and prefetches; BadRequestException for an app or scope that there is not;
   * WechatConfigError when `sessionSecret` or the login route is missing
   * @see https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
   */
  startQrLogin(
    target: ExecutionContext | object,
    response: unknown,
    options: WechatQrLoginOptions = {},
  ): WechatQrLogin {
    return this.#qrLogins.start(this.#requestOf(target).request, response, options);
  }

  /**
   * How OpenAPI describes the ways to show a session, by the names that the ready-made routes use:
   * `wechat-cookie`, with several apps also `wechat-cookie-<app>`, and `wechat-bearer`.
   * @example
   * const builder = new DocumentBuilder();
   * for (const [name, scheme] of Object.entries(app.get(WechatSessionService).securitySchemes()))
   *   builder.addSecurity(name, scheme);
   */
  securitySchemes(): Record<string, WechatSecurityScheme> {
    return securitySchemes(this.#config, this.#sessions);
  }

  #hand(response: unknown, app: AppConfig, session: WechatSession): WechatIssuedSession {
    // Made in any case, so that a session too big for a cookie is an error now and not a login lost
    // later.
    const cookie = this.#sessions.toCookie(app, session);
    if (response !== undefined) new ResponseWriter(this.#host.httpAdapter, response).setCookies([cookie]);
    return {
      token: this.#sessions.toBearer(session),
      expiresAt: session.expiresAt,
      identity: session.identity,
    };
  }

  #requireRevocable(): void {
    if (this.#config.session.revocable) return;
    throw new WechatConfigError(
      'session.revocable',
      'is off, so sealed sessions are good until their time is over',
      'Set it to true. It costs one read of the token store with every guarded request.',
    );
  }

  #appOf(identity: Pick<WechatIdentity, 'app'> & { appId?: string }): AppConfig {
    const app = this.#config.apps.get(identity?.app);
    if (app && (identity.appId ?? app.appId) === app.appId) return app;
    throw new WechatInputError(
      'input',
      'identity',
      'names no configured app',
      'Set app and appId to those of one of your apps.',
    );
  }

  #requestOf(target: ExecutionContext | object): Pick<ContextRequest, 'request' | 'carriers'> {
    if (!isContext(target)) return { request: HttpRequest.outsideHttp(target), carriers: [target] };
    const found = requestOf(target, this.#config.hooks.getRequest);
    if (!found) throw new UnauthorizedException();
    return found;
  }
}

/**
 * The mark of the last logout in the browser that asked, where the platform tells the request of a
 * response.
 */
function outOf(app: AppConfig, response: unknown): string | undefined {
  const { req, request = req } = (response ?? {}) as { req?: unknown; request?: unknown };
  if (typeof request !== 'object' || request === null) return undefined;
  return logoutMark(app, new HttpRequest(request).cookies);
}

function openidOf({ openid }: { openid: unknown }): string {
  if (typeof openid === 'string' && openid !== '') return openid;
  throw nobody('has no openid', 'Pass the identity of the person, e.g. as the guard gave it.');
}

function nobody(problem: string, fix: string, parameter = 'identity'): WechatInputError {
  return new WechatInputError('input', parameter, `${problem}, so it is nobody`, fix);
}

function unavailable(message: string) {
  return { statusCode: 503, code: 'STORE_UNAVAILABLE', message };
}

function isContext(target: object): target is ExecutionContext {
  return typeof (target as Partial<ExecutionContext>).switchToHttp === 'function';
}
