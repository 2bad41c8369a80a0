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
  readonly appId: string;
  readonly openid: string;
  readonly unionid?: string;
  /** The scopes that were granted. Empty for mini programs. */
  readonly scope: readonly string[];
  readonly nickname?: string;
  readonly avatarUrl?: string;
  /** A visitor of WeChat's snapshot page, whose openid is made up. */
  readonly isSnapshotUser: boolean;
  readonly claims?: WechatClaims;
}
