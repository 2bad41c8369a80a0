// Takes part in every login: the linker has found the user, or this makes one, whose id then stands
// in the session.
import { Injectable } from '@nestjs/common';
import { type WechatLogin, type WechatLoginDecision, WechatLoginHandler } from 'nestjs-wechat-oauth';
import { ShopLinker } from './shop-linker.js';
import type { User } from './user.entity.js';
import { UsersService } from './users.service.js';

declare module 'nestjs-wechat-oauth' {
  /** Types `claims` everywhere: here, in `@WechatUser()`, in `issue` and `update`. */
  interface WechatClaims {
    userId?: number;
  }
}

@Injectable()
export class ShopLoginHandler extends WechatLoginHandler<User> {
  constructor(
    private readonly linker: ShopLinker,
    private readonly users: UsersService,
  ) {
    super();
  }

  override async onLogin({ identity, link, user }: WechatLogin<User>): Promise<WechatLoginDecision> {
    // No link: a visitor of a snapshot page, of whom no account may come.
    if (!link) return { refuse: { code: 'NOT_A_PERSON' } };
    const { id, banned } = user ?? (await this.linker.findOrCreate(link));
    if (banned) return { refuse: { code: 'BANNED', message: '账号已停用 · This account is closed.' } };
    if (identity.nickname !== undefined) await this.users.setNickname(id, identity.nickname);
    return { claims: { userId: id } };
  }
}
