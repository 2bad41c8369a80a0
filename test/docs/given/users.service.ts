// What the pages take for granted: a user table.
import { Injectable } from '@nestjs/common';
import type { WechatIdentity } from 'nestjs-wechat-oauth';

export interface User {
  id: string;
  banned: boolean;
  phone?: string;
  roles: string[];
}

@Injectable()
export class UsersService {
  private readonly users = new Map<string, User>();

  async upsertByWechat({ openid }: WechatIdentity): Promise<User> {
    const user = this.users.get(openid) ?? { id: openid, banned: false, roles: [] };
    this.users.set(openid, user);
    return user;
  }

  async find(id: string): Promise<User | undefined> {
    return this.users.get(id);
  }

  async ban(id: string): Promise<void> {
    const user = await this.find(id);
    if (user) user.banned = true;
  }

  async wechatIdentities(id: string): Promise<{ app: string; openid: string }[]> {
    return [{ app: 'default', openid: id }];
  }

  async setPhone(id: string, phone: string): Promise<void> {
    const user = await this.find(id);
    if (user) user.phone = phone;
  }
}
