// Who somebody is.

/**
 * What the application adds to an identity. Give it a type by declaration merging:
 * `declare module 'nestjs-wechat-oauth' { interface WechatClaims { userId: string } }`.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- it is there to be merged into
export interface WechatClaims {}

/**
 * A signed-in person. The identity is (`appId`, `openid`); `unionid` only links the identities of
 * one person at the apps of one open-platform account, and may be missing today and there tomorrow.
 */
export interface WechatIdentity {
  /** Name of the app in the module's options. */
  readonly app: string;
  /** The app at WeChat. */
  readonly appId: string;
  /** The person, as this app knows them. */
  readonly openid: string;
  /**
   * The person at all apps of one open-platform account; not there for every app, and not for
   * `snsapi_base`.
   */
  readonly unionid?: string;
  /** The scopes that were granted. Empty for mini programs. */
  readonly scope: readonly string[];
  /** As WeChat gives it: usually 微信用户 since 2022, unless the person chose to show theirs. */
  readonly nickname?: string;
  /** Address of the picture; it dies when the person changes the picture. */
  readonly avatarUrl?: string;
  /** A visitor of WeChat's snapshot page, whose openid is made up. */
  readonly isSnapshotUser: boolean;
  /** What the login handler added. */
  readonly claims?: WechatClaims;
}
