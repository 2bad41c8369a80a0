// The home page: open to everybody, and glad to see who is signed in.
import { Controller, Get, Header, Req, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from 'nestjs-wechat-oauth';
import { deviceOf } from './device.js';
import { Pages } from './pages.js';

@Controller()
@UseGuards(WechatAuthGuard)
export class HomeController {
  constructor(private readonly pages: Pages) {}

  @Get()
  @WechatAuth({ mode: 'optional' })
  @Header('Cache-Control', 'no-store')
  home(@Req() request: object, @WechatUser() user?: WechatIdentity): string {
    return this.pages.home(deviceOf(request), user);
  }
}
