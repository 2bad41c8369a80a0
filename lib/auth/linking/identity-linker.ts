// Where an application says which of its users a WeChat identity belongs to: the port, and the
// words it speaks in.
import type { WechatIdentity } from '../../model/identity.js';

/**
 * One person at one app, as users are found by it. Never a visitor of a snapshot page, and never
 * anything that a client could have made up: unionids are WeChat's own answers to the module.
 */
export interface WechatLinkedIdentity extends Pick<WechatIdentity, 'appId' | 'openid'> {
  /**
   * The person at all apps of one open-platform account, where WeChat named it and it may link.
   * @default none
   */
  readonly unionid?: string;
  /** In which the unionid means something: the app's option `unionRealm`. */
  readonly realm: string;
}

/** One side of a conflict. */
export interface WechatLinkSide<User = unknown> {
  /** Whose identity it is; undefined for somebody who is not known yet. */
  readonly user?: User;
  /** With the unionid that both sides have. */
  readonly identity: WechatLinkedIdentity;
}

/**
 * What `findByUnionid` answers for a unionid that stood in a conflict and was not decided: it links
 * nothing.
 */
export const WECHAT_UNIONID_DISPUTED: unique symbol = Symbol('WECHAT_UNIONID_DISPUTED');

/**
 * Which of the application's users a WeChat identity belongs to, for people who come through
 * several apps. The extra `identityLinker` of the module. Asked at every login, before the login
 * handler, which gets what it found as `login.user`.
 *
 * The openid decides who is signed in, always; a unionid only links. All that is decided stands in
 * the module, so this only reads and writes. It compares byte for byte, it may run twice for one
 * login and at the same time on another machine, and what it throws, or takes longer than 5 s, is
 * `LOGIN_FAILED`. `describeIdentityLinker` of `nestjs-wechat-oauth/testing` tests one.
 * @see
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/union-id.html
 * @example
 * @Injectable()
 * export class ShopLinker extends WechatIdentityLinker<User> {
 *   constructor(private readonly users: UsersService) {
 *     super();
 *   }
 *
 *   find({ appId, openid }: WechatLinkedIdentity) {
 *     return this.users.byAccount(appId, openid);
 *   }
 *   // …
 * }
 */
export abstract class WechatIdentityLinker<User = unknown> {
  /**
   * The user who has this identity, by `appId` and `openid` alone.
   * @returns undefined or null for nobody
   */
  abstract find(identity: WechatLinkedIdentity): Promise<User | null | undefined>;

  /**
   * The user whom this unionid links, by realm and unionid alone.
   * @param identity whose unionid it is, with the realm
   * @returns undefined or null for nobody, `WECHAT_UNIONID_DISPUTED` from the first `conflict` on
   * until the application has decided
   */
  abstract findByUnionid(
    unionid: string,
    identity: WechatLinkedIdentity,
  ): Promise<User | typeof WECHAT_UNIONID_DISPUTED | null | undefined>;

  /**
   * All identities of the user, as they were linked. The module checks by them what the other
   * methods found, and `WechatSessionService.revokeUser` signs them out.
   */
  abstract identitiesOf(user: User): Promise<readonly WechatLinkedIdentity[]>;

  /**
   * Makes the identity one of the user's, or gives one that is there the unionid of today. A
   * unionid that is new to the identity links from now on; one that replaces another of the same
   * realm is kept with the identity and links nothing. An identity of somebody else stays theirs.
   * Linking again changes nothing.
   */
  abstract link(user: User, identity: WechatLinkedIdentity): Promise<void>;

  /**
   * Two accounts turn out to be one person, or one unionid came with two openids at one app. Has to
   * note that the unionid is disputed; beyond that the application decides, now or later. The
   * module asks `find` again afterwards, and merges nothing by itself. Comes again for the same
   * pair where a login is repeated.
   * @param a who is signing in; without a user where nobody has this openid
   * @param b who has the unionid
   */
  abstract conflict(a: WechatLinkSide<User>, b: WechatLinkSide<User>): Promise<void>;
}
