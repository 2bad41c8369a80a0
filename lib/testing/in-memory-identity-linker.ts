// A linker without a database, for tests and for the first evening with the mock.
import {
  WECHAT_UNIONID_DISPUTED,
  WechatIdentityLinker,
  type WechatLinkedIdentity,
  type WechatLinkSide,
} from '../auth/linking/identity-linker.js';
import { MockServerError } from './mock-server/mock-server-error.js';

/** How users are made, and how many accounts there may be. */
export interface InMemoryIdentityLinkerOptions<User extends object> {
  /** A new user for an identity that nobody has. */
  create: (identity: WechatLinkedIdentity) => User;
  /**
   * How many identities are kept; with one more, the login fails.
   * @default 10,000
   */
  max?: number;
}

/**
 * Users by their WeChat identities, in the memory of one process: for tests and for trying. A user
 * is one object, told from others by being that object. Refused where `NODE_ENV` is `production`,
 * because a restart forgets whose accounts they are.
 * @example
 * const linker = new InMemoryIdentityLinker<User>({ create: () => ({ id: randomUUID() }) });
 * WechatOAuthModule.forRoot({ …options, identityLinker: { useValue: linker } });
 */
export class InMemoryIdentityLinker<User extends object> extends WechatIdentityLinker<User> {
  readonly #create: (identity: WechatLinkedIdentity) => User;
  readonly #max: number;
  readonly #accounts = new Map<string, { identity: WechatLinkedIdentity; user: User }>();
  readonly #unionids = new Map<string, User | typeof WECHAT_UNIONID_DISPUTED>();
  readonly #conflicts = new Map<string, readonly [WechatLinkSide<User>, WechatLinkSide<User>]>();

  /** @throws MockServerError in production */
  constructor({ create, max = 10_000 }: InMemoryIdentityLinkerOptions<User>) {
    super();
    if (process.env['NODE_ENV'] === 'production') {
      const fix = 'It is for tests; the page docs/linking.md has one for a database.';
      throw new MockServerError('InMemoryIdentityLinker', 'was made while NODE_ENV is "production"', fix);
    }
    this.#create = create;
    this.#max = max;
  }

  /** Of each unionid that is disputed, the two sides that came last. */
  get conflicts(): readonly (readonly [WechatLinkSide<User>, WechatLinkSide<User>])[] {
    return [...this.#conflicts.values()];
  }

  /**
   * For a login handler whose `login.user` is undefined: a user with this identity, or the one that
   * another login has made meanwhile.
   * @throws Error when there are as many identities as there may be
   */
  async findOrCreate(identity: WechatLinkedIdentity): Promise<User> {
    const known = this.#accounts.get(accountKey(identity))?.user ?? this.#free(identity);
    const user = known ?? this.#create(identity);
    this.#keep(user, identity);
    return user;
  }

  async find(identity: WechatLinkedIdentity): Promise<User | undefined> {
    return this.#accounts.get(accountKey(identity))?.user;
  }

  async findByUnionid(
    unionid: string,
    { realm }: WechatLinkedIdentity,
  ): Promise<User | typeof WECHAT_UNIONID_DISPUTED | undefined> {
    return this.#unionids.get(unionidKey(realm, unionid));
  }

  async identitiesOf(user: User): Promise<WechatLinkedIdentity[]> {
    return [...this.#accounts.values()].filter((one) => one.user === user).map(({ identity }) => identity);
  }

  async link(user: User, identity: WechatLinkedIdentity): Promise<void> {
    const known = this.#accounts.get(accountKey(identity));
    if (known && known.user !== user) return;
    // Another login was faster with another openid; the next one finds the conflict.
    if (this.#isTaken(identity) && !known) return;
    this.#keep(user, identity);
  }

  async conflict(a: WechatLinkSide<User>, b: WechatLinkSide<User>): Promise<void> {
    const { realm, unionid } = a.identity;
    if (unionid === undefined) return;
    const key = unionidKey(realm, unionid);
    this.#unionids.set(key, WECHAT_UNIONID_DISPUTED);
    this.#conflicts.set(key, [a, b]);
  }

  /**
   * The decision on a conflict: these identities are the user's, and their unionids link again.
   * @example
   * const [[a, b]] = linker.conflicts;
   * linker.settle(b.user!, a.identity, b.identity);
   */
  settle(user: User, ...identities: readonly WechatLinkedIdentity[]): void {
    for (const identity of identities) {
      this.#accounts.set(accountKey(identity), { identity: { ...identity }, user });
      if (identity.unionid === undefined) continue;
      const key = unionidKey(identity.realm, identity.unionid);
      this.#unionids.set(key, user);
      this.#conflicts.delete(key);
    }
  }

  /** Whom the unionid leads a new identity to: nobody where the app has another openid of it. */
  #free(identity: WechatLinkedIdentity): User | undefined {
    if (identity.unionid === undefined || this.#isTaken(identity)) return undefined;
    const holder = this.#unionids.get(unionidKey(identity.realm, identity.unionid));
    return holder === WECHAT_UNIONID_DISPUTED ? undefined : holder;
  }

  #keep(user: User, identity: WechatLinkedIdentity): void {
    const key = accountKey(identity);
    const before = this.#accounts.get(key)?.identity;
    if (!before && this.#accounts.size >= this.#max)
      throw new Error(`InMemoryIdentityLinker keeps ${this.#max} identities. Raise max, or use a database.`);
    const { appId, openid, realm } = identity;
    const known = before?.realm === realm ? before.unionid : undefined;
    const unionid = this.#isTaken(identity) ? known : (identity.unionid ?? known);
    this.#accounts.set(key, {
      identity: { appId, openid, ...(unionid === undefined ? {} : { unionid }), realm },
      user,
    });
    if (unionid === undefined || unionid === known) return;
    // One that replaces another links nothing, and what it replaced links through others alone.
    if (known !== undefined) this.#forget(user, realm, known);
    else if (!this.#unionids.has(unionidKey(realm, unionid)))
      this.#unionids.set(unionidKey(realm, unionid), user);
  }

  #forget(user: User, realm: string, unionid: string): void {
    const has = [...this.#accounts.values()].some(
      (one) => one.user === user && one.identity.realm === realm && one.identity.unionid === unionid,
    );
    const key = unionidKey(realm, unionid);
    if (!has && this.#unionids.get(key) === user) this.#unionids.delete(key);
  }

  #isTaken({ appId, openid, unionid, realm }: WechatLinkedIdentity): boolean {
    if (unionid === undefined) return false;
    return [...this.#accounts.values()].some(
      ({ identity }) =>
        identity.appId === appId &&
        identity.openid !== openid &&
        identity.realm === realm &&
        identity.unionid === unionid,
    );
  }
}

function accountKey({ appId, openid }: WechatLinkedIdentity): string {
  return JSON.stringify([appId, openid]);
}

function unionidKey(realm: string, unionid: string): string {
  return JSON.stringify([realm, unionid]);
}
