// From a person whom WeChat has named to a result that can be kept and answered: the same for a
// callback and for a scan. What is wrong with it is found out while it can still be repeated.
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import { handlerReturnAddress } from '../http/return-address.js';
import type { Failures } from '../problems/failures.js';
import { RedirectNotAllowed } from '../problems/login-error.js';
import type { Revocations } from '../session/revocations.js';
import type { FoundSession, SealedSessions } from '../session/sealed-sessions.js';
import type { LoginAttempt } from './callback-answer.js';
import { startOf } from './pending-logins.js';
import { eventOf, type LoginContext, type SignInResult } from './sign-in.js';

/** Admits people whom WeChat has named. */
export class Admission {
  constructor(
    private readonly config: WechatConfig,
    private readonly sessions: SealedSessions,
    private readonly revocations: Revocations,
    private readonly failures: Failures,
    private readonly events: WechatEvents,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  /**
   * Runs once for each login, however many requests come with it; so do the events of what came of
   * it.
   * @param current the session that the browser has at the app
   */
  async admit(
    { visit, app, pending, returnTo }: LoginAttempt,
    current: FoundSession | undefined,
    signIn: (context: LoginContext) => Promise<SignInResult>,
  ): Promise<SignInResult> {
    const { client, request, rule } = visit;
    const previous = current?.session.identity;
    const upgrades = previous !== undefined && previous.openid === pending.upgrades;
    const context = {
      client,
      returnTo,
      request: request.raw,
      out: pending.out ?? '',
      allowSnapshot: rule.snapshot !== 'refuse',
      needsProfile: rule.scope !== undefined && rule.scope !== 'snsapi_base',
    };
    const login = await signIn(upgrades ? { ...context, previous } : context);
    const checked = this.check(app, login, returnTo);
    const ms = this.runtime.now() - startOf(pending);
    this.events.emit(eventOf(checked, ms, { app: app.name, client }));
    this.failures.worked(app);
    // A browser has one session at an app: copies of the one that this replaces end with it.
    if (checked.kind === 'signed-in' && current?.by === 'cookie') await this.revocations.end(current.session);
    return checked;
  }

  /**
   * A result that is given once more may hold a session that was ended meanwhile: by a logout, a
   * ban, or a newer login of this browser.
   */
  async stillGood(result: SignInResult): Promise<boolean> {
    if (result.kind !== 'signed-in' || !this.config.session.revocable) return true;
    return (await this.revocations.hasEnded(result.session)) !== true;
  }

  /**
   * Whatever can be wrong with a result is found out while it is still kept for another try. The
   * kept result says where to go: the finished flow of a repeat has no address any more.
   */
  private check(app: AppConfig, result: SignInResult, returnTo: string): SignInResult {
    if (result.kind !== 'signed-in') return result;
    this.sessions.requireFit(app, result.session);
    if (result.redirectTo === undefined) return { ...result, redirectTo: returnTo };
    const address = handlerReturnAddress(this.config, app, result.redirectTo);
    if (address === undefined) throw new RedirectNotAllowed();
    return { ...result, redirectTo: address };
  }
}
