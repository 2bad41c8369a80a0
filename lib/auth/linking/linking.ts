// Which user of the application's a login belongs to. The openid decides, always; a unionid only
// links, and only where nothing speaks against it.
import { defined } from '../../common/defined.js';
import type { ModuleRef } from '@nestjs/core';
import { resolveFor } from '../../common/for-request.js';
import { inTime, type Runtime, TOO_LATE } from '../../common/runtime.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { WechatConfig } from '../../config/wechat-config.js';
import type { WechatClientKind } from '../../model/client-kind.js';
import type { WechatIdentity } from '../../model/identity.js';
import { WECHAT_IDENTITY_LINKER } from '../../wechat-oauth.constants.js';
import { LinkerMistaken, LinkerTooLate } from '../problems/login-error.js';
import { CheckedLinker, type FoundUser, hasUnionid, isSame, type KnownUser } from './checked-linker.js';
import type { WechatIdentityLinker, WechatLinkedIdentity, WechatLinkSide } from './identity-linker.js';

/** How long all that a linker does for one login is waited for. */
export const LINKER_MS = 5_000;

/** What is known of a login before the login handler is asked. */
export interface LinkedLogin {
  /** Undefined where nobody has this identity. */
  user?: unknown;
  /** What an account is made with: without a unionid that may not link. */
  link: WechatLinkedIdentity;
}

/** Who is signing in, and from what. */
interface Comer {
  readonly identity: WechatLinkedIdentity & { readonly unionid: string };
  /** Name of the app in the module's options. */
  readonly app: string;
  readonly client: WechatClientKind;
}

/** Finds the user behind a login, and links what belongs together. */
export class Linking {
  constructor(
    private readonly config: Pick<WechatConfig, 'apps'>,
    private readonly moduleRef: ModuleRef,
    private readonly events: WechatEvents,
    private readonly runtime: Pick<Runtime, 'sleep'>,
  ) {}

  /**
   * Undefined without a linker, and for visitors of snapshot pages: their ids are made up, and some
   * belong to other people.
   * @throws LoginError where the linker throws, gives what cannot be, or takes too long
   */
  async of(
    identity: WechatIdentity,
    client: WechatClientKind,
    request?: unknown,
  ): Promise<LinkedLogin | undefined> {
    if (identity.isSnapshotUser) return undefined;
    const facts = { app: identity.app, client };
    return this.ask((linker) => this.find(linker, this.linkOf(identity), facts), request);
  }

  /**
   * What `work` comes to; undefined where the application has no linker.
   * @throws LinkerTooLate after 5 s; then nothing more is asked or written
   */
  async ask<T>(work: (linker: CheckedLinker) => Promise<T>, request?: unknown): Promise<T | undefined> {
    const linker = new CheckedLinker(() =>
      resolveFor<WechatIdentityLinker | null>(this.moduleRef, WECHAT_IDENTITY_LINKER, request),
    );
    const asked = linker.isThere().then((isThere) => (isThere ? work(linker) : undefined));
    const found = await inTime(this.runtime, asked, LINKER_MS);
    if (found !== TOO_LATE) return found;
    linker.stop();
    throw new LinkerTooLate(LINKER_MS);
  }

  private linkOf({ app, appId, openid, unionid }: WechatIdentity): WechatLinkedIdentity {
    return defined({ appId, openid, unionid, realm: this.config.apps.get(app)!.unionRealm });
  }

  private async find(
    linker: CheckedLinker,
    given: WechatLinkedIdentity,
    facts: Pick<Comer, 'app' | 'client'>,
  ): Promise<LinkedLogin> {
    const known = await linker.find(given);
    const { unionid } = given;
    if (unionid === undefined) return { user: known?.user, link: given };
    const comer = { identity: { ...given, unionid }, ...facts };
    return known ? this.learn(linker, comer, known) : this.join(linker, comer);
  }

  /** Nobody has this openid. Whoever has the unionid may be the same person. */
  private async join(linker: CheckedLinker, comer: Comer): Promise<LinkedLogin> {
    const { identity } = comer;
    const holder = await linker.holderOf(identity.unionid, identity);
    if (!holder) return { link: identity };
    if (holder === 'disputed') return { link: withoutUnionid(identity) };
    // At one app a unionid has one openid: of two, one is made up, and nobody knows which.
    const rival = rivalOf(identity, holder);
    if (rival) return this.dispute(linker, comer, { identity }, { user: holder.user, identity: rival });
    await linker.link(holder.user, identity);
    // Read again and not taken over: the openid decides, also where another process linked it
    // meanwhile, and a ban that was written before the link is seen.
    const now = await linker.find(identity);
    if (!now) throw new LinkerMistaken('link', 'kept nothing of the identity');
    this.tell('identity.linked', comer);
    return { user: now.user, link: identity };
  }

  /** The account is known by its openid. What is its unionid good for? */
  private async learn(linker: CheckedLinker, comer: Comer, known: FoundUser): Promise<LinkedLogin> {
    const { identity } = comer;
    const { user, own } = known;
    const recorded = own.realm === identity.realm ? (own.unionid ?? undefined) : undefined;
    // A unionid does not change by itself: a realm that is two, or a visitor who was not named one.
    // It replaces what stood there, and nobody else's account may come near it.
    if (recorded !== undefined && recorded !== identity.unionid) {
      await linker.link(user, identity);
      return { user, link: identity };
    }
    const holder = await linker.holderOf(identity.unionid, identity);
    if (holder === 'disputed') return { user, link: withoutUnionid(identity) };
    const other = holder && otherSide(identity, holder, recorded !== undefined);
    if (other) return this.dispute(linker, comer, { user, identity }, other);
    if (recorded === undefined) {
      await linker.link(user, identity);
      this.tell('identity.linked', comer);
    }
    return { user, link: identity };
  }

  /** What the application wrote down counts, and no more: without that, everything is as it was. */
  private async dispute(
    linker: CheckedLinker,
    comer: Comer,
    a: WechatLinkSide,
    b: WechatLinkSide,
  ): Promise<LinkedLogin> {
    this.tell('identity.conflict', comer);
    await linker.conflict(a, b);
    const now = await linker.find(a.identity);
    const isDecided = now !== undefined && hasUnionid(now.own, a.identity);
    return { user: now?.user, link: isDecided ? a.identity : withoutUnionid(a.identity) };
  }

  private tell(type: 'identity.linked' | 'identity.conflict', { app, client }: Comer): void {
    this.events.emit({ type, app, client });
  }
}

/** Another openid that has the unionid at the same app. */
function rivalOf(
  identity: WechatLinkedIdentity,
  { identities }: KnownUser,
): WechatLinkedIdentity | undefined {
  return identities.find(
    (one) => one.appId === identity.appId && one.openid !== identity.openid && hasUnionid(one, identity),
  );
}

/** @param isDecided whether the application has given this identity the unionid itself */
function otherSide(
  identity: WechatLinkedIdentity,
  holder: KnownUser,
  isDecided: boolean,
): WechatLinkSide | undefined {
  const { user, identities } = holder;
  const rival = rivalOf(identity, holder);
  if (identities.some((one) => isSame(one, identity)))
    return rival && !isDecided ? { user, identity: rival } : undefined;
  return { user, identity: rival ?? identities.find((one) => hasUnionid(one, identity))! };
}

function withoutUnionid(identity: WechatLinkedIdentity): WechatLinkedIdentity {
  const { unionid: _, ...rest } = identity;
  return rest;
}
