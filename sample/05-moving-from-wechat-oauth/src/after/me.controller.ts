// What `/login` and `/callback` of before.cjs came to: a guard, a scope, and the person as a
// parameter.
import { Controller, Get, UseFilters, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthGuard,
  WechatExceptionFilter,
  type WechatIdentity,
  WechatOAuthService,
  WechatUser,
} from 'nestjs-wechat-oauth';

@Controller('me')
@UseGuards(WechatAuthGuard)
@UseFilters(WechatExceptionFilter)
@WechatAuth({ scope: 'snsapi_userinfo' })
export class MeController {
  constructor(private readonly wechat: WechatOAuthService) {}

  @Get()
  me(@WechatUser() user: WechatIdentity) {
    return user;
  }

  /** With the token in the table, as `client.getUser(openid)` did. */
  @Get('profile')
  profile(@WechatUser('openid') openid: string) {
    return this.wechat.getUser(openid);
  }
}
