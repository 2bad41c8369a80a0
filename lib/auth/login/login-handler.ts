// Where an application takes part in a login: link an account, add claims, send the person
// elsewhere, refuse.
import type { WechatClientKind } from '../../model/client-kind.js';
import type { WechatClaims, WechatIdentity } from '../../model/identity.js';
import type { WechatLinkedIdentity } from '../linking/identity-linker.js';

/**
 * A login that is about to succeed. `User` is what the application's `identityLinker` finds;
 * without one it does not matter.
 */
export interface WechatLogin<User = unknown> {
  /** Who WeChat says it is. */
  readonly identity: WechatIdentity;
  /**
   * Whose identity it is, as the `identityLinker` found it. Undefined where nobody has it: make the
   * account then, with `link` in it, in one step that finds again what another login has just made.
   */
  readonly user?: User;
  /**
   * The identity as the `identityLinker` keeps it: with the realm, and with the unionid only where
   * it may link. Undefined without a linker, and for visitors of a snapshot page, of whom no
   * account may come.
   */
  readonly link?: WechatLinkedIdentity;
  /** `upgrade`: the same account has just granted more. */
  readonly reason: 'login' | 'upgrade';
  /** The identity before an upgrade. */
  readonly previous?: WechatIdentity;
  /** What the person signs in from. */
  readonly client: WechatClientKind;
  /** Where the person will go; undefined for a login without a page. */
  readonly returnTo?: string;
  /** The platform's request; undefined when `WechatOAuthService.login` was called. */
  readonly request?: unknown;
}

/** What the application says to a login; nothing at all lets the person in. */
export interface WechatLoginDecision {
  /** Goes into the session, as JSON. Keep it small: ids, not records. */
  claims?: WechatClaims;
  /** An address on an allowed origin, or a path. */
  redirectTo?: string;
  /** No session. `message` is shown to the person. */
  refuse?: { code: string; message?: string };
}

/**
 * Runs once for each exchange with WeChat; repeats of the callback share its result. Across
 * processes it runs at least once, so it should be idempotent. What it throws becomes
 * `LOGIN_FAILED`, and a retry may run it again on the same exchange. So does taking longer than 5
 * s: what it returns then counts for nothing.
 * @example
 * @Injectable()
 * export class ShopLoginHandler extends WechatLoginHandler {
 *   constructor(private readonly users: UsersService) {
 *     super();
 *   }
 *
 *   async onLogin({ identity }: WechatLogin) {
 *     const user = await this.users.findOrCreate(identity.appId, identity.openid);
 *     return user.banned ? { refuse: { code: 'BANNED' } } : { claims: { userId: user.id } };
 *   }
 * }
 */
export abstract class WechatLoginHandler<User = unknown> {
  /** Called with whoever signs in, before they have a session. */
  abstract onLogin(login: WechatLogin<User>): Promise<WechatLoginDecision | void>;
}
