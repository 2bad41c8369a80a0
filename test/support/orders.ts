// The guarded routes that most applications of the tests have.
import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from '../../lib/index.js';

@Controller('orders')
@UseGuards(WechatAuthGuard)
export class OrdersController {
  @Get()
  list(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @Get('mine')
  mine(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @Post()
  @HttpCode(201)
  place(@WechatUser('openid') openid: string, @Body() body: unknown) {
    return { openid, body };
  }
}
