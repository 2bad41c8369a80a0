// Finds or makes the person behind a WeChat identity.
import { Injectable } from '@nestjs/common';
import type { WechatIdentity } from 'nestjs-wechat-oauth';
import { DataSource, type EntityManager } from 'typeorm';
import { User } from './user.entity.js';
import { WechatAccount } from './wechat-account.entity.js';

/** Waits for whoever is at the row, and reads what they left. */
const lock = { mode: 'pessimistic_write' } as const;

@Injectable()
export class UsersService {
  constructor(private readonly database: DataSource) {}

  /**
   * Whose account this is. May run twice for one login, and at the same time on another machine.
   */
  async link({ appId, openid, unionid, nickname }: WechatIdentity): Promise<number> {
    return this.database.transaction(async (db) => {
      // First the row, then its lock: of two logins at once the second waits here.
      await db.upsert(WechatAccount, { appId, openid, lastLoginAt: new Date() }, ['appId', 'openid']);
      const account = await db.findOneOrFail(WechatAccount, { where: { appId, openid }, lock });
      const userId = account.userId ?? (await this.personOf(db, unionid));
      await db.update(WechatAccount, { appId, openid }, { userId });
      if (nickname !== undefined) await db.update(User, userId, { nickname });
      // It may be missing today and there tomorrow. If somebody else has it, two people turned out
      // to be one: merging them, orders and all, is a decision of the shop's and not made here.
      if (unionid !== undefined) {
        await db.query('UPDATE IGNORE users SET unionid = ? WHERE id = ? AND unionid IS NULL', [
          unionid,
          userId,
        ]);
      }
      return userId;
    });
  }

  async find(id: number): Promise<{ user: User; accounts: WechatAccount[] }> {
    const { manager } = this.database;
    const user = await manager.findOneByOrFail(User, { id });
    return { user, accounts: await manager.findBy(WechatAccount, { userId: id }) };
  }

  /**
   * The identity is (appId, openid). The unionid only links a new account to a person who is known
   * from another app.
   */
  private async personOf(db: EntityManager, unionid: string | undefined): Promise<number> {
    if (unionid === undefined) return (await db.insert(User, {})).identifiers[0]!['id'] as number;
    await db.query('INSERT INTO users (unionid) VALUES (?) ON DUPLICATE KEY UPDATE id = id', [unionid]);
    return (await db.findOneOrFail(User, { where: { unionid }, lock })).id;
  }
}
