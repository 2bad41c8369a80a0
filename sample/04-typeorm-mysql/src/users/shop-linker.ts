// Which user of the shop a WeChat identity belongs to: the port of the library, on three tables.
import { Injectable } from '@nestjs/common';
import {
  WECHAT_UNIONID_DISPUTED,
  WechatIdentityLinker,
  type WechatLinkedIdentity,
  type WechatLinkSide,
} from 'nestjs-wechat-oauth';
import { DataSource, type EntityManager } from 'typeorm';
import { User } from './user.entity.js';
import { WechatAccount } from './wechat-account.entity.js';
import { WechatUnionid } from './wechat-unionid.entity.js';

/** Each fails because another login got on. */
const MOST_TRIES = 10;

@Injectable()
export class ShopLinker extends WechatIdentityLinker<User> {
  constructor(private readonly database: DataSource) {
    super();
  }

  override async find({ appId, openid }: WechatLinkedIdentity): Promise<User | null> {
    const account = await this.database.manager.findOneBy(WechatAccount, { appId, openid });
    return account && this.database.manager.findOneBy(User, { id: account.userId });
  }

  override async findByUnionid(unionid: string, { realm }: WechatLinkedIdentity) {
    const holder = await this.database.manager.findOneBy(WechatUnionid, { realm, unionid });
    if (holder?.disputed) return WECHAT_UNIONID_DISPUTED;
    return holder && this.database.manager.findOneBy(User, { id: holder.userId });
  }

  override async identitiesOf({ id }: User): Promise<WechatLinkedIdentity[]> {
    const accounts = await this.database.manager.findBy(WechatAccount, { userId: id });
    return accounts.map(({ appId, openid, realm, unionid }) => ({
      appId,
      openid,
      realm,
      ...(unionid === null ? {} : { unionid }),
    }));
  }

  override async link(user: User, identity: WechatLinkedIdentity): Promise<void> {
    await this.again(async (db) => {
      const { appId, openid, realm, unionid } = identity;
      const account = await db.findOneBy(WechatAccount, { appId, openid });
      if (account && account.userId !== user.id) return;
      const isTaken = await this.isTaken(db, identity);
      if (!account) {
        // Another login was faster with another openid; the next one finds the conflict.
        if (isTaken) return;
        await db.insert(WechatAccount, { appId, openid, realm, unionid: unionid ?? null, userId: user.id });
        await this.offer(db, identity, user.id);
        return;
      }
      const known = account.realm === realm ? account.unionid : null;
      if (unionid === undefined || unionid === known || isTaken) return;
      await db.update(WechatAccount, { appId, openid }, { realm, unionid });
      // One that replaces another links nothing, and what it replaced links through others alone.
      if (known === null) await this.offer(db, identity, user.id);
      else if (!(await db.existsBy(WechatAccount, { userId: user.id, realm, unionid: known })))
        await db.delete(WechatUnionid, { realm, unionid: known, userId: user.id, disputed: false });
    });
  }

  /**
   * Orders and points of two users are not made one by a login. The back office finds the row by
   * `disputed`, moves the accounts or does not, and takes the mark away.
   */
  override async conflict(a: WechatLinkSide<User>, b: WechatLinkSide<User>): Promise<void> {
    const { realm, unionid } = a.identity;
    const userId = (b.user ?? a.user)!.id;
    const row = { realm, unionid: unionid!, userId, disputed: true };
    await this.database.manager.upsert(WechatUnionid, row, ['realm', 'unionid']);
  }

  /**
   * For a login whose user nobody knows: a new user with this identity, or the one that another
   * login, on this machine or another, has made meanwhile.
   */
  async findOrCreate(identity: WechatLinkedIdentity): Promise<User> {
    return this.again(async (db) => {
      const { appId, openid, realm, unionid } = identity;
      const account = await db.findOneBy(WechatAccount, { appId, openid });
      if (account) return db.findOneByOrFail(User, { id: account.userId });
      const holder = unionid === undefined ? null : await db.findOneBy(WechatUnionid, { realm, unionid });
      const links = unionid !== undefined && !holder?.disputed && !(await this.isTaken(db, identity));
      const user =
        links && holder ? await db.findOneByOrFail(User, { id: holder.userId }) : await db.save(new User());
      const row = { appId, openid, realm, unionid: links ? unionid : null, userId: user.id };
      await db.insert(WechatAccount, row);
      // Not `offer`: where somebody was faster, this user must not stay, and the next try joins.
      if (links && !holder) await db.insert(WechatUnionid, { realm, unionid, userId: user.id });
      return user;
    });
  }

  /** The unionid leads to this user, unless it leads somewhere already. */
  private async offer(db: EntityManager, { realm, unionid }: WechatLinkedIdentity, userId: number) {
    if (unionid === undefined) return;
    await db
      .createQueryBuilder()
      .insert()
      .into(WechatUnionid)
      .values({ realm, unionid, userId })
      .orIgnore()
      .execute();
  }

  /** Whether the app has another openid of this unionid. */
  private async isTaken(db: EntityManager, { appId, openid, unionid }: WechatLinkedIdentity) {
    if (unionid === undefined) return false;
    const account = await db.findOneBy(WechatAccount, { appId, unionid });
    return account !== null && account.openid !== openid;
  }

  /** The unique keys decide. Whoever loses begins again, and finds what the other has written. */
  private async again<T>(work: (db: EntityManager) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.database.transaction(work);
      } catch (error) {
        const { code } = error as { code?: unknown };
        const isLost = code === 'ER_DUP_ENTRY' || code === 'ER_LOCK_DEADLOCK';
        if (!isLost || tries === MOST_TRIES) throw error;
      }
    }
  }
}
