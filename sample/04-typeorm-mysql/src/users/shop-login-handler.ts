// Takes part in every login: links the WeChat identity to a user of the shop, whose id then stands
// in the session.
import { Injectable } from '@nestjs/common';
import { type WechatLogin, type WechatLoginDecision, WechatLoginHandler } from 'nestjs-wechat-oauth';
import { UsersService } from './users.service.js';

declare module 'nestjs-wechat-oauth' {
  /** Types `claims` everywhere: here, in `@WechatUser()`, in `issue` and `update`. */
  interface WechatClaims {
    userId?: number;
  }
}

@Injectable()
export class ShopLoginHandler extends WechatLoginHandler {
  constructor(private readonly users: UsersService) {
    super();
  }

  override async onLogin({ identity }: WechatLogin): Promise<WechatLoginDecision> {
    return { claims: { userId: await this.users.link(identity) } };
  }
}
