// Pages for people who are signed in. The guard signs them in; there is nothing else to write.
import { Controller, Get, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from 'nestjs-wechat-oauth';
import { Pages } from './shop/pages.js';

@Controller('account')
@UseGuards(WechatAuthGuard)
export class AccountController {
  constructor(private readonly pages: Pages) {}

  @Get()
  account(@WechatUser() user: WechatIdentity) {
    return this.pages.account(user);
  }

  @Get('profile')
  @WechatAuth({ scope: 'snsapi_userinfo' })
  profile(@WechatUser() user: WechatIdentity) {
    return this.pages.profile(user);
  }

  @Get('points')
  points(@WechatUser('openid') openid: string) {
    return { openid, points: 88 };
  }
}
