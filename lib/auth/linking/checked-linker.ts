// The application's linker, believed only as far as it can be checked: a collation that ignores
// case would sign people in as somebody else.
import { LinkerMistaken, LinkerThrew } from '../problems/login-error.js';
import {
  WECHAT_UNIONID_DISPUTED,
  type WechatIdentityLinker,
  type WechatLinkedIdentity,
  type WechatLinkSide,
} from './identity-linker.js';

/** A user of the application's, and all identities that are theirs. */
export interface KnownUser {
  readonly user: unknown;
  readonly identities: readonly WechatLinkedIdentity[];
}

/** Somebody who was found by an openid, and what is on record of that one. */
export interface FoundUser extends KnownUser {
  readonly own: WechatLinkedIdentity;
}

/** `disputed`: somebody may have it, and it links nobody. */
export type Holder = KnownUser | 'disputed' | undefined;

/** Asks the application's linker for one login, and looks at every answer. */
export class CheckedLinker {
  private isOver = false;
  private linker!: WechatIdentityLinker;

  /** @param resolve finds the linker; null where the application has none */
  constructor(private readonly resolve: () => Promise<WechatIdentityLinker | null>) {}

  /** Asked first: what makes a linker may fail or hang as a linker does. */
  async isThere(): Promise<boolean> {
    const linker = await this.ask(this.resolve);
    if (linker) this.linker = linker;
    return linker !== null;
  }

  /** From now on nothing is asked any more: nobody waits for the answer. */
  stop(): void {
    this.isOver = true;
  }

  /** @throws LinkerMistaken for a user who does not have this identity: nobody is signed in then */
  async find(identity: WechatLinkedIdentity): Promise<FoundUser | undefined> {
    const user = await this.ask(() => this.linker.find(identity));
    if (isNobody(user)) return undefined;
    const identities = await this.identitiesOf(user);
    const own = identities.find((one) => isSame(one, identity));
    if (!own) throw new LinkerMistaken('find', 'gave a user whose identitiesOf does not hold that identity');
    return { user, identities, own };
  }

  /** Where no identity of the user vouches for the unionid, it counts as disputed. */
  async holderOf(unionid: string, identity: WechatLinkedIdentity): Promise<Holder> {
    const user = await this.ask(() => this.linker.findByUnionid(unionid, identity));
    if (isNobody(user)) return undefined;
    if (user === WECHAT_UNIONID_DISPUTED) return 'disputed';
    const identities = await this.identitiesOf(user);
    return identities.some((one) => hasUnionid(one, identity)) ? { user, identities } : 'disputed';
  }

  async identitiesOf(user: unknown): Promise<WechatLinkedIdentity[]> {
    const list: unknown = await this.ask(() => this.linker.identitiesOf(user));
    if (!Array.isArray(list) || !list.every(isIdentity))
      throw new LinkerMistaken('identitiesOf', 'gave no list of { appId, openid, unionid?, realm }');
    return list;
  }

  async link(user: unknown, identity: WechatLinkedIdentity): Promise<void> {
    await this.ask(() => this.linker.link(user, identity));
  }

  async conflict(a: WechatLinkSide, b: WechatLinkSide): Promise<void> {
    await this.ask(() => this.linker.conflict(a, b));
  }

  private async ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.isOver) throw new LinkerThrew('after its time was over');
    try {
      return await question();
    } catch (error) {
      // Only the class: what the message of a database holds nobody knows.
      throw new LinkerThrew(error instanceof Error ? error.constructor.name : typeof error);
    }
  }
}

/** The same person at the same app. */
export function isSame(one: WechatLinkedIdentity, other: WechatLinkedIdentity): boolean {
  return one.appId === other.appId && one.openid === other.openid;
}

/** Whether one has the other's unionid, in the other's realm. */
export function hasUnionid(one: WechatLinkedIdentity, other: WechatLinkedIdentity): boolean {
  return other.unionid !== undefined && one.unionid === other.unionid && one.realm === other.realm;
}

/** Databases say null. */
function isNobody(user: unknown): user is null | undefined {
  return user === undefined || user === null;
}

function isIdentity(value: unknown): value is WechatLinkedIdentity {
  const { appId, openid, unionid, realm } = (value ?? {}) as Record<string, unknown>;
  const isText = (text: unknown) => typeof text === 'string' && text !== '';
  return [appId, openid, realm].every(isText) && (isNobody(unionid) || isText(unionid));
}
