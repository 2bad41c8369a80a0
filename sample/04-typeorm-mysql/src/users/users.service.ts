// The shop's users.
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { User } from './user.entity.js';
import { WechatAccount } from './wechat-account.entity.js';

@Injectable()
export class UsersService {
  constructor(private readonly database: DataSource) {}

  async find(id: number): Promise<{ user: User; accounts: WechatAccount[] }> {
    const { manager } = this.database;
    const user = await manager.findOneByOrFail(User, { id });
    return { user, accounts: await manager.findBy(WechatAccount, { userId: id }) };
  }

  async setNickname(id: number, nickname: string): Promise<void> {
    await this.database.manager.update(User, id, { nickname });
  }

  async ban(id: number): Promise<User> {
    await this.database.manager.update(User, id, { banned: true });
    return this.database.manager.findOneByOrFail(User, { id });
  }
}
