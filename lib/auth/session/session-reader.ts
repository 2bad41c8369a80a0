// Who a request says it comes from: a bearer token of ours, else the session cookies of the apps in
// question.
import { Logger } from '@nestjs/common';
import type { WechatConfig } from '../../config/wechat-config.js';
import { isJoinedByComma } from '../http/cookies.js';
import type { HttpRequest } from '../http/http-request.js';
import type { Revocations } from './revocations.js';
import type { FoundSession, SealedSessions, Session } from './sealed-sessions.js';

/** What `find` comes to. */
export type Found = FoundSession[] | 'forged' | 'unknown';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Where a session is read: which ones a request shows, and which count. */
export class SessionReader {
  private readonly logger = new Logger('WechatOAuth');
  private warnedOfComma = false;

  constructor(
    private readonly config: Pick<WechatConfig, 'apps' | 'session' | 'returnTo'>,
    private readonly sessions: SealedSessions,
    private readonly revocations: Revocations,
  ) {}

  /**
   * The sessions of the request at the apps of these names, in their order; at all apps without
   * names. Those that were ended are left out.
   * `forged` when it carries a bearer token that claims to be ours and is not, or is over: then no
   * cookie makes up for it. Any other bearer token belongs to the application and is not looked at.
   * `unknown` when sessions must not count unasked and the store cannot say whether these still do.
   */
  find(request: HttpRequest, names?: readonly string[]): Found | Promise<Found> {
    const found = this.read(request, names);
    const { revocable } = this.config.session;
    return found === 'forged' || found.length === 0 || !revocable ? found : this.stillAlive(found, revocable);
  }

  private async stillAlive(found: readonly FoundSession[], revocable: true | 'strict'): Promise<Found> {
    const ended = await Promise.all(found.map(({ session }) => this.revocations.hasEnded(session)));
    if (revocable === 'strict' && ended.includes('unknown')) return 'unknown';
    const alive = found.filter((_, index) => ended[index] !== true);
    return alive.length === 0 && found[0]!.by === 'bearer' ? 'forged' : alive;
  }

  /**
   * Every session of ours that the request shows, by whichever way and whether it still counts or
   * not: what a logout ends.
   */
  shown(request: HttpRequest): Session[] {
    const token = this.bearerOf(request);
    const bearer = token === undefined ? undefined : this.sessions.fromBearer(token);
    const found = [...(bearer ? [bearer] : []), ...this.sessions.inCookies(request.cookies)];
    return found.map(({ session }) => session);
  }

  private read(request: HttpRequest, names: readonly string[] | undefined): FoundSession[] | 'forged' {
    const token = this.bearerOf(request);
    if (token !== undefined) {
      const one = this.sessions.fromBearer(token);
      if (!one) return 'forged';
      return names === undefined || names.includes(one.app.name) ? [one] : [];
    }
    if (this.isCrossSiteWrite(request)) return [];
    let found = this.sessions.fromCookies(request.cookies);
    if (names !== undefined) found = found.filter(({ app }) => names.includes(app.name));
    if (!this.warnedOfComma && isJoinedByComma(request.cookies)) this.warnOfComma();
    return found.length > 1 ? this.inOrder(found, names) : found;
  }

  /** Cookies come in any order; what counts is that of the rule, else that of the options. */
  private inOrder(
    found: FoundSession[],
    names: readonly string[] = [...this.config.apps.keys()],
  ): FoundSession[] {
    return found.sort((a, b) => names.indexOf(a.app.name) - names.indexOf(b.app.name));
  }

  private warnOfComma(): void {
    this.warnedOfComma = true;
    this.logger.warn(
      'A Cookie header came joined by ", ", so sessions in it do not count: a proxy in front joins several ' +
        'Cookie fields as if they were a list. It has to join them with "; " (RFC 9113 §8.2.3). Said once.',
    );
  }

  private bearerOf(request: HttpRequest): string | undefined {
    const { bearerHeader } = this.config.session;
    const value = bearerHeader === undefined ? undefined : request.header(bearerHeader);
    if (!value) return undefined;
    // Nothing is trimmed: a token with another byte behind it claims to be ours and is refused.
    const token = bearerHeader === 'authorization' ? /^bearer +(.+)$/is.exec(value)?.[1] : value;
    return token !== undefined && this.sessions.recognizes(token) ? token : undefined;
  }

  /**
   * CSRF: a request that changes something and that a page of another origin made. Cookies do not
   * count on it. SameSite=Lax alone would let in the pages of sibling subdomains.
   */
  isCrossSiteWrite(request: HttpRequest): boolean {
    if (SAFE_METHODS.has(request.method)) return false;
    const origin = request.header('origin');
    const site = request.header('sec-fetch-site');
    // Pages with `no-referrer` send forms with the origin "null"; only the browser itself can say
    // that they are our own.
    if (origin === 'null') return site !== 'same-origin';
    if (origin !== undefined) return !this.config.returnTo.origins.has(origin);
    return site !== undefined && site !== 'same-origin' && site !== 'none';
  }
}
