// The page that people share: open to everybody, whoever they are.
import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from 'nestjs-wechat-oauth';
import { Pages } from './pages.js';

@Controller('share')
@UseGuards(WechatAuthGuard)
@WechatAuth({ mode: 'optional' })
export class ShareController {
  constructor(private readonly pages: Pages) {}

  /** One page for all teas: a router in it changes the address. */
  @Get(['', ':tea'])
  @Header('Cache-Control', 'no-store')
  share(@WechatUser() user?: WechatIdentity): string {
    return this.pages.share(user);
  }
}
