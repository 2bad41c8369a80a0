// How the contract gets at a linker.
import type { WechatIdentityLinker, WechatLinkedIdentity } from '../../auth/linking/identity-linker.js';

/** The linker under test, and what an application does beside it. */
export interface IdentityLinkerHarness<User> {
  /** The linker under test. What other cases left behind may still be there. */
  linker: WechatIdentityLinker<User>;
  /**
   * What your login handler does where `login.user` is undefined: makes a user with this identity,
   * or finds again the one that another login has made at the same moment.
   */
  signUp(identity: WechatLinkedIdentity): Promise<User>;
  /** What tells two users apart, e.g. the primary key. */
  idOf(user: User): unknown;
  /** Ends the connection, if there is one. A promise is waited for. */
  close?(): unknown;
}
